import { type JudgingReport, judgeSentences } from "../../engine/analysis/judging.ts";
import { prefixMatters } from "../../engine/analysis/prefix.ts";
import { otherNames } from "../../engine/report/markdown.ts";
import type { RunSummary, VariantSummary } from "../../engine/runner/events.ts";
import { dollars, duration, integer, interval, percent } from "./numbers.ts";
import { type Column, table } from "./table.ts";

/** A column of the leaderboard; one that would say the same of every variant is left out. */
interface Figure extends Column {
  readonly of: (variant: VariantSummary) => string;
  readonly worth?: (variants: readonly VariantSummary[]) => boolean;
}

/** The leaderboard, the verdict and what it took, as a terminal shows a run that ended. */
export function runReport(summary: RunSummary): string {
  const variants = [...summary.variants].sort((a, b) => rank(b) - rank(a) || b.accuracy - a.accuracy);
  const figures = figuresOf(summary).filter((figure) => figure.worth?.(variants) ?? true);
  const asked = variants.some((variant) => variant.trials > 0 || variant.failed > 0);
  return [
    ...(asked
      ? [
          table(
            figures,
            variants.map((variant) => figures.map((figure) => figure.of(variant))),
          ),
          "",
        ]
      : []),
    ...prefixTable(variants),
    ...verdictLines(summary),
    ...(summary.noise ?? []).map((one) => `Noise of ${one.id}: ${one.explanation}`),
    ...(summary.ensembles ?? []).map(({ model, explanation }) => `Ensemble (${model}): ${explanation}`),
    ...(summary.judging === undefined ? [] : judgingLines(summary.judging)),
    ...(summary.alerts ?? []).map(({ message }) => `Alert: ${message}.`),
    ...summary.notes.map((note) => `Note: ${note}`),
    ...(summary.status === "finished" ? [] : [`${ended[summary.status]}: ${summary.stopped.reason}.`]),
    "",
    took(summary),
  ].join("\n");
}

function judgingLines(judging: JudgingReport): string[] {
  const { calls, tokens, cost } = judging;
  const took = `${integer(calls)} ${calls === 1 ? "call" : "calls"}, ${integer(tokens.prompt + tokens.completion)} tokens${cost === 0 ? "" : `, ${dollars(cost)}`}`;
  return [...judgeSentences(judging).map((sentence) => `Judge: ${sentence}`), `Judging took ${took}.`];
}

/** One model: its verdict. Several: each one's, and whether they agree. */
function verdictLines({ verdict, verdicts, models }: RunSummary): string[] {
  if (models === undefined) return [`Verdict: ${verdict.explanation}`];
  const right = { align: "right" } as const;
  const columns = [
    { title: "" },
    { title: "mean rank", ...right },
    ...models.models.map(({ model }) => ({ title: model, ...right })),
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

const ended: Readonly<Record<RunSummary["status"], string>> = {
  finished: "Finished",
  running: "Still going",
  stopped: "Stopped early",
  interrupted: "Interrupted",
  failed: "Failed",
};

function figuresOf(summary: RunSummary): readonly Figure[] {
  const models = new Set(summary.variants.map((variant) => variant.model));
  return [
    { title: "variant", of: (variant) => label(variant, models.size > 1) },
    { title: "trials", align: "right", of: (variant) => integer(variant.trials) },
    { title: "accuracy", align: "right", of: (variant) => (variant.trials === 0 ? "–" : percent(variant.accuracy)) },
    {
      title: percent(summary.verdict.confidence).replace(".0", ""),
      of: (variant) => (variant.trials === 0 ? "" : interval(variant.interval)),
    },
    ...otherNames(summary).map(
      (name): Figure => ({
        title: name,
        align: "right",
        of: ({ scores }) => (scores?.[name] === undefined ? "–" : percent(scores[name])),
      }),
    ),
    {
      title: "unreadable",
      align: "right",
      of: (variant) => integer(variant.unparsable),
      worth: (variants) => variants.some((variant) => variant.unparsable > 0),
    },
    {
      title: "failed",
      align: "right",
      of: (variant) => integer(variant.failed),
      worth: (variants) => variants.some((variant) => variant.failed > 0),
    },
    {
      title: "tokens/correct",
      align: "right",
      of: (variant) => (variant.tokensPerCorrect === null ? "–" : integer(variant.tokensPerCorrect)),
    },
    {
      title: "cost",
      align: "right",
      of: (variant) => dollars(variant.cost),
      worth: (variants) => variants.some((variant) => variant.cost !== 0),
    },
    {
      title: "p50",
      align: "right",
      of: (variant) => (variant.latency === null ? "–" : duration(variant.latency.p50)),
      worth: (variants) => variants.some((variant) => variant.latency !== null),
    },
    { title: "", of: (variant) => (variant.status === "active" ? "" : variant.status) },
  ];
}

/** What a provider's prefix cache serves and saves, where it can. */
function prefixTable(variants: readonly VariantSummary[]): string[] {
  if (!prefixMatters(variants.map(({ prefix }) => prefix))) return [];
  const models = new Set(variants.map(({ model }) => model));
  const rows = variants.flatMap((variant) => {
    const { prefix } = variant;
    if (prefix === undefined) return [];
    const { tokens, servable, cachedPerAnswer, perThousand } = prefix;
    return [
      [
        label(variant, models.size > 1),
        integer(tokens),
        integer(servable),
        cachedPerAnswer === null ? "–" : integer(cachedPerAnswer),
        dollars(perThousand?.cold),
        dollars(perThousand?.warm),
      ],
    ];
  });
  const right = { align: "right" } as const;
  return [
    table(
      [
        { title: "prompt prefix" },
        { title: "tokens", ...right },
        { title: "servable", ...right },
        { title: "cached/answer", ...right },
        { title: "1,000 calls", ...right },
        { title: "prefix cached", ...right },
      ],
      rows,
    ),
    "",
  ];
}

function label(variant: VariantSummary, withModel: boolean): string {
  const prefix = `${variant.layout}/${variant.model}`;
  const rest = variant.id.startsWith(prefix) ? variant.id.slice(prefix.length) : "";
  return withModel ? variant.id : variant.layout + rest;
}

function rank({ status }: VariantSummary): number {
  return status === "won" ? 2 : status === "active" ? 1 : 0;
}

function took(summary: RunSummary): string {
  const { requests } = summary;
  const planned = summary.examples * summary.variants.length;
  const used = summary.variants.reduce((sum, variant) => sum + variant.trials, 0);
  const parts = [
    `${integer(requests.sent)} ${requests.sent === 1 ? "call" : "calls"}`,
    ...(requests.retried > 0 ? [`${integer(requests.retried)} of them again`] : []),
    ...(requests.cached > 0 ? [`${integer(requests.cached)} answers without a call`] : []),
    ...(requests.failed > 0 ? [`${integer(requests.failed)} failed`] : []),
    duration(summary.durationMs),
  ];
  // Trials that failed are missing for another reason.
  const saved =
    planned > used && summary.status === "finished" && requests.failed === 0
      ? ` ${percent(1 - used / planned)} of the full grid's ${integer(planned)} trials were not needed.`
      : "";
  return `${parts.join(", ")}.${saved}`;
}
