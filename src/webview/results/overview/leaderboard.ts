import { html, nothing, type TemplateResult } from "lit";
import type { VariantSummary } from "../../../engine/runner/events.ts";
import { count, dollars, interval, milliseconds, percent } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { type Column, sortableTable } from "../../shared/sortableTable.ts";
import type { ResultsContext } from "../context.ts";

export const statusSigns = {
  active: { icon: "circle-outline", word: "to the end" },
  dropped: { icon: "close", word: "dropped" },
  won: { icon: "star-full", word: "won" },
} as const;

export function leaderboard(context: ResultsContext): TemplateResult {
  const { state, details, update } = context;
  return sortableTable<VariantSummary>({
    label: "Leaderboard",
    columns: leaderboardColumns(context),
    rows: details.summary.variants,
    keyOf: (variant) => variant.id,
    sort: state.leaderboardSort,
    onSort: (leaderboardSort) => update({ leaderboardSort }),
    rowClass: (variant) => `is-${variant.status}`,
  });
}

/** Money for a thousand calls as they were made; null when the price is unknown. */
export function costPerThousand(variant: VariantSummary): number | null {
  return variant.cost === null || variant.trials === 0 ? null : (variant.cost / variant.trials) * 1000;
}

export function leaderboardColumns({ nameOf, details }: ResultsContext): readonly Column<VariantSummary>[] {
  const best = details.summary.verdict.winner;
  return [
    {
      id: "variant",
      label: "Variant",
      head: true,
      value: (v) => v.id,
      cell: (v) =>
        html`<span class="variant-name" title=${v.id}>${nameOf(v.id)}${
          v.id === best && v.status !== "won" ? html` <span class="chip">best</span>` : nothing
        }${
          v.exploratory === true
            ? html` <span class="chip" title="The editor adds its own text to every prompt and reports no usage">exploratory</span>`
            : nothing
        }</span>`,
    },
    {
      id: "status",
      label: "Status",
      value: (v) => statusSigns[v.status].word,
      cell: (v) =>
        html`<span class="variant-status" title=${v.reason === "" ? nothing : v.reason}>${icon(statusSigns[v.status].icon)} ${statusSigns[v.status].word}</span>`,
    },
    numeric(
      "accuracy",
      "Accuracy",
      (v) => known(v, v.accuracy),
      (v) => (v.trials === 0 ? "–" : percent(v.accuracy)),
    ),
    {
      ...numeric(
        "interval",
        "Interval",
        (v) => known(v, v.interval[0]),
        (v) => (v.trials === 0 ? "–" : html`<span class="muted">${interval(v.interval)}</span>`),
      ),
      title: "Where its accuracy on future rows lies",
    },
    numeric(
      "correct",
      "Right",
      (v) => v.correct,
      (v) => count(v.correct),
    ),
    numeric(
      "trials",
      "Trials",
      (v) => v.trials,
      (v) => count(v.trials),
    ),
    {
      ...numeric(
        "unparsable",
        "Unparsable",
        (v) => v.unparsable,
        (v) => count(v.unparsable),
      ),
      title: "Answers that could not be read; they count as wrong",
    },
    numeric(
      "failed",
      "Failed",
      (v) => v.failed,
      (v) => count(v.failed),
    ),
    {
      ...numeric(
        "tokensPerCorrect",
        "Tokens / right",
        (v) => v.tokensPerCorrect,
        (v) => (v.tokensPerCorrect === null ? "–" : count(v.tokensPerCorrect)),
      ),
      title: "Tokens spent for each right answer",
    },
    {
      ...numeric("cost", "$ / 1,000", costPerThousand, (v) => dollars(costPerThousand(v))),
      title: "US dollars for a thousand calls",
    },
    {
      ...numeric(
        "p50",
        "p50",
        (v) => v.latency?.p50 ?? null,
        (v) => (v.latency === null ? "–" : milliseconds(v.latency.p50)),
      ),
      title: "Half of the calls took at most this long",
    },
    {
      ...numeric(
        "p95",
        "p95",
        (v) => v.latency?.p95 ?? null,
        (v) => (v.latency === null ? "–" : milliseconds(v.latency.p95)),
      ),
      title: "95 of 100 calls took at most this long",
    },
  ];
}

function known(variant: VariantSummary, value: number): number | null {
  return variant.trials === 0 ? null : value;
}

function numeric(
  id: string,
  label: string,
  value: (variant: VariantSummary) => number | null,
  cell: (variant: VariantSummary) => unknown,
): Column<VariantSummary> {
  return { id, label, numeric: true, value, cell };
}
