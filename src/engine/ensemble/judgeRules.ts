import { meanDifference, pairedCounts } from "../decide/paired.ts";
import { testPair } from "../decide/pairTest.ts";
import type { Interval } from "../decide/sampler.ts";
import { points } from "../decide/words.ts";
import { conditionsText } from "../layout/rules.ts";
import type { Condition } from "../spec/experiment.ts";
import { foldOf, folds } from "./combine.ts";
import { type FittedRule, fitRules, type RuledRow, ruledLayout } from "./ruleTree.ts";
import { signed } from "./words.ts";

/** Rules fitted on fewer rows are luck. */
const fewestRowsToFit = 200;

/** What choosing a layout by the text would be worth, held against the best single layout. */
export interface RulesReport {
  readonly model: string;
  /** Layouts that were chosen from. */
  readonly layouts: readonly string[];
  readonly rows: number;
  readonly rules: readonly { readonly when: string; readonly use: string }[];
  /** Best single layout on these rows. */
  readonly best: string;
  readonly bestAccuracy: number;
  /** Of rules that were fitted without the row they choose for. */
  readonly accuracy: number;
  readonly gain: number;
  readonly gainInterval: Interval;
  readonly pValue: number;
  /** Share of rows on which some layout is right. */
  readonly ceiling: number;
  readonly pays: boolean;
  /** An entry of `layouts:` to paste; undefined when no rule was found. */
  readonly yaml: string | undefined;
  readonly explanation: string;
}

/** Fits rules on all rows, and judges by five-fold cross-fitting what rules so fitted are worth on rows they have not seen. */
export function judgeRules(
  model: string,
  layouts: readonly string[],
  rows: readonly RuledRow[],
  confidence = 0.95,
): RulesReport {
  const alpha = 1 - confidence;
  const accuracies = layouts.map((_, layout) => mean(rows.map((row) => row.scores[layout] ?? 0)));
  const best = accuracies.indexOf(Math.max(...accuracies));
  const enough = rows.length >= fewestRowsToFit && layouts.length > 1;
  const rules: readonly FittedRule[] = enough ? fitRules(rows, layouts.length) : [{ when: [], use: best }];
  const fitted = Array.from({ length: folds }, (_, fold) =>
    enough
      ? fitRules(
          rows.filter((_, row) => foldOf(row) !== fold),
          layouts.length,
        )
      : rules,
  );
  const scores = rows.map((row, i) => row.scores[ruledLayout(fitted[foldOf(i)] ?? rules, row)] ?? 0);
  const pair = pairedCounts(Float64Array.from(scores, (score, i) => score - (rows[i]?.scores[best] ?? 0)));
  const { pValue, interval } = testPair(pair, alpha, "rules");
  const gain = meanDifference(pair);
  const report = {
    model,
    layouts,
    rows: rows.length,
    rules: rules.map(({ when, use }) => ({ when: conditionsText(when), use: layouts[use] ?? "" })),
    best: layouts[best] ?? "",
    bestAccuracy: accuracies[best] ?? 0,
    accuracy: mean(scores),
    gain,
    gainInterval: interval,
    pValue,
    ceiling: mean(rows.map((row) => Math.max(...row.scores))),
    pays: enough && gain > 0 && pValue < alpha,
    yaml: rules.length > 1 ? rulesYaml(rules, layouts) : undefined,
  };
  return { ...report, explanation: explain(report, enough, confidence) };
}

function explain(report: Omit<RulesReport, "explanation">, enough: boolean, confidence: number): string {
  const { layouts, rows, gain, gainInterval, pValue, best } = report;
  if (layouts.length < 2) return "There are no two layouts with enough rows to choose between.";
  if (!enough) {
    return `Rules need at least ${fewestRowsToFit} rows that every layout was asked, and there are ${rows}; sampling.mode: full asks them all.`;
  }
  const ceiling = `A perfect choice for every row would reach ${points.percent(report.ceiling)}; ${best} alone has ${points.percent(report.bestAccuracy)}.`;
  if (report.rules.length < 2 && gain === 0)
    return `No rule over length, questions, numbers, code and language beats always using ${best}. ${ceiling}`;
  const [low, high] = gainInterval;
  const size = gain === 0 ? "exactly as much as" : `${points.of(gain)} ${gain > 0 ? "more" : "less"} than`;
  const head =
    `Rules fitted on other rows score ${size} ${best} alone on ${points.rows(rows)} ` +
    `(${points.percent(confidence)} interval ${signed(low)} to ${signed(high)} points, p = ${pValue.toFixed(3)}).`;
  return `${head} ${report.pays ? "They pay." : "They do not pay."} ${ceiling}`;
}

function rulesYaml(rules: readonly FittedRule[], layouts: readonly string[]): string {
  const lines = rules.map(({ when, use }) => {
    const layout = JSON.stringify(layouts[use] ?? "");
    return when.length === 0
      ? `      - { use: ${layout} }`
      : `      - { when: { ${when.map(conditionYaml).join(", ")} }, use: ${layout} }`;
  });
  return ["layouts:", "  - name: fitted", "    dynamic:", ...lines, ""].join("\n");
}

function conditionYaml(condition: Condition): string {
  return "is" in condition
    ? `${condition.feature}: ${condition.is}`
    : `${condition.feature}: "${condition.op} ${condition.value}"`;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
