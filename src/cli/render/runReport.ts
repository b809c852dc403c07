import type { RunSummary } from "../../engine/runner/events.ts";
import { dollars, duration, integer, interval, percent } from "./numbers.ts";
import { table } from "./table.ts";

/** The leaderboard, the verdict and what it took, as a terminal shows a run that ended. */
export function runReport(summary: RunSummary): string {
  const models = new Set(summary.variants.map((variant) => variant.model));
  const rows = [...summary.variants]
    .sort((a, b) => rank(b.status) - rank(a.status) || b.accuracy - a.accuracy)
    .map((variant) => [
      variant.status === "won" ? "*" : variant.status === "dropped" ? "-" : " ",
      label(variant, models.size > 1),
      integer(variant.trials),
      percent(variant.accuracy),
      interval(variant.interval),
      variant.tokensPerCorrect === null ? "–" : integer(variant.tokensPerCorrect),
      dollars(variant.cost),
      variant.latency === null ? "–" : `${duration(variant.latency.p50)}`,
    ]);
  const confidence = percent(summary.verdict.confidence).replace(".0", "");
  const lines = [
    table(
      [
        { title: "" },
        { title: "variant" },
        { title: "trials", align: "right" },
        { title: "accuracy", align: "right" },
        { title: confidence, align: "left" },
        { title: "tokens/correct", align: "right" },
        { title: "cost", align: "right" },
        { title: "p50", align: "right" },
      ],
      rows,
    ),
    "",
    ...verdictLines(summary),
    ...summary.notes.map((note) => `Note: ${note}`),
    "",
    took(summary),
  ];
  return lines.join("\n");
}

/** One model: its verdict. Several: each one's, and whether they agree. */
function verdictLines({ verdict, verdicts, models }: RunSummary): string[] {
  if (models === undefined) return [`Verdict: ${verdict.explanation}`];
  const columns = [
    { title: "" },
    { title: "mean rank", align: "right" } as const,
    ...models.models.map(({ model }) => ({ title: model, align: "right" }) as const),
  ];
  const rows = models.layouts.map(({ layout, meanRank, means }) => [
    layout,
    meanRank.toFixed(1),
    ...means.map((mean, i) => `${models.models[i]?.winner === layout ? "*" : ""}${percent(mean)}`),
  ]);
  return [
    ...verdicts.map((one) => `Verdict for ${one.model}: ${one.verdict.explanation}`),
    "",
    table(columns, rows),
    "",
    models.explanation,
  ];
}

function label(variant: RunSummary["variants"][number], withModel: boolean): string {
  const prefix = `${variant.layout}/${variant.model}`;
  const rest = variant.id.startsWith(prefix) ? variant.id.slice(prefix.length) : "";
  return withModel ? variant.id : variant.layout + rest;
}

function rank(status: RunSummary["variants"][number]["status"]): number {
  return status === "won" ? 2 : status === "active" ? 1 : 0;
}

function took(summary: RunSummary): string {
  const { requests } = summary;
  const planned = summary.examples * summary.variants.length;
  const used = summary.variants.reduce((sum, variant) => sum + variant.trials, 0);
  const saved =
    planned > used && summary.status === "finished"
      ? `; the full grid is ${integer(planned)} trials, ${percent(1 - used / planned)} were not needed`
      : "";
  return `${integer(requests.sent)} calls (${integer(requests.retried)} retries), ${integer(requests.cached)} answers from cache or file, ${integer(requests.failed)} failed, ${duration(summary.durationMs)}${saved}.`;
}
