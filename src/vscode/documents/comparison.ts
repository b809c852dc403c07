import type { ComparisonReport } from "../../engine/api.ts";
import { integer, percent } from "../words.ts";
import { cell } from "./markdown.ts";

/** Two runs on the examples both have, as Markdown. */
export function comparisonReport({ a, b, comparison }: ComparisonReport): string {
  const { rows, test, bootstrap, effect, power } = comparison;
  const points = (value: number) => `${value >= 0 ? "+" : ""}${(value * 100).toFixed(1)}`;
  const interval = ([low, high]: readonly [number, number]) => `[${points(low)}, ${points(high)}]`;
  return [
    "# Comparison",
    "",
    comparison.explanation,
    "",
    "| | run | variant | accuracy |",
    "|---|---|---|---:|",
    `| A | ${cell(a.run)} | ${cell(a.variant)} | ${percent(comparison.meanA)} |`,
    `| B | ${cell(b.run)} | ${cell(b.variant)} | ${percent(comparison.meanB)} |`,
    "",
    "| B against A | |",
    "|---|---:|",
    `| Examples both have | ${integer(rows)} |`,
    `| Only in A, only in B | ${integer(comparison.onlyA)}, ${integer(comparison.onlyB)} |`,
    `| Difference in points | ${points(comparison.difference)} |`,
    `| Interval | ${interval(test.interval)} |`,
    `| p (${cell(test.method)}) | ${test.pValue.toPrecision(2)} |`,
    `| Bootstrap interval | ${interval(bootstrap.interval)} |`,
    `| B better, worse, equal | ${integer(comparison.wins)}, ${integer(comparison.losses)}, ${integer(comparison.ties)} |`,
    `| Cohen's h | ${effect.cohensH.toFixed(2)} |`,
    ...(comparison.noise === undefined
      ? []
      : [`| Noise: what running one side twice differs by, up to | ${points(comparison.noise).slice(1)} |`]),
    `| Smallest difference so many examples show | ${points(power.detectable)} |`,
    ...(power.rowsNeeded === null ? [] : [`| Examples to show this difference | ${integer(power.rowsNeeded)} |`]),
    "",
  ].join("\n");
}
