import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Simulator } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import type { ProcessFolder } from "../support/process.ts";
import { answer, environment, spec, summaryOf, ticketFolder } from "./support.ts";

const rows = 60;
const requests = rows * 5;

let simulator: Simulator;
let folder: ProcessFolder;

beforeEach(async () => {
  simulator = await startSimulator({ models: "*", answer, latency: { first: { kind: "fixed", ms: 40 } } });
  folder = await ticketFolder({ rows, models: ["openai:small"] });
});
afterEach(async () => {
  await folder.close();
  await simulator.close();
});

const start = () => folder.start(["run", spec, "-j", "4", "--json"], environment(simulator.url));

async function atRequest(count: number): Promise<void> {
  while (simulator.stats().requests < count) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  it("once: what is in flight finishes and is saved, the rest waits for --resume", async () => {
    const running = start();
    await atRequest(20);
    running.child.kill(signal);
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain("Stopping: what is in flight finishes and is saved.");
    const first = summaryOf(ended);
    expect(first).toMatchObject({ status: "interrupted", stopped: { kind: "interrupted" } });
    const before = simulator.stats();
    expect(before.aborted).toBe(0);
    expect(first.requests.succeeded).toBe(before.answered);
    expect(before.answered).toBeLessThan(requests);
    const resumed = summaryOf(await folder.run(["run", "--resume", "-j", "16", "--json"], environment(simulator.url)));
    expect(resumed).toMatchObject({ run: first.run, status: "finished", requests: { sent: requests } });
    expect(simulator.stats().answered).toBe(requests);
    expect(Object.values(simulator.stats().answeredBodies).every((count) => count === 1)).toBe(true);
  });

  it("twice: at once, and still nothing finished is lost", async () => {
    await simulator.close();
    simulator = await startSimulator({ models: "*", answer, latency: { first: { kind: "fixed", ms: 600_000 } } });
    const running = start();
    await atRequest(3);
    running.child.kill(signal);
    await running.printed(/Ctrl-C again stops at once/);
    running.child.kill(signal);
    // Well before any answer could come.
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(summaryOf(ended).requests).toMatchObject({ succeeded: 0, failed: 0 });
    const { byStatus } = JSON.parse((await folder.run(["requests", "stats", "--json"])).stdout);
    expect(byStatus).toMatchObject({ processing: 0, completed: 0, failed: 0 });
  });
});

it("leaves the machine when its reader does", async () => {
  const running = folder.start(["run", spec, "--help"]);
  running.child.stdout?.destroy();
  expect((await running.ended).stderr).toBe("");
});

it("ends when the server cannot listen", async () => {
  const { port } = simulator;
  const ended = await folder.run(["serve", "--port", String(port), "--model", "builtin:reader"]);
  expect(ended).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining(`port ${port} is in use: name another port`),
  });
});

it("ends the simulator on Ctrl-C", async () => {
  const running = folder.start(["simulate", "--json", "--models", "*"]);
  await running.printed(/"url"/);
  running.child.kill("SIGINT");
  const ended = await running.ended;
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ schema: "layoutlab/simulate@1", pid: running.child.pid });
});
