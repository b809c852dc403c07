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

  for (const { by, command, apart, absent } of launches)
    it.skipIf(absent)(`takes its run along when it is killed, started by ${by}`, { timeout: 60_000 }, async () => {
      const simulator = await startSimulator({ models: "*", answer, latency: { first: { kind: "fixed", ms: 100 } } });
      onTestFinished(simulator.close);
      const folder = await ticketFolder({ rows: 200, models: ["openai:small"] });
      onTestFinished(folder.close);
      const [program, ...flags] = command;
      const launcher = spawn(program, [...flags, cli, "run", spec, "-j", "4", "--quiet"], {
        cwd: folder.folder,
        env: { PATH: process.env["PATH"], HOME: folder.folder, ...environment(simulator.url) },
        stdio: "ignore",
      });
      onTestFinished(() => void launcher.kill("SIGKILL"));
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
});

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
