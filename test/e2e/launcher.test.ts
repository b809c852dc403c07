import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { openStore } from "../../src/engine/store/openStore.ts";
import { isDeadOwner } from "../../src/engine/store/owner.ts";
import { answer, buildCli, environment, spec, ticketFolder } from "./support.ts";

/** Loaded first, it makes the launcher take any Node for an older one. */
const pretence = `data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "20.9.0" } })`;
const system = "/usr/bin/node";
const systemVersion = spawnSync(system, ["--version"], { encoding: "utf8" }).stdout ?? "";

interface Launch {
  readonly by: string;
  readonly command: readonly [program: string, ...flags: string[]];
  /** Whether the run is a process of its own, not the launcher's. */
  readonly apart: boolean;
  readonly absent?: boolean;
}

const launches: readonly Launch[] = [
  { by: "the installed Node", command: [process.execPath], apart: false },
  { by: "a Node that passes for an old one", command: [process.execPath, "--import", pretence], apart: true },
  { by: `${system}, an old one`, command: [system], apart: true, absent: !/^v(1\d|20)\./.test(systemVersion) },
];

describe("the launcher of the built command line", () => {
  let cli = "";
  beforeAll(() => {
    cli = buildCli();
  });

  for (const { by, command, apart, absent } of launches) {
    it.skipIf(absent)(`takes its run along when it is killed, started by ${by}`, { timeout: 60_000 }, async () => {
      const { simulator, folder, launcher } = await launch(cli, command, 200);
      while (simulator.stats().requests < 20) await sleep(5);
      const owner = await ownerOf(path.join(folder.folder, ".layoutlab", "store.db"));
      const pid = Number(owner.split(":")[1]);
      onTestFinished(() => {
        if (!isDeadOwner(owner)) process.kill(pid, "SIGKILL");
      });
      expect(pid !== launcher.pid).toBe(apart);
      expect(isDeadOwner(owner)).toBe(false);

      launcher.kill("SIGKILL");
      await vi.waitFor(() => expect(isDeadOwner(owner)).toBe(true), { timeout: 15_000 });
      // Not by having come to its end.
      expect(simulator.stats().requests).toBeLessThan(200 * 5);
    });

    // Only a process apart is told of interrupts.
    if (!apart) continue;

    it.skipIf(absent).each([
      ["SIGINT", "to itself alone", false],
      ["SIGTERM", "to itself alone", false],
      ["SIGINT", "as a terminal does, to both", true],
      ["SIGTERM", "as a terminal does, to both", true],
    ] as const)(`counts a %s once that is sent %s, started by ${by}`, { timeout: 60_000 }, async (signal, _, both) => {
      const { simulator, launcher, ended } = await launch(cli, command, 200);
      while (simulator.stats().requests < 20) await sleep(5);
      process.kill((both ? -1 : 1) * (launcher.pid ?? 0), signal);
      const { code, stderr } = await ended;
      expect(code).toBe(130);
      expect(stderr.match(/Stopping: what is in flight finishes/g)).toHaveLength(1);
      // A second one would have given up what was in flight.
      expect(simulator.stats().aborted).toBe(0);
      expect(simulator.stats().requests).toBeLessThan(200 * 5);
    });

    it.skipIf(absent)(`takes a second interrupt for one, started by ${by}`, { timeout: 60_000 }, async () => {
      const { simulator, launcher, ended, printed } = await launch(cli, command, 4_000);
      while (simulator.stats().requests < 3) await sleep(5);
      process.kill(-(launcher.pid ?? 0), "SIGINT");
      await printed(/Ctrl-C again stops at once/);
      const from = performance.now();
      // One more than the terminal's own: from elsewhere, to the launcher alone. Two that come before it hears of the first are one.
      const again = setInterval(() => launcher.kill("SIGINT"), 250);
      onTestFinished(() => clearInterval(again));
      expect((await ended).code).toBe(130);
      expect(performance.now() - from).toBeLessThan(3_000);
    });
  }
});

/** Runs the tickets by way of the launcher, in a process group of its own as a terminal starts it. */
async function launch(cli: string, [program, ...flags]: Launch["command"], ms: number) {
  const simulator = await startSimulator({ models: "*", answer, latency: { first: { kind: "fixed", ms } } });
  onTestFinished(simulator.close);
  const folder = await ticketFolder({ rows: 200, models: ["openai:small"] });
  onTestFinished(folder.close);
  const launcher = spawn(program, [...flags, cli, "run", spec, "-j", "4"], {
    cwd: folder.folder,
    env: { PATH: process.env["PATH"], HOME: folder.folder, ...environment(simulator.url) },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  onTestFinished(() => void launcher.kill("SIGKILL"));
  let stderr = "";
  let look = () => {};
  launcher.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    look();
  });
  const ended = new Promise<{ readonly code: number | null; readonly stderr: string }>((resolve) => {
    launcher.on("close", (code) => resolve({ code, stderr }));
  });
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      look = () => pattern.test(stderr) && resolve();
      look();
    });
  return { simulator, folder, launcher, ended, printed };
}

/** Who works on the store's only run. */
async function ownerOf(file: string): Promise<string> {
  const store = await openStore(file, { clock: systemClock });
  try {
    const [run] = await store.runs.list();
    return run?.owner ?? "";
  } finally {
    await store.close();
  }
}
