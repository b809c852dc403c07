import { kendallTau, ranks } from "../stats/rank.ts";
import type { VariantState, Verdict } from "./sampler.ts";
import { listed } from "./words.ts";

/** What the race of one model ended with. Every model has its own race, over the same stored order. */
export interface ModelResult {
  readonly model: string;
  /** Mean score by layout, all over the same rows or brought to them by pairing. */
  readonly means: Readonly<Record<string, number>>;
  /** Named layout, not variant id. */
  readonly winner: string | null;
  readonly kind: Verdict["kind"];
}

/** Do the models agree on how layouts rank? */
export interface ModelAgreement {
  readonly models: readonly Pick<ModelResult, "model" | "winner" | "kind">[];
  /** Layouts that every model has, the best mean rank first; `means` in the order of `models`. */
  readonly layouts: readonly {
    readonly layout: string;
    readonly meanRank: number;
    readonly means: readonly number[];
  }[];
  /** Kendall's tau-b between the models' means; 1 on the diagonal. */
  readonly tau: readonly (readonly number[])[];
  /** Mean of the tau of all pairs of models; 1 for a single model. */
  readonly agreement: number;
  readonly explanation: string;
}

/**
 * The result of one race. A variant that was dropped early has seen fewer rows, and easier or harder ones, than the named
 * one; its mean is therefore the named one's minus the difference on the rows both have seen. `nameOf` gives the layout of
 * a variant's id.
 */
export function modelResult(
  model: string,
  verdict: Verdict,
  variants: readonly VariantState[],
  nameOf: (id: string) => string,
): ModelResult {
  const named = variants.find((v) => v.id === verdict.winner);
  const means = variants.map((v): [string, number] => {
    const rival = verdict.rivals.find((r) => r.id === v.id);
    const paired = named === undefined || rival === undefined ? v.accuracy : named.accuracy - rival.difference;
    return [nameOf(v.id), v === named ? v.accuracy : paired];
  });
  return {
    model,
    means: Object.fromEntries(means),
    winner: verdict.winner === null ? null : nameOf(verdict.winner),
    kind: verdict.kind,
  };
}

/** Lays the models' results side by side. A winner must never be carried from one model to another without this check. */
export function agreeModels(results: readonly ModelResult[]): ModelAgreement {
  const models = results.map(({ model, winner, kind }) => ({ model, winner, kind }));
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
  return { models, layouts, tau, agreement, explanation: sentence(results, agreement) };
}

function sentence(results: readonly ModelResult[], agreement: number): string {
  if (results.length < 2) return "One model only, so there is nothing to agree on.";
  const tau = `rank agreement (mean Kendall tau) ${agreement.toFixed(2)}`;
  const level = results.filter((r) => r.kind === "equivalent").length;
  if (level === results.length) return `For none of the ${results.length} models does it make a difference (${tau}).`;
  const decided = results.filter((r) => r.winner !== null && r.kind !== "undecided");
  const winners = new Set(decided.map((r) => r.winner));
  if (decided.length === results.length && winners.size === 1) {
    return `All ${results.length} models name ${[...winners][0]} (${tau}).`;
  }
  const each = results.map((r) => {
    if (r.winner === null) return `${r.model} names nothing`;
    if (r.kind === "undecided") return `${r.model} is undecided with ${r.winner} ahead`;
    return `${r.model} names ${r.winner}${r.kind === "equivalent" ? ", level with others" : ""}`;
  });
  const start = winners.size > 1 ? "The models differ" : "The models do not all name one";
  return `${start} (${tau}): ${listed(each)}. Do not carry a winner from one model to another.`;
}
