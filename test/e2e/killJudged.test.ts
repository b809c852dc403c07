import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import type { Answer, Simulator } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { mostLost, type ProcessFolder } from "../support/process.ts";
import { answer, environment, finalTable, killing, spec, summaryOf, ticketFolder } from "./support.ts";

const rows = 60;
const layouts = 5;
const inFlight = 4;
const perCall = 3;
const flags = ["-j", String(inFlight), "--quiet", "--json"];

interface Item {
  readonly id: number;
  readonly input: unknown;
  readonly answer: string;
  readonly reference: string;
}

let folder: ProcessFolder | undefined;
let simulator: Simulator | undefined;
afterEach(async () => {
  await folder?.close();
  await simulator?.close();
});

/** A model and its judge, which goes by equality; `judged` takes every item that the judge was asked about. */
function modelAndJudge(judged: string[]): Answer {
  return (messages, context) => {
    const text = messages.at(-1)?.content ?? "";
    if (context.model !== "judge") return answer(messages, context);
    const items = [...text.matchAll(/^\{"id".*$/gm)].map(([line]) => JSON.parse(line) as Item);
    judged.push(...items.map((item) => JSON.stringify([item.input, item.answer])));
    return JSON.stringify(items.map((item) => ({ id: item.id, score: item.answer === item.reference ? 5 : 2 })));
  };
}

async function open(by: Answer) {
  simulator = await startSimulator({ models: "*", answer: by, latency: { first: { kind: "fixed", ms: 15 } } });
  folder = await ticketFolder({
    rows,
    models: ["openai:small"],
    more: `scoring: [{ type: judge, model: "openai:judge", rubric: Equal is good., scale: 1..5, perCall: ${perCall} }]\n`,
  });
  return { simulator, folder, env: environment(simulator.url) };
}

const judgedTable = (summary: RunSummary) => ({
  ...finalTable(summary),
  judges: summary.judging?.judges.map(({ name, judged, unscored, agreement }) => [name, judged, unscored, agreement]),
});

describe("a run with a judge that is killed with -9", () => {
  const undisturbed: string[] = [];
  let expected: RunSummary;

  beforeAll(async () => {
    const whole = await open(modelAndJudge(undisturbed));
    expected = summaryOf(await whole.folder.run(["run", spec, ...flags], whole.env));
    expect(expected.judging?.judges).toMatchObject([{ judged: rows * layouts, unscored: 0 }]);
    // What several layouts answer alike is judged once.
    expect(new Set(undisturbed).size).toBe(undisturbed.length);
    await whole.folder.close();
    await whole.simulator.close();
  }, 60_000);

  it.each([10, 120, 230])("asks nothing again that was judged, killed at request %d", async (at) => {
    const judged: string[] = [];
    const killer = killing(modelAndJudge(judged), at);
    const one = await open(killer.answer);
    const running = one.folder.start(["run", spec, ...flags], one.env);
    killer.aim(running.child);
    expect((await running.ended).signal).toBe("SIGKILL");
    const resumed = summaryOf(await one.folder.run(["run", "--resume", ...flags], one.env));
    expect(resumed.status).toBe("finished");
    expect(judgedTable(resumed)).toEqual(judgedTable(expected));
    expect(new Set(judged)).toEqual(new Set(undisturbed));
    // What was on its way, or answered and not stored yet, when the process died.
    expect(judged.length - undisturbed.length).toBeLessThanOrEqual(mostLost(inFlight) * perCall);
    const { answeredBodies } = one.simulator.stats();
    expect(Object.values(answeredBodies).filter((count) => count > 1).length).toBeLessThanOrEqual(mostLost(inFlight));
    expect(Math.max(...Object.values(answeredBodies))).toBeLessThanOrEqual(2);
  });
});
