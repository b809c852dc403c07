import type { BatchAnalysis, Projected } from "../../engine/batch/analyze.ts";
import { dollars, duration, integer, interval, percent } from "./numbers.ts";
import { table } from "./table.ts";

/** An analysis of result files for people. */
export function analysisText(analysis: BatchAnalysis): string {
  const { answers, failed, tokens, accuracy, latency, projection } = analysis;
  const lines = [
    `${integer(answers)} answers, ${integer(failed)} failed${analysis.unreadable > 0 ? `, ${integer(analysis.unreadable)} lines that hold neither` : ""}`,
  ];
  if (accuracy !== undefined)
    lines.push(
      `right: ${percent(accuracy.accuracy)} ${interval(accuracy.interval)} of ${integer(accuracy.judged)}` +
        (accuracy.unparsable > 0 ? `; ${integer(accuracy.unparsable)} name no label` : ""),
    );
  if (analysis.labels.length > 0) {
    const rows = analysis.labels
      .slice(0, 12)
      .map(({ label, count, share }) => [label === "" ? "(empty)" : label, integer(count), percent(share)]);
    const shown = analysis.labels.slice(0, 12).reduce((sum, { count }) => sum + count, 0);
    if (answers > shown) rows.push(["(others)", integer(answers - shown), percent((answers - shown) / answers)]);
    lines.push(
      "",
      table([{ title: "answer" }, { title: "count", align: "right" }, { title: "share", align: "right" }], rows),
      "",
    );
  }
  const odd = Object.entries(analysis.finish).filter(([reason]) => reason !== "stop");
  if (odd.length > 0) lines.push(`ended by ${odd.map(([reason, count]) => `${reason}: ${integer(count)}`).join(", ")}`);
  for (const { code, count, example } of analysis.errors)
    lines.push(`${integer(count)} ${code}: ${example.slice(0, 160)}`);
  lines.push(
    `${integer(tokens.prompt)} prompt (${integer(tokens.cached)} cached) and ${integer(tokens.completion)} answer tokens` +
      (tokens.perRequest === null
        ? ""
        : `; per request ${integer(tokens.perRequest.mean)}, median ${integer(tokens.perRequest.p50)}, p95 ${integer(tokens.perRequest.p95)}`),
    `cost ${dollars(analysis.cost)}`,
  );
  if (analysis.throughput !== null && analysis.durationMs !== null)
    lines.push(`${analysis.throughput.toFixed(1)} requests a second over ${duration(analysis.durationMs)}`);
  if (latency !== null) lines.push(`latency p50 ${duration(latency.p50)}, p95 ${duration(latency.p95)}`);
  if (analysis.vram !== null)
    lines.push(
      `graphics memory ${integer(analysis.vram.mean)} MB on average, ${integer(analysis.vram.peak)} MB at most`,
    );
  if (projection !== undefined) {
    const { rows, tokens: total, cost, hours } = projection;
    const said = (one: Projected, show: (value: number) => string) =>
      `${show(one.value)} [${show(one.interval[0])}, ${show(one.interval[1])}]`;
    lines.push(
      "",
      `${integer(rows)} rows like these, with 95 % intervals:`,
      `  tokens  ${said(total, integer)}`,
      `  cost    ${cost === null ? "unknown" : said(cost, dollars)}`,
      `  hours   ${hours === null ? "unknown" : said(hours, (value) => value.toFixed(value < 1 ? 3 : 1))}`,
    );
  }
  return lines.join("\n");
}
