import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/base/clock.ts";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import type { Answer, SimulatorStats } from "../../src/engine/simulator/options.ts";
import { openSimulatedLab, rightLabel, type SimulatedLab } from "./simulatedLab.ts";
import { startNode } from "./startNode.ts";

const cli = path.join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

export interface SharedTable {
  readonly summary: RunSummary;
  readonly stats: SimulatorStats;
  /** Answers the worker brought; undefined when it was killed. */
  readonly worked: number | undefined;
}

/**
 * A run and a worker in processes of their own answer one table of `requests` (an even number) together. With `kill` the
 * worker is killed with -9 when a third has been asked.
 */
export async function shareTable(
  requests: number,
  options: { readonly kill: boolean; readonly inFlight: number },
): Promise<SharedTable> {
  // Nothing is answered between the first requests and the worker's, so that both take part however long a process takes to start.
  const joined = () => lab.simulator.stats().maxInFlight > options.inFlight;
  const answer: Answer = async (messages, context) => {
    while (lab.simulator.stats().requests > 2 * options.inFlight && !joined()) await sleep(5);
    return rightLabel(messages, context);
  };
  const lab: SimulatedLab = await openSimulatedLab(
    { rows: requests / 2, more: "sampling: { mode: full }\ncache: { mode: off }\n" },
    { answer, latency: { first: { kind: "fixed", ms: 2 } } },
    systemClock,
  );
  try {
    const env = { ...process.env, OPENAI_BASE_URL: `${lab.simulator.url}/v1`, OPENAI_API_KEY: "none" };
    const start = (args: readonly string[]) =>
      startNode([cli, ...args, "--json", "--quiet", "--store", lab.store, "-j", String(options.inFlight)], {
        env,
        cwd: lab.folder,
      });
    const run = start(["run", lab.file]);
    const ran = outputOf(run);
    while (lab.simulator.stats().requests < 2 * options.inFlight) await running(run, ran);
    const worker = start(["worker", "--idle", "2"]);
    const worked = outputOf(worker);
    if (options.kill) {
      // Once it holds rows of its own: more are in flight than the run keeps.
      while (!joined() || lab.simulator.stats().requests < requests / 3) await running(run, ran);
      worker.kill("SIGKILL");
    }
    const summary = JSON.parse(await ran) as RunSummary;
    const brought = options.kill ? undefined : (JSON.parse(await worked) as { readonly completed: number }).completed;
    return { summary, stats: lab.simulator.stats(), worked: brought };
  } finally {
    await lab.close();
  }
}

/** Waits a moment for a process that must not end meanwhile. */
async function running(child: ChildProcess, output: Promise<string>): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the run ended too early: ${await output}`);
  await sleep(5);
}

async function outputOf(child: ChildProcess): Promise<string> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr?.on("data", (chunk) => {
    err += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0 && code !== 3 && code !== null) throw new Error(`ended with ${String(code)}: ${err}${out}`);
  return out;
}
