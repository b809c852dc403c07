import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab;
let engine: Engine;

afterEach(() => lab.close());

/** A full run of 20 rows under two layouts, all of it stored. */
async function ran(options: Parameters<typeof openSimulatedLab>[0] = { rows: 20 }): Promise<void> {
  lab = await openSimulatedLab(options);
  engine = await lab.openEngine();
  await runLab(engine, lab, { sampling: "full" });
}

/** Changes one of the lab's files. */
async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, "utf8");
  expect(text).toContain(from);
  await lab.write(path.basename(file), text.replace(from, to));
}

const look = () => engine.cacheCoverage({ file: lab.file });

/** What a full run sends, counted at the server. */
async function sentByFullRun(): Promise<number> {
  const before = lab.simulator.stats().requests;
  const { summary } = await runLab(engine, lab, { sampling: "full" });
  const sent = lab.simulator.stats().requests - before;
  expect(summary.requests.sent).toBe(sent);
  return sent;
}

describe("what an edit leaves valid", () => {
  it("is everything where nothing was edited, and nothing before the first run", async () => {
    lab = await openSimulatedLab({ rows: 20 });
    engine = await lab.openEngine();
    expect(await look()).toMatchObject({ answers: 40, cached: 0, last: undefined, sampled: false, packed: [] });
    await runLab(engine, lab, { sampling: "full" });
    expect(await look()).toMatchObject({
      answers: 40,
      cached: 40,
      last: { answers: 40, valid: 40, stale: 0, changed: [] },
    });
    expect(await sentByFullRun()).toBe(0);
  });

  it("is looked for in what a run asks for first, however many rows there are beside", async () => {
    lab = await openSimulatedLab({ rows: 25_000, more: "sampling: { mode: fixed, max: 10, initial: 5 }\n" });
    engine = await lab.openEngine();
    await runLab(engine, lab);
    expect(await look()).toMatchObject({
      answers: 20,
      cached: 20,
      sampled: false,
      last: { answers: 20, valid: 20, stale: 0 },
    });
  });

  it("is every other row's answers when one row is edited: only that row is asked again", async () => {
    await ran();
    await edit(path.join(lab.folder, "data.csv"), "item number 7,", "item number 7 again,");
    expect(await look()).toMatchObject({
      answers: 40,
      cached: 38,
      last: { answers: 40, valid: 38, stale: 2, changed: ["segment"] },
    });
    expect(await sentByFullRun()).toBe(2);
  });

  it("is nothing when a part of every prompt is edited", async () => {
    await ran();
    await edit(lab.file, "Name the colour.", "Name the one colour.");
    expect(await look()).toMatchObject({
      cached: 0,
      last: { answers: 40, valid: 0, stale: 40, changed: ["instructions"] },
    });
    const { notes, cachedCalls } = await engine.estimate({ file: lab.file });
    expect(cachedCalls).toBe(0);
    expect(notes).toContain(
      "0 of 40 answers of the last run are still valid; what changed (instructions) makes 40 stale.",
    );
    expect(await sentByFullRun()).toBe(40);
  });

  it("is the other layouts' answers when a part is edited that only one layout uses", async () => {
    await ran();
    await edit(lab.file, "One colour.", "One colour, please.");
    const { last, variants } = await look();
    expect(last).toMatchObject({ valid: 20, stale: 20, changed: ["quickCheck"] });
    expect(variants.map(({ id, cached, stale }) => [id, cached, stale])).toEqual([
      ["standard/openai:a", 20, 0],
      ["sandwich/openai:a", 0, 20],
    ]);
    expect(await sentByFullRun()).toBe(20);
  });

  it("says what is sent beside the prompt when that is what changed", async () => {
    await ran();
    await lab.write("lab.layout.yaml", `${await readFile(lab.file, "utf8")}parameters: { temperature: 0.5 }\n`);
    expect(await look()).toMatchObject({ cached: 0, last: { stale: 40, changed: ["parameters, schema or tools"] } });
  });

  it("counts a new layout as never asked, and one that is gone not at all", async () => {
    await ran();
    await edit(lab.file, "[standard, sandwich]", "[standard, recency]");
    const { answers, cached, last } = await look();
    expect({ answers, cached, last }).toMatchObject({
      answers: 40,
      cached: 20,
      last: { answers: 20, valid: 20, stale: 0 },
    });
    expect(await sentByFullRun()).toBe(20);
  });

  it("asks only for rows that were added, and says which stored ones are of rows that went", async () => {
    await ran();
    await edit(
      path.join(lab.folder, "data.csv"),
      "r19,item number 19,green\n",
      "r20,item number 20,blue\nr21,item number 21,red\n",
    );
    expect(await look()).toMatchObject({
      answers: 42,
      cached: 38,
      last: { valid: 38, stale: 2, changed: ["rows that are gone"] },
    });
    expect(await sentByFullRun()).toBe(4);
  });

  it("holds nothing for an experiment that does not read its cache", async () => {
    await ran();
    await lab.write("lab.layout.yaml", `${await readFile(lab.file, "utf8")}cache: { mode: 'off' }\n`);
    expect(await look()).toMatchObject({ answers: 40, cached: 0, reads: false, last: { valid: 40, stale: 0 } });
  });

  it("leaves out requests that examples share, and says so", async () => {
    await ran({ rows: 20, more: "packing: { segmentsPerRequest: 5 }\n" });
    expect(await look()).toMatchObject({
      answers: 0,
      cached: 0,
      last: undefined,
      packed: ["standard/openai:a", "sandwich/openai:a"],
    });
  });
});
