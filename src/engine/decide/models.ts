import { kendallTau, ranks } from "../stats/rank.ts";
import type { Verdict } from "./sampler.ts";
import { listed } from "./words.ts";

/** What the race of one model ended with. Every model has its own race, over the same stored order. */
export interface ModelResult {
  readonly model: string;
  /** Mean score by layout. */
  readonly means: Readonly<Record<string, number>>;
  /** Named layout, not variant id. */
  readonly winner: string | null;
  readonly kind: Verdict["kind"];
}

/** Do the models agree on how layouts rank? */
export interface ModelAgreement {
  /** Layouts that every model has, the best mean rank first. */
  readonly layouts: readonly {
    readonly layout: string;
    readonly meanRank: number;
    readonly means: readonly number[];
  }[];
  readonly models: readonly string[];
  /** Kendall's tau-b between the models' means; 1 on the diagonal. */
  readonly tau: readonly (readonly number[])[];
  /** Mean of the tau of all pairs of models; 1 for a single model. */
  readonly agreement: number;
  readonly explanation: string;
}

/** Lays the models' results side by side. A winner must never be carried from one model to another without this check. */
export function agreeModels(results: readonly ModelResult[]): ModelAgreement {
  const models = results.map((r) => r.model);
  const names = Object.keys(results[0]?.means ?? {}).filter((l) => results.every((r) => r.means[l] !== undefined));
  const columns = results.map((r) => names.map((l) => r.means[l] as number));
  const rankings = columns.map((means) => ranks(means.map((m) => -m)));
  const tau = columns.map((x, i) => columns.map((y, j) => (i === j ? 1 : kendallTau(x, y))));
  const pairs = tau.flatMap((row, i) => row.slice(i + 1));
  const agreement = pairs.length === 0 ? 1 : pairs.reduce((s, t) => s + t, 0) / pairs.length;
  const layouts = names
    .map((layout, l) => ({
      layout,
      meanRank: rankings.reduce((s, r) => s + (r[l] as number), 0) / Math.max(1, rankings.length),
      means: columns.map((c) => c[l] as number),
    }))
    .sort((a, b) => a.meanRank - b.meanRank || (a.layout < b.layout ? -1 : 1));
  return { layouts, models, tau, agreement, explanation: sentence(results, agreement) };
}

function sentence(results: readonly ModelResult[], agreement: number): string {
  if (results.length < 2) return "One model only, so there is nothing to agree on.";
  const decided = results.filter((r) => r.winner !== null && r.kind !== "undecided");
  const winners = new Set(decided.map((r) => r.winner));
  const tau = `mean Kendall tau ${agreement.toFixed(2)}`;
  if (decided.length === results.length && winners.size === 1) {
    return `All ${results.length} models name ${[...winners][0]} (${tau}).`;
  }
  const each = results.map(
    (r) => `${r.model}: ${r.winner ?? "nothing"}${r.kind === "undecided" ? " leads, undecided" : ""}`,
  );
  return `The models do not all name one layout (${tau}): ${listed(each)}. Do not carry a winner from one to another.`;
}
