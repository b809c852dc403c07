import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import type { Answer, Simulator } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import type { ProcessFolder } from "../support/process.ts";
import { answer, environment, finalTable, killing, spec, summaryOf, ticketFolder } from "./support.ts";

const rows = 16;
const conversations = 5;
const turns = rows * conversations;
const flags = ["--quiet", "--json"];

let folder: ProcessFolder | undefined;
let simulator: Simulator | undefined;
afterEach(async () => {
  await folder?.close();
  await simulator?.close();
});

async function open(by: Answer) {
  simulator = await startSimulator({ models: "*", answer: by, latency: { first: { kind: "fixed", ms: 20 } } });
  folder = await ticketFolder({ rows, models: ["openai:small"], more: "context: { conversation: rolling }\n" });
  return { simulator, folder, env: environment(simulator.url) };
}

describe("rolling conversations that are killed with -9", () => {
  let expected: RunSummary;
  let bodies: readonly string[];

  beforeAll(async () => {
    const whole = await open(answer);
    expected = summaryOf(await whole.folder.run(["run", spec, ...flags], whole.env));
    bodies = Object.keys(whole.simulator.stats().bodies).sort();
    // A turn tells all turns before it, so each is a body of its own.
    expect(bodies).toHaveLength(turns);
    await whole.folder.close();
    await whole.simulator.close();
  }, 60_000);

  it.each([1, 30, turns])("go on with what was said before, killed at request %d", async (at) => {
    const killer = killing(answer, at);
    const one = await open(killer.answer);
    const running = one.folder.start(["run", spec, ...flags], one.env);
    killer.aim(running.child);
    expect((await running.ended).signal).toBe("SIGKILL");
    const resumed = summaryOf(await one.folder.run(["run", "--resume", ...flags], one.env));
    expect(resumed.status).toBe("finished");
    expect(finalTable(resumed)).toEqual(finalTable(expected));
    const stats = one.simulator.stats();
    expect(Object.keys(stats.bodies).sort()).toEqual(bodies);
    // Each conversation has one turn on its way.
    expect(stats.requests - turns).toBeLessThanOrEqual(conversations);
    expect(Math.max(...Object.values(stats.bodies))).toBeLessThanOrEqual(2);
  });
});
