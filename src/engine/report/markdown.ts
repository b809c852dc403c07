import { judgeSentences } from "../analysis/judging.ts";
import { prefixMatters } from "../analysis/prefix.ts";
import type { RunSummary, VariantSummary } from "../runner/events.ts";
import { analyticsSections, type RunAnalytics } from "./analytics.ts";

/** The run as a page for a pull request or a wiki. */
export function markdownReport(summary: RunSummary, analytics?: RunAnalytics): string {
  const confidence = `${Math.round(summary.verdict.confidence * 100)} %`;
  const lines = [
    `# ${plain(summary.name)}`,
    "",
    `**${plain(summary.verdict.explanation)}**`,
    "",
    `| variant | trials | accuracy | ${confidence} interval | tokens per correct | cost | p50 | p95 | status |`,
    "|---|--:|--:|---|--:|--:|--:|--:|---|",
    ...ranked(summary).map(
      (v) =>
        `| ${plain(v.id)} | ${v.trials} | ${percent(v.accuracy)} | ${percent(v.interval[0])} to ${percent(v.interval[1])} | ${
          v.tokensPerCorrect === null ? "–" : Math.round(v.tokensPerCorrect).toLocaleString("en-US")
        } | ${v.cost === null ? "unknown" : v.cost === 0 ? "$0" : `$${v.cost.toFixed(4)}`} | ${ms(v.latency?.p50)} | ${ms(v.latency?.p95)} | ${v.status} |`,
    ),
    "",
    ...modelLines(summary.models),
    ...(summary.noise ?? []).map((one) => `> Noise of ${plain(one.id)}: ${plain(one.explanation)}`),
    ...scoreLines(summary),
    ...ensembleLines(summary.ensembles),
    ...(summary.judging === undefined ? [] : judgeSentences(summary.judging).map((each) => `> ${plain(each)}`)),
    ...prefixLines(summary),
    ...alertLines(summary.alerts ?? []),
    ...(analytics === undefined ? [] : analyticsLines(analytics)),
    ...summary.notes.map((note) => `> ${plain(note)}`),
    ...(summary.notes.length > 0 ? [""] : []),
    `Run \`${summary.run}\`, ${summary.createdAt}; ${summary.requests.sent} calls, ${summary.requests.cached} answers from cache or file, ` +
      `${summary.requests.failed} failed; ${plain(summary.stopped.reason)}.`,
    "",
  ];
  return lines.join("\n");
}

function alertLines(alerts: NonNullable<RunSummary["alerts"]>): string[] {
  return alerts.length === 0 ? [] : ["Alerts:", "", ...alerts.map(({ message }) => `- ${plain(message)}`), ""];
}

/** Layouts by models, with who named what, and how far they agree. */
function modelLines(models: RunSummary["models"]): string[] {
  if (models === undefined) return [];
  return [
    "## Models side by side",
    "",
    plain(models.explanation),
    "",
    `| layout | mean rank | ${models.models.map(({ model }) => plain(model)).join(" | ")} |`,
    `|---|--:|${models.models.map(() => "--:|").join("")}`,
    ...models.layouts.map(({ layout, meanRank, means }) => {
      const cells = means.map((mean, i) =>
        models.models[i]?.winner === layout ? `**${percent(mean)}**` : percent(mean),
      );
      return `| ${plain(layout)} | ${meanRank.toFixed(1)} | ${cells.join(" | ")} |`;
    }),
    "",
  ];
}

function ensembleLines(ensembles: RunSummary["ensembles"]): string[] {
  if (ensembles === undefined) return [];
  return [
    "## Ensembles",
    "",
    ...ensembles.map(({ model, explanation }) => `- ${plain(model)}: ${plain(explanation)}`),
    "",
  ];
}

/** The scorers beside the primary; a judge that judged no answer of any variant is none. */
export function otherNames({ variants }: RunSummary): readonly string[] {
  return [...new Set(variants.flatMap(({ scores }) => Object.keys(scores ?? {})))];
}

/** What the scorers beside the primary say. */
function scoreLines(summary: RunSummary): string[] {
  const names = otherNames(summary);
  if (names.length === 0) return [];
  return [
    "## Other scores",
    "",
    `| variant | ${names.map(plain).join(" | ")} |`,
    `|---|${names.map(() => "--:|").join("")}`,
    ...ranked(summary).map(
      ({ id, scores }) =>
        `| ${plain(id)} | ${names.map((name) => percent(scores?.[name] ?? Number.NaN)).join(" | ")} |`,
    ),
    "",
  ];
}

/** Titles of `prefixRows`. */
export const prefixTitles: readonly string[] = [
  "variant",
  "same for every example",
  "servable",
  "cached per answer, as billed",
  "1,000 calls, nothing cached",
  "prefix cached",
];

/** What a prefix cache serves and saves, a row a variant; none where it can do neither. */
export function prefixRows(summary: RunSummary): readonly (readonly string[])[] {
  if (!prefixMatters(summary.variants.map(({ prefix }) => prefix))) return [];
  const money = (value: number | undefined) => (value === undefined ? "unknown" : `$${value.toFixed(2)}`);
  return ranked(summary).flatMap(({ id, prefix }) =>
    prefix === undefined
      ? []
      : [
          [
            id,
            String(prefix.tokens),
            String(prefix.servable),
            prefix.cachedPerAnswer === null ? "–" : String(Math.round(prefix.cachedPerAnswer)),
            money(prefix.perThousand?.cold),
            money(prefix.perThousand?.warm),
          ],
        ],
  );
}

function prefixLines(summary: RunSummary): string[] {
  const rows = prefixRows(summary);
  if (rows.length === 0) return [];
  return [
    "## Prefix caching",
    "",
    `| ${prefixTitles.join(" | ")} |`,
    "|---|--:|--:|--:|--:|--:|",
    ...rows.map(([name = "", ...cells]) => `| ${plain(name)} | ${cells.join(" | ")} |`),
    "",
  ];
}

function analyticsLines(analytics: RunAnalytics): string[] {
  return analyticsSections(analytics).flatMap(({ title, columns, rows, lines }) => [
    `## ${plain(title)}`,
    "",
    ...(rows.length === 0
      ? []
      : [
          `| ${columns.map((column) => plain(column.title)).join(" | ")} |`,
          `|${columns.map(({ align }) => (align === "right" ? "--:|" : "---|")).join("")}`,
          ...rows.map((row) => `| ${row.map(plain).join(" | ")} |`),
          "",
        ]),
    ...lines.map((line) => `- ${plain(line)}`),
    ...(lines.length === 0 ? [] : [""]),
  ]);
}

/** The leader first, the dropped last. */
export function ranked(summary: RunSummary): readonly VariantSummary[] {
  const place = { won: 0, active: 1, dropped: 2 } as const;
  return [...summary.variants].sort((a, b) => place[a.status] - place[b.status] || b.accuracy - a.accuracy);
}

export function percent(value: number): string {
  return Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : "–";
}

export function ms(value: number | undefined): string {
  return value === undefined ? "–" : value > 0 && value < 1 ? "< 1 ms" : `${Math.round(value)} ms`;
}

function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, "\\$&").replace(/\s+/g, " ");
}
