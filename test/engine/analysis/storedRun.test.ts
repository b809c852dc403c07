import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { type CliFolder, openCliFolder } from "../../support/cli.ts";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const open: (TestLab | CliFolder)[] = [];
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const gold = (row: number) => row % 5;
const long = (row: number) => row % 2 === 0;

/** Wrong where the right passage stands in the middle; short texts suit standard, long ones sandwich. */
const lostInTheMiddle: Script = (_request, { trial }) => {
  const row = rowOf(trial?.example);
  const suits = trial?.layout === "positional" || (trial?.layout === "sandwich") === long(row);
  return suits && (gold(row) !== 2 || trial?.layout !== "positional") ? labelOf(row) : labelOf(row + 1);
};

function data(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const text = long(i) ? `item ${"and more of it ".repeat(6)}` : "item";
    return `r${i},${text}number ${i},${labelOf(i)},${gold(i)}`;
  });
  return `id,text,label,gold\n${lines.join("\n")}\n`;
}

async function labWith(layouts: readonly string[]) {
  const lab = await openLab({ layouts, more: "sampling: { mode: full }\n" });
  open.push(lab);
  await lab.write("data.csv", data(300));
  const engine = await lab.open(lostInTheMiddle);
  const { summary } = await runLab(engine, lab);
  return { engine, run: summary.run };
}

const positional = "{ name: positional, user: [segment, question, instructions, output] }";

describe("analyses of a stored run", () => {
  it("draws accuracy over a column of places", async () => {
    const { engine, run } = await labWith([positional]);
    const { curves } = await engine.positions({ run, column: "gold" });
    expect(curves).toHaveLength(1);
    expect(curves[0]?.bins.map(({ from, accuracy, rows }) => [from, accuracy, rows])).toEqual([
      [0, 1, 60],
      [1, 1, 60],
      [2, 0, 60],
      [3, 1, 60],
      [4, 1, 60],
    ]);
    expect(curves[0]?.explanation).toContain("Place matters");
    await expect(engine.positions({ run, column: "nowhere" })).rejects.toMatchObject({
      line: expect.stringMatching(/has no column "nowhere": use one of id, text, label, gold/),
    });
    await expect(engine.positions({ run, column: "text" })).rejects.toThrow(/which is no place/);
  });

  it("knows where the segment stood in the prompts as they were sent", async () => {
    const { engine, run } = await labWith([positional, "standard"]);
    const [front, back] = (await engine.positions({ run })).curves;
    expect(front?.explanation).toMatch(/always stands at 0 %/);
    expect(back?.bins[0]?.from).toBeGreaterThan(0.3);
  });

  it("fits rules that an experiment can use, and that then do what was promised", async () => {
    const { engine, run } = await labWith(["standard", "sandwich"]);
    const [report] = await engine.fitRules({ run });
    expect(report).toMatchObject({ rows: 300, pays: true, accuracy: 1, bestAccuracy: 0.5 });
    expect(report?.rules).toHaveLength(2);
    const again = await openLab({ layouts: ["standard"], more: "sampling: { mode: full }\n" });
    open.push(again);
    await again.write("data.csv", data(60));
    const spec = `name: again
dataset: data.csv
models: ["scripted:a"]
prompt:
  segment: "{{text}}"
  output: { type: label, labels: [red, green, blue] }
${report?.yaml ?? ""}`;
    const file = await again.write("again.layout.yaml", spec);
    const { diagnostics, outline } = await engine.check({ file });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(outline?.layouts.map(({ name }) => name)).toEqual(["fitted"]);
  });

  it("works analytics out of the store: patterns, prices, length, time", async () => {
    const { engine, run } = await labWith(["standard", "sandwich"]);
    const patterns = await engine.patterns({ run });
    expect(patterns.agreement).toMatchObject({ rows: 300, all: 0, none: 0, some: 300 });
    expect(patterns.found.find(({ target }) => target.kind === "only")).toMatchObject({ rate: 1, restRate: 0 });
    const page = await engine.trials({
      filter: { run, variants: [0], outcome: "wrong", positions: patterns.found[0]?.positions ?? [] },
      sort: "position",
      descending: false,
      limit: 5,
      skip: 2,
    });
    expect(page.rows).toHaveLength(5);
    expect((await engine.lengths({ run })).effects.filter(({ matters }) => matters).length).toBeGreaterThan(0);
    expect((await engine.efficiency({ run })).variants.map(({ rows }) => rows)).toEqual([300, 300]);
    expect((await engine.calibration({ run })).variants.every(({ source }) => source !== "agreement")).toBe(true);
    expect((await engine.crossModel({ run })).models).toEqual(["scripted:a"]);
    const { answered, steps } = await engine.timeline({ run });
    expect(answered.reduce((sum, n) => sum + n, 0)).toBe(600);
    expect(steps).toBeLessThanOrEqual(200);
  });

  it("shows the progress of a run that is over as it was at its end, with its course", async () => {
    const { engine, run } = await labWith(["standard", "sandwich", positional]);
    const { summary } = await engine.run({ run });
    const { view, course } = await engine.progress({ run });
    expect(view).toMatchObject({
      run,
      status: "finished",
      mode: "full",
      trialsPlanned: 900,
      trialsDone: 900,
      requests: summary.requests,
      tokens: summary.metrics.tokens,
      elapsedMs: summary.durationMs,
      leftMs: 0,
    });
    expect(view.queue.pools.flatMap(({ models }) => models.map(({ sent }) => sent))).toEqual([900]);
    expect(view.variants.map(({ accuracy }) => accuracy)).toEqual([0.5, 0.5, 0.8]);
    for (const variant of view.variants) expect(course.accuracy[variant.id]?.at(-1)).toBeCloseTo(variant.accuracy);
    expect(course.at.at(-1)).toBe(view.elapsedMs);
    expect(course.rate.reduce((sum, rate) => sum + (rate * course.stepMs) / 1000, 0)).toBeCloseTo(900);
  });

  it("stands any number of variants and runs side by side, corrected over all pairs", async () => {
    const { engine, run } = await labWith(["standard", "sandwich", positional]);
    const sides = ["standard", "sandwich", "positional"].map((variant) => ({ run, variant }));
    const report = await engine.sideBySide({ sides });
    expect(report.sides.map(({ rows, accuracy }) => [rows, accuracy])).toEqual([
      [300, 0.5],
      [300, 0.5],
      [300, 0.8],
    ]);
    expect(report.shared?.[2]).toMatchObject({ rows: 300, accuracy: 0.8 });
    expect(report.pairs.map(({ a, b, significant }) => [a, b, significant])).toEqual([
      [0, 1, false],
      [0, 2, true],
      [1, 2, true],
    ]);
    for (const { adjusted, comparison } of report.pairs)
      expect(adjusted).toBeGreaterThanOrEqual(comparison.test.pValue);
    expect(report.differing).toHaveLength(100);
    expect(report.differing[0]?.answers).toHaveLength(3);
    await expect(engine.sideBySide({ sides: sides.slice(0, 1) })).rejects.toMatchObject({
      line: expect.stringContaining("choose 2 to 8"),
    });
    // The same variant of a second run is the same answer on every row.
    const [first] = sides;
    const twice = await engine.sideBySide({ sides: [first ?? { run }, first ?? { run }] });
    expect(twice.pairs[0]?.comparison).toMatchObject({ difference: 0, ties: 300 });
    expect(twice.differing).toEqual([]);
  });

  it("puts them into reports, where nothing of a dataset or a model is markup", async () => {
    const lab = await openLab({ layouts: ["standard"], more: "sampling: { mode: full }\n" });
    open.push(lab);
    const lines = Array.from(
      { length: 90 },
      (_, i) => `r${i},item number ${i},${labelOf(i)},${i % 3 === 0 ? "<img src=x onerror=alert(1)>" : "plain|text"}`,
    );
    await lab.write("data.csv", `id,text,label,kind\n${lines.join("\n")}\n`);
    const engine = await lab.open((_request, { trial }) =>
      rowOf(trial?.example) % 3 === 0 ? "blue" : labelOf(rowOf(trial?.example)),
    );
    const { summary } = await runLab(engine, lab);
    const written = async (format: "md" | "html") => {
      const { file } = await engine.export({ run: summary.run, format, to: path.join(lab.folder, `report.${format}`) });
      return readFile(file, "utf8");
    };
    const markdown = await written("md");
    expect(markdown).toContain("## What failing rows have in common");
    expect(markdown).toMatch(/\| wrong under standard\/scripted:a \| expected is red \| 30 of 30 \| 100\.0 %/);
    const page = await written("html");
    expect(page).toContain("<h2>What failing rows have in common</h2>");
    expect(page).toContain("<h2>What a right answer takes</h2>");
    expect(page).not.toContain("<img");
    expect(page).not.toContain("<script");
  });

  it("shows all of it on the command line", async () => {
    const folder = await openCliFolder();
    open.push(folder);
    await folder.write("data.csv", data(240));
    await folder.write(
      "lab.layout.yaml",
      `name: lab
dataset: data.csv
models: ["scripted:a"]
prompt:
  segment: "{{text}}"
  output: { type: label, labels: [red, green, blue] }
layouts: [standard, sandwich]
sampling: { mode: full }
`,
    );
    folder.script(lostInTheMiddle);
    const { run } = JSON.parse((await folder.run("run", "lab.layout.yaml", "--json")).stdout) as {
      readonly run: string;
    };
    const shown = await folder.run(
      ...["show", run, "--positions", "gold", "--rules", "--analytics", "--ensemble", "standard,sandwich"],
    );
    expect(shown.stdout).toContain("What failing rows have in common");
    expect(shown.stdout).toMatch(/wrong only under standard\/scripted:a +\d+ words or more/);
    expect(shown.stdout).toContain("decide nearly everything");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("gold");
    expect(shown.stdout).toContain("majority of standard and sandwich: 50 %");
    expect(shown.stdout).toContain("They pay.");
    expect(shown.stdout).toContain("    dynamic:\n      - { when: { words:");
    const asJson = JSON.parse((await folder.run("show", run, "--positions", "--json")).stdout) as Record<
      string,
      unknown
    >;
    expect(asJson["schema"]).toBe("layoutlab/analysis@1");
  });
});
