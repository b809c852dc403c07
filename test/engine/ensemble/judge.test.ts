import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AnswerRow } from "../../../src/engine/ensemble/answers.ts";
import { type Combine, logOddsWeights, weighted } from "../../../src/engine/ensemble/combine.ts";
import { type Ensemble, judgeEnsembles } from "../../../src/engine/ensemble/judge.ts";

function ensemble(rows: readonly AnswerRow[], combine: Combine, more: Partial<Ensemble> = {}): Ensemble {
  return { model: "m", members: ["a", "b", "c"], combine, rows, costs: undefined, ...more };
}

/** Member answers as letters, right when "A". */
function rows(...letters: readonly string[]): AnswerRow[] {
  return letters.map((row) =>
    [...row].map((letter) => ({ prediction: letter, score: letter === "A" ? 1 : 0, confidence: undefined })),
  );
}

const repeated = (times: number, letters: readonly string[]) => Array.from({ length: times }, () => letters).flat();

describe("judgeEnsembles", () => {
  it("shows a gain with its interval, and what each extra correct answer costs", () => {
    // Each member is wrong on its own third of the rows, so two of three are always right.
    const [report] = judgeEnsembles([
      ensemble(rows(...repeated(40, ["AAB", "ABA", "BAA"])), "majority", {
        costs: { unit: "dollars", perThousand: [1, 2, 3] },
      }),
    ]);
    expect(report).toMatchObject({ rows: 120, accuracy: 1, bestAccuracy: 2 / 3, best: "a", ceiling: 1, pays: true });
    expect(report?.gain).toBeCloseTo(1 / 3, 12);
    expect(report?.gainInterval[0]).toBeGreaterThan(0.2);
    expect(report?.cost).toEqual({ unit: "dollars", extra: 5, perExtraCorrect: expect.closeTo(0.015, 10) });
    expect(report?.explanation).toContain("It is better, at 3 calls a row instead of one");
  });

  it("says plainly that combining does not pay", () => {
    const [report] = judgeEnsembles([ensemble(rows(...repeated(30, ["AAA", "AAB", "ABB", "BBB"])), "majority")]);
    expect(report).toMatchObject({ best: "a", pays: false, cost: null });
    expect(report?.gain).toBeCloseTo(-0.25, 12);
    expect(report?.explanation).toMatch(/25 points less than a alone .* It does not pay: it is worse, at/);
  });

  it("corrects for the number of ensembles that were tried", () => {
    const slight = rows(...repeated(6, ["ABB"]), ...repeated(14, ["BAA"]), ...repeated(180, ["AAA"]));
    const alone = judgeEnsembles([ensemble(slight, "stacked", { members: ["a", "b", "c"] })])[0]?.pValue ?? 0;
    const many = judgeEnsembles([
      ensemble(slight, "stacked"),
      ensemble(slight, "majority"),
      ensemble(slight, "logodds"),
    ]);
    expect(many[0]?.pValue).toBeGreaterThanOrEqual(alone);
  });

  it("says why it cannot be worked out", () => {
    const few = rows(...repeated(50, ["AAB", "BAA"]));
    const explanations = judgeEnsembles([
      ensemble(few, "stacked"),
      ensemble(few, "confidence"),
      ensemble([], "majority"),
    ]).map(({ explanation }) => explanation);
    expect(explanations).toEqual([
      "stacked of a, b and c: weights need at least 200 rows that all of them answered, and there are 100.",
      "confidence of a, b and c: no answer came with a confidence; ask for it with prompt.output.confidence: true.",
      "majority of a, b and c: no row has an answer of every one of them.",
    ]);
  });
});

const recorded = new URL("../../../../shared/data/matrices/csqa_re2_answers.csv", import.meta.url);

/** Answers recorded from three models under four layouts; see `docs/ensembles.md` for what they show. */
describe.skipIf(!existsSync(recorded))("recorded answers (skipped where the public matrices are absent)", () => {
  const [header = [], ...lines] = existsSync(recorded)
    ? readFileSync(recorded, "utf8")
        .trim()
        .split("\n")
        .map((line) => line.trim().split(","))
    : [];
  const gold = header.indexOf("gold");
  const table = (columns: readonly string[]): AnswerRow[] =>
    lines.map((cells) =>
      columns.map((column) => {
        const prediction = cells[header.indexOf(column)];
        return { prediction, score: prediction === cells[gold] ? 1 : 0, confidence: undefined };
      }),
    );
  const models = ["davinci003", "gpt35turbo", "gpt4omini"];
  // Ties go to the first listed.
  const layouts = ["cot_re2", "direct_re2", "cot", "direct"];
  const named = (model: string) => layouts.map((layout) => `${model}__${layout}`);
  const judged = (combine: Combine) =>
    judgeEnsembles(
      models.map((model) => ({ model, members: layouts, combine, rows: table(named(model)), costs: undefined })),
    );
  const inPoints = (values: readonly number[]) => values.map((value) => Number((value * 100).toFixed(1)));

  it("gains nothing to speak of from a majority of four layouts", () => {
    const reports = judged("majority");
    expect(reports.map(({ best }) => best)).toEqual(["direct_re2", "direct_re2", "direct_re2"]);
    expect(inPoints(reports.map(({ gain }) => gain))).toEqual([-0.4, -0.3, 0.5]);
    expect(reports.map(({ pays }) => pays)).toEqual([false, false, false]);
    for (const { explanation } of reports) expect(explanation).toContain("It does not pay");
  });

  it("gains nothing from log-odds votes, weights from all rows or cross-fitted", () => {
    const gains = models.map((model) => {
      const rowsOf = table(named(model));
      const weights = logOddsWeights(rowsOf, layouts.length);
      const right = rowsOf.reduce((sum, answers) => sum + weighted(answers, weights), 0) / rowsOf.length;
      return (
        right -
        Math.max(
          ...layouts.map((_, i) => rowsOf.reduce((sum, answers) => sum + (answers[i]?.score ?? 0), 0) / rowsOf.length),
        )
      );
    });
    expect(inPoints(gains)).toEqual([-0.2, 0.5, 0.2]);
    for (const { gain, pays } of judged("logodds")) {
      expect(Math.abs(gain)).toBeLessThan(0.01);
      expect(pays).toBe(false);
    }
  });

  it("gains nothing from stacked weights", () => {
    for (const { gain, pays } of judged("stacked")) {
      expect(Math.abs(gain)).toBeLessThan(0.01);
      expect(pays).toBe(false);
    }
  });

  it("knows how much a perfect choice of layout could gain", () => {
    expect(inPoints(judged("majority").map(({ ceiling, bestAccuracy }) => ceiling - bestAccuracy))).toEqual([
      8.1, 10.8, 5.5,
    ]);
  });

  it("gains nothing from all twelve columns together", () => {
    const columns = models.flatMap(named);
    const rowsOf = table(columns);
    const weights = logOddsWeights(rowsOf, columns.length);
    const right = rowsOf.reduce((sum, answers) => sum + weighted(answers, weights), 0) / rowsOf.length;
    expect(inPoints([right])).toEqual([83.5]);
    const [report] = judgeEnsembles([
      { model: "all", members: columns, combine: "logodds", rows: rowsOf, costs: undefined },
    ]);
    expect(inPoints([report?.bestAccuracy ?? 0])).toEqual([83.9]);
    expect(report?.pays).toBe(false);
  });
});
