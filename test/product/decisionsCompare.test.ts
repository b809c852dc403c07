import { afterEach, describe, expect, it } from "vitest";
import { bernoulli } from "../engine/decide/support.ts";
import { type CliFolder, openCliFolder } from "../support/cli.ts";
import { type Matrix, type MatrixLab, matrixSpec, openMatrixLab, runMatrix } from "../support/matrixLab.ts";

const labs: { close(): Promise<void> }[] = [];
async function lab(matrix: Matrix, sampling: string): Promise<MatrixLab> {
  const opened = await openMatrixLab({ matrix, sampling, models: ["replay:scores.jsonl"] });
  labs.push(opened);
  return opened;
}
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

const matrix = bernoulli([0.9, 0.75, 0.6], 200, "compare");

describe("two sides", () => {
  it("of one full run are compared on all rows, with the fixed test", async () => {
    const opened = await lab(matrix, "{ mode: full }");
    const engine = await opened.open();
    const { run } = (await runMatrix(engine, opened)).summary;
    const { comparison, pairing, a, b } = await engine.compare({ a: { run, variant: "b" }, b: { run, variant: "a" } });
    expect([a.variant, b.variant]).toEqual(["b/replay:scores.jsonl", "a/replay:scores.jsonl"]);
    expect(pairing).toEqual({ by: "id", changed: 0 });
    expect(comparison).toMatchObject({ rows: 200, onlyA: 0, onlyB: 0, stoppedEarly: false, significant: true });
    expect(comparison.wins).toBe(matrix.filter(([x = 0, y = 0]) => x > y).length);
    expect(comparison.interval).toEqual(comparison.test.interval);
  });

  it("of a race are compared on the rows both saw, with an interval that holds at any time", async () => {
    const opened = await lab(matrix, "{ equivalence: 0.01 }");
    const engine = await opened.open();
    const { summary } = await runMatrix(engine, opened);
    const trials = summary.variants.map((variant) => variant.trials);
    const { run } = summary;
    const { comparison } = await engine.compare({ a: { run, variant: "c" }, b: { run, variant: "a" } });
    expect(comparison.rows).toBe(Math.min(trials[0] ?? 0, trials[2] ?? 0));
    expect(comparison.stoppedEarly).toBe(true);
    expect(comparison.interval[0]).toBeLessThan(comparison.test.interval[0]);
    expect(comparison.explanation).toContain("good at any stopping point");
  });
});

describe("runs over other files", () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ text: `message ${i}`, label: i % 3 === 0 ? "no" : "yes" }));
  const csv = (header: string, line: (i: number) => string, order = rows.map((_, i) => i)) =>
    `${header}\n${order.map(line).join("\n")}\n`;
  const spec = (data: string) =>
    matrixSpec({ matrix: [[1]], sampling: "{ mode: full }" }, ["scripted:m"]).spec.replace("data.csv", data);

  async function folder(): Promise<CliFolder> {
    const opened = await openCliFolder();
    labs.push(opened);
    opened.script(() => "yes");
    return opened;
  }
  async function ran(opened: CliFolder, name: string, data: string): Promise<string> {
    await opened.write(`${name}.csv`, data);
    await opened.write(`${name}.layout.yaml`, spec(`${name}.csv`));
    const { stdout, stderr } = await opened.run("run", `${name}.layout.yaml`, "--json");
    expect(stderr).not.toContain("error");
    return JSON.parse(stdout).run as string;
  }
  async function compared(opened: CliFolder, a: string, b: string) {
    return JSON.parse((await opened.run("compare", a, b, "--json")).stdout);
  }

  it("pair by content when one has ids of its own and the other has none, in whatever order", async () => {
    const opened = await folder();
    const turned = rows.map((_, i) => rows.length - 1 - i);
    const own = await ran(
      opened,
      "own",
      csv("id,text,label", (i) => `x${i},${rows[i]?.text},${rows[i]?.label}`),
    );
    const bare = await ran(
      opened,
      "bare",
      csv("text,label", (i) => `${rows[i]?.text},${rows[i]?.label}`, turned),
    );
    const { comparison, pairing } = await compared(opened, own, bare);
    expect(pairing).toEqual({ by: "content", changed: 0 });
    expect(comparison).toMatchObject({ rows: 60, onlyA: 0, onlyB: 0, difference: 0 });
    const text = (await opened.run("compare", own, bare)).stdout;
    expect(text).toContain("examples are paired by their content");
  });

  it("do not pair an id that now names another example", async () => {
    const opened = await folder();
    const line = (i: number) => `${i},${rows[i]?.text},${rows[i]?.label}`;
    const first = await ran(opened, "first", csv("id,text,label", line));
    const shifted = await ran(
      opened,
      "shifted",
      csv("id,text,label", (i) => `${i - 10},${line(i).split(",").slice(1)}`, rows.map((_, i) => i).slice(10)),
    );
    const { comparison, pairing } = await compared(opened, first, shifted);
    expect(pairing).toEqual({ by: "content", changed: 50 });
    expect(comparison).toMatchObject({ rows: 50, onlyA: 10, onlyB: 0, difference: 0 });
  });

  it("have nothing in common where all texts differ, whatever the ids say", async () => {
    const opened = await folder();
    const first = await ran(
      opened,
      "first",
      csv("id,text,label", (i) => `${i},${rows[i]?.text},${rows[i]?.label}`),
    );
    await opened.write(
      "second.csv",
      csv("id,text,extra,label", (i) => `${i + 5},other ${i},${i},${rows[i]?.label}`),
    );
    await opened.write("second.layout.yaml", spec("second.csv").replace('"{{text}}"', '"{{text}} {{extra}}"'));
    const second = JSON.parse((await opened.run("run", "second.layout.yaml", "--json")).stdout).run as string;
    const { comparison, pairing } = await compared(opened, first, second);
    expect(pairing.by).toBe("content");
    expect(comparison).toMatchObject({ rows: 0, onlyA: 60, onlyB: 60 });
    expect(comparison.explanation).toContain("no example in common");
  });
});

describe("runs over files with other columns", () => {
  it("pair by id, which is all there is", async () => {
    const opened = await openCliFolder();
    labs.push(opened);
    opened.script(() => "yes");
    const runs: string[] = [];
    for (const column of ["text", "message"]) {
      const lines = Array.from({ length: 20 }, (_, i) => `${i + (column === "text" ? 0 : 5)},line ${i},yes`);
      await opened.write("data.csv", `id,${column},label\n${lines.join("\n")}\n`);
      const { spec } = matrixSpec({ matrix: [[1]], sampling: "{ mode: full }" }, ["scripted:m"]);
      await opened.write("m.layout.yaml", spec.replace("{{text}}", `{{${column}}}`));
      runs.push(JSON.parse((await opened.run("run", "m.layout.yaml", "--json")).stdout).run as string);
    }
    const report = JSON.parse((await opened.run("compare", runs[0] ?? "", runs[1] ?? "", "--json")).stdout);
    expect(report.pairing).toEqual({ by: "id", changed: 0 });
    expect(report.comparison).toMatchObject({ rows: 15, onlyA: 5, onlyB: 5 });
  });
});

describe("power", () => {
  it("is planned from what is usual, then from what a run showed", async () => {
    const opened = await openMatrixLab({ matrix, sampling: "{ mode: full, confidence: 0.9 }" });
    labs.push(opened);
    const engine = await opened.open();
    const before = (await engine.estimate({ file: opened.file, power: { effect: 0.06 } })).power;
    expect(before).toMatchObject({ rows: 200, confidence: 0.9, discordance: 0.15 });
    expect(before?.needed.map(({ difference }) => difference)).toEqual([0.01, 0.02, 0.03, 0.05, 0.06, 0.1]);
    expect(before?.explanation).toMatch(/To show 6 points takes [\d,]+ rows, [\d,]+ more rows than there are/);
    const { summary } = await runMatrix(engine, opened);
    const after = (await engine.estimate({ file: opened.file, power: {} })).power;
    const differing = matrix.reduce((sum, [x, y, z]) => sum + Number(x !== y) + Number(x !== z), 0) / 400;
    expect(after?.discordance).toBeCloseTo(differing, 10);
    expect(after).toMatchObject({ measuredIn: summary.run });
    expect((await engine.estimate({ file: opened.file })).power).toBeUndefined();
  });
});

describe("the table of scores", () => {
  it("is decided in the contract's words", async () => {
    const opened = await openCliFolder();
    labs.push(opened);
    const lines = bernoulli([0.6, 0.9, 0.7], 200, "cli").map((row, i) => `r${i},${row.join(",")}`);
    await opened.write("scores.csv", `id,first,second,third\n${lines.join("\n")}\n`);
    const { stdout, code } = await opened.run("decide", "scores.csv", "--seed", "5", "--json");
    expect(code).toBe(0);
    const decided = JSON.parse(stdout);
    expect(decided.schema).toBe("layoutlab/decide@1");
    expect(Object.keys(decided.verdict)).toEqual(
      expect.arrayContaining("kind scope winner tied confidence equivalence explanation moreTrials".split(" ")),
    );
    expect(decided.verdict).toMatchObject({
      kind: "winner",
      scope: "dataset",
      winner: "second",
      confidence: 0.95,
      equivalence: 0.01,
      moreTrials: 0,
    });
    expect(decided.rows).toBe(Math.max(...decided.variants.map(({ trials }: { trials: number }) => trials)));
    expect(decided.calls).toBe(decided.variants.reduce((sum: number, v: { trials: number }) => sum + v.trials, 0));
    for (const variant of decided.variants) {
      expect(Object.keys(variant)).toEqual(
        expect.arrayContaining("id trials correct accuracy interval status reason".split(" ")),
      );
      expect(variant.interval).toHaveLength(2);
      expect(["active", "dropped", "won"]).toContain(variant.status);
    }
    expect(decided.variants.map(({ id }: { id: string }) => id)).toEqual(["first", "second", "third"]);
  });

  it.each([
    [["--equivalence", "1.5"], /equivalence/],
    [["--confidence", "0.2"], /confidence/],
    [["--mode", "guess"], /mode/],
  ])("refuses %j as the user's mistake", async (flags, message) => {
    const opened = await openCliFolder();
    labs.push(opened);
    await opened.write("scores.csv", "id,a,b\n1,1,0\n");
    const { code, stderr } = await opened.run("decide", "scores.csv", ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
