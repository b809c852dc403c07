import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { runReport } from "../../src/cli/render/runReport.ts";
import { decideMatrix, type MatrixOptions } from "../../src/engine/decide/decideMatrix.ts";
import { bernoulli } from "../engine/decide/support.ts";
import {
  decidedMatrix,
  type Latency,
  type Matrix,
  type MatrixLab,
  type MatrixLabOptions,
  openMatrixLab,
  runMatrix,
  storedDecision,
} from "../support/matrixLab.ts";
import { leastCpuMs } from "../support/speed.ts";
import { startNode } from "../support/startNode.ts";

const labs: MatrixLab[] = [];
async function lab(options: MatrixLabOptions): Promise<MatrixLab> {
  const opened = await openMatrixLab(options);
  labs.push(opened);
  return opened;
}
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

/** Some trials cannot be had: every 13th row lacks one of its layouts. */
function withHoles(matrix: Matrix): Matrix {
  return matrix.map((row, i) => (i % 13 === 5 ? row.map((x, v) => (v === i % row.length ? Number.NaN : x)) : row));
}

const clear = bernoulli([0.85, 0.6, 0.7, 0.5], 150, "clear");
const near = bernoulli([0.8, 0.79, 0.78, 0.6], 150, "near");
const tied = bernoulli([0.75], 150, "tied").map(([x = 0]) => [x, x, x]);
const stairs = bernoulli([0.9, 0.86, 0.82, 0.78, 0.74, 0.7], 200, "stairs");

/** The first is much worse than the third, the second as good; the later, the longer. */
const worse = bernoulli([0.6, 0.85, 0.86], 150, "worse");

/** The file's words for sampling, and the module's. */
const cases: readonly (readonly [string, Matrix, string, MatrixOptions])[] = [
  ["a clear winner", clear, "{ equivalence: 0.01 }", { equivalence: 0.01 }],
  ["near ties", near, "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["no margin", near, "{ equivalence: 0 }", { equivalence: 0 }],
  ["all tied", tied, "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["six in steps", stairs, "{ equivalence: 0.01, confidence: 0.9 }", { equivalence: 0.01, confidence: 0.9 }],
  ["all right", tied.map((row) => row.map(() => 1)), "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["all wrong", tied.map((row) => row.map(() => 0)), "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["one row", [[1, 0]], "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["one layout", clear.map((row) => row.slice(0, 1)), "{ equivalence: 0.02 }", { equivalence: 0.02 }],
  ["rows that cannot be had", withHoles(clear), "{ equivalence: 0.01 }", { equivalence: 0.01 }],
  ["population scope", clear, "{ scope: population, equivalence: 0.01 }", { scope: "population", equivalence: 0.01 }],
  ["strict", clear, "{ strict: true, equivalence: 0.02 }", { strict: true, equivalence: 0.02 }],
  [
    "stopping when equivalent",
    tied,
    "{ stopWhenEquivalent: true, equivalence: 0.05 }",
    { stopWhenEquivalent: true, equivalence: 0.05 },
  ],
  ["most rows", near, "{ max: 60, equivalence: 0.01 }", { maxRows: 60, equivalence: 0.01 }],
  ["another seed", clear, "{ seed: 77, equivalence: 0.01 }", { seed: 77, equivalence: 0.01 }],
  [
    "cheaper than the baseline",
    worse,
    "{ objective: cheaper, baseline: c, equivalence: 0.02 }",
    { objective: "cheaper", baseline: "c", equivalence: 0.02 },
  ],
  [
    "cheaper than the baseline, on future rows",
    worse,
    "{ objective: cheaper, baseline: c, equivalence: 0.05, scope: population }",
    { objective: "cheaper", baseline: "c", equivalence: 0.05, scope: "population" },
  ],
  ["full", near, "{ mode: full, equivalence: 0.02 }", { mode: "full", equivalence: 0.02 }],
  ["full with holes", withHoles(clear), "{ mode: full, equivalence: 0.02 }", { mode: "full", equivalence: 0.02 }],
  ["fixed", near, "{ mode: fixed, max: 100 }", { mode: "fixed", max: 100, equivalence: 0.02 }],
  ["doubling", near, "{ mode: doubling, initial: 25 }", { mode: "doubling", initial: 25, equivalence: 0.02 }],
  ["halving", stairs, "{ mode: halving, budget: 300 }", { mode: "halving", budget: 300, equivalence: 0.02 }],
  ["bandit", stairs, "{ mode: bandit, budget: 400 }", { mode: "bandit", budget: 400, equivalence: 0.02 }],
];

const latencies: readonly (readonly [number, Latency])[] = [
  [1, "atOnce"],
  [8, "wrongLast"],
  [64, "random"],
];

describe("a run decides what the module decides on the same scores", () => {
  it.each(cases)("%s, whatever the concurrency and the order of answers", async (_name, matrix, sampling, options) => {
    for (const [concurrency, latency] of latencies) {
      const opened = await lab({ matrix, sampling });
      const engine = await opened.open(latency);
      const { summary, decided } = await runMatrix(engine, opened, { concurrency });
      expect(summary.status).toBe("finished");
      expect(decided).toEqual(decidedMatrix(opened.table, options, summary));
    }
  });
});

describe("scores between 0 and 1", () => {
  it("are decided like others", async () => {
    const matrix = bernoulli([0.8, 0.5, 0.6], 200, "partial").map((row, i) => row.map((x) => x / 2 + (i % 5) / 10));
    for (const [sampling, options] of [
      ["{ equivalence: 0.01 }", { equivalence: 0.01 }],
      ["{ mode: full, equivalence: 0.02 }", { mode: "full", equivalence: 0.02 }],
    ] as const) {
      const opened = await lab({ matrix, sampling, models: ["replay:scores.jsonl"] });
      const engine = await opened.open();
      const { summary, decided } = await runMatrix(engine, opened);
      expect(decided).toEqual(decidedMatrix(opened.table, options, summary));
      expect(summary.verdict).toMatchObject({ kind: "winner", winner: "a/replay:scores.jsonl" });
    }
  });
});

describe("a run that was cut off", () => {
  const options = { equivalence: 0.01 };
  const sampling = "{ equivalence: 0.01 }";

  it("goes on after a stop as if nothing had happened", async () => {
    const opened = await lab({ matrix: near, sampling });
    const engine = await opened.open("wrongLast");
    const { run } = await engine.start({ file: opened.file, options: { concurrency: 8 } });
    for (const now of [true, false, true]) {
      const before = opened.asked.length;
      while (opened.asked.length < before + 60) await new Promise((resolve) => setTimeout(resolve, 1));
      await engine.stop({ run, now });
      expect((await engine.finished(run)).status).toBe("interrupted");
      await engine.resume({ run });
    }
    await engine.finished(run);
    const { summary, decided } = await storedDecision(engine, run);
    expect(decided).toEqual(decidedMatrix(opened.table, options, summary));
  });

  it.each([[3], [90], [250]])("goes on after kill -9 at call %d", async (calls) => {
    const opened = await lab({ matrix: near, sampling });
    const script = fileURLToPath(new URL("../support/killedRun.ts", import.meta.url));
    const child = startNode([script, opened.folder, String(calls)], { stderr: "inherit" });
    const [, signal] = await once(child, "exit");
    expect(signal).toBe("SIGKILL");
    const engine = await opened.open("lastFirst");
    const { run } = await engine.resume({ file: opened.file });
    await engine.finished(run);
    const { summary, decided } = await storedDecision(engine, run);
    expect(decided).toEqual(decidedMatrix(opened.table, options, summary));
    expect(opened.asked.length + calls).toBeGreaterThan(
      summary.variants.reduce((sum, { trials }) => sum + trials, 0) - 1,
    );
  });

  it("is decided anew with another margin from what is stored, without a call", async () => {
    const opened = await lab({ matrix: near, sampling });
    const engine = await opened.open();
    const { summary } = await runMatrix(engine, opened);
    const { length: calls } = opened.asked;
    const { verdict, rows } = await engine.redecide({ run: summary.run, equivalence: 0.1 });
    expect(verdict).toMatchObject({ equivalence: 0.1, guaranteed: false });
    expect(verdict.explanation).toContain("so this explores");
    expect((await engine.redecide({ run: summary.run, equivalence: 0.01 })).verdict).toEqual(summary.verdict);
    expect(rows).toBeLessThan(Math.max(...summary.variants.map(({ trials }) => trials)));
    expect(opened.asked.length).toBe(calls);
    expect((await storedDecision(engine, summary.run)).summary).toEqual(summary);
  });
});

describe("a layout that joins", () => {
  const matrix = bernoulli([0.6, 0.62, 0.9], 300, "join");

  it("is run on the rows before it, wins where it is better, and nobody is asked twice", async () => {
    const opened = await lab({ matrix, sampling: "{ equivalence: 0.02 }" });
    const engine = await opened.open("random");
    const { run } = await engine.start({ file: opened.file, options: { layouts: ["a", "b"] } });
    const before = await engine.finished(run);
    expect(before.status).toBe("finished");
    const rows = Math.max(...before.variants.map(({ trials }) => trials));
    await engine.resume({ run, layouts: ["c"] });
    const after = await engine.finished(run);
    expect(after.verdict).toMatchObject({ kind: "winner", winner: "c/scripted:m" });
    expect(after.notes.join(" ")).toContain(`c/scripted:m joined after ${rows} rows`);
    const own = after.variants.find(({ layout }) => layout === "c")?.trials ?? 0;
    expect(own).toBeGreaterThanOrEqual(rows);
    expect(new Set(opened.asked).size).toBe(opened.asked.length);
    const decisions = await engine.decisions({ run });
    expect(decisions.map(({ sequence }) => sequence)).toEqual(decisions.map((_, i) => i));
    expect(decisions.find(({ kind }) => kind === "joined")).toMatchObject({ variant: "c/scripted:m", row: rows });
  });

  it("decides the same when it is stopped after joining and resumed elsewhere", async () => {
    const results: unknown[] = [];
    for (const cut of [false, true]) {
      const opened = await lab({ matrix: near, sampling: "{ equivalence: 0.01 }" });
      const engine = await opened.open("wrongLast");
      const { run } = await engine.start({ file: opened.file, options: { layouts: ["d", "c"], concurrency: 8 } });
      await engine.finished(run);
      await engine.resume({ run, layouts: ["a", "b"] });
      if (cut) {
        const before = opened.asked.length;
        while (opened.asked.length < before + 40) await new Promise((resolve) => setTimeout(resolve, 1));
        await engine.stop({ run, now: true });
        await engine.finished(run);
        await engine.close();
        const other = await opened.open("lastFirst");
        await other.resume({ run });
        await other.finished(run);
        results.push((await storedDecision(other, run)).decided);
      } else {
        await engine.finished(run);
        results.push((await storedDecision(engine, run)).decided);
      }
    }
    expect(results[1]).toEqual(results[0]);
  });

  it("may be added to the file, to a full run as well, and only layouts may", async () => {
    const opened = await lab({ matrix, sampling: "{ mode: full }", layouts: ["a", "b", "c"] });
    const engine = await opened.open();
    const { run } = await engine.start({ file: opened.file, options: { layouts: ["a", "b"] } });
    await engine.finished(run);
    await engine.resume({ run, layouts: ["c"] });
    const summary = await engine.finished(run);
    expect(summary.variants.map(({ trials }) => trials)).toEqual([300, 300, 300]);
    expect(summary.verdict).toMatchObject({ kind: "winner", winner: "c/scripted:m" });
    await expect(engine.resume({ run })).rejects.toThrow("is finished");
    await expect(engine.resume({ run, layouts: ["nobody"] })).rejects.toThrow("nobody");
  });

  it("is refused where the proof does not hold", async () => {
    for (const sampling of ["{ strict: true }", "{ stopWhenEquivalent: true }", "{ mode: doubling }"]) {
      const opened = await lab({ matrix: clear, sampling });
      const engine = await opened.open();
      const { run } = await engine.start({ file: opened.file, options: { layouts: ["a", "b"] } });
      await engine.finished(run);
      await expect(engine.resume({ run, layouts: ["c"] })).rejects.toThrow("layouts can join an adaptive race");
      expect((await engine.run({ run })).summary.status).toBe("finished");
    }
  });
});

describe("several models", () => {
  it("each have their own race, and are laid side by side", async () => {
    const opened = await lab({
      matrix: clear.map((row) => row.slice(0, 3)),
      sampling: "{ equivalence: 0.02 }",
      models: ["scripted:m", "scripted:mirror"],
    });
    const engine = await opened.open("random");
    const { summary } = await runMatrix(engine, opened);
    expect(summary.verdicts.map(({ model, verdict }) => [model, verdict.winner])).toEqual([
      ["scripted:m", "a/scripted:m"],
      ["scripted:mirror", "c/scripted:mirror"],
    ]);
    expect(summary.models?.models).toEqual([
      { model: "scripted:m", winner: "a", kind: "winner" },
      { model: "scripted:mirror", winner: "c", kind: "winner" },
    ]);
    expect(summary.models?.layouts.map(({ layout }) => layout).sort()).toEqual(["a", "b", "c"]);
    expect(summary.models?.agreement).toBeLessThan(1);
    expect(summary.models?.explanation).toContain("Do not carry a winner");
    const file = path.join(opened.folder, "report.md");
    await engine.export({ run: summary.run, format: "md", to: file });
    expect(await readFile(file, "utf8")).toMatch(/## Models side by side[\s\S]*\| a \| [\d.]+ \| \*\*\d/);
    expect(runReport(summary)).toMatch(/mean rank +scripted:m +scripted:mirror/);
    expect(summary.verdict.explanation).toMatch(/^scripted:m: a wins on this dataset.* scripted:mirror: c wins/);
  });
});

describe("noise", () => {
  it("is measured by asking twice, and a difference is held against it", async () => {
    const opened = await lab({ matrix: near, sampling: "{ equivalence: 0.01 }", layouts: ["a", "b", "c", "d"] });
    const engine = await opened.open();
    const { summary } = await runMatrix(engine, opened, { aa: true, limit: 60, layouts: ["a", "b"] });
    expect(opened.asked.length).toBe(60 * 2 * 2);
    expect(summary.noise?.map(({ id, rows, flipRate }) => [id, rows, flipRate])).toEqual([
      ["a/scripted:m", 60, 0],
      ["b/scripted:m", 60, 0],
    ]);
    const run = await runMatrix(engine, opened, { sampling: "full" });
    // The first answers are known by now.
    expect(opened.asked.length).toBe(60 * 2 * 2 + near.length * 4 - 60 * 2);
    const sides = { a: { run: run.summary.run, variant: "a" }, b: { run: run.summary.run, variant: "b" } };
    const plain = await engine.compare(sides);
    const held = await engine.compare({ ...sides, noise: summary.run });
    expect(plain.comparison.noise).toBeUndefined();
    expect(held.comparison.noise).toBeCloseTo((summary.noise?.[0]?.floor ?? 1) * Math.sqrt(60 / near.length), 10);
    await expect(engine.compare({ ...sides, noise: run.summary.run })).rejects.toThrow("did not measure its noise");
    await expect(engine.start({ file: opened.file, options: { aa: true, sampling: "bandit" } })).rejects.toThrow(
      "noise cannot be measured in bandit mode",
    );
  });
});

describe("a decision", () => {
  it("takes less than a millisecond a row at 20 variants", async () => {
    const rows = bernoulli(new Array<number>(20).fill(0.75), 2000, "step");
    const table = { ids: rows.map((_, i) => String(i)), columns: rows[0]?.map((_, v) => `v${v}`) ?? [], rows };
    const { rows: used } = decideMatrix(table, { equivalence: 0 });
    expect((await leastCpuMs(() => decideMatrix(table, { equivalence: 0 }), { enough: used })) / used).toBeLessThan(1);
  });
});
