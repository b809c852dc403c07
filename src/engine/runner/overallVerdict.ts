import type { Verdict } from "../decide/sampler.ts";

/**
 * One verdict for a run. With one model it is that model's. Layout effects change sign between models, so with several
 * nothing is pooled: the run is decided when every model is, its winner is the best model's, and the sentence gives each
 * model its own.
 */
export function overallVerdict(verdicts: readonly { readonly model: string; readonly verdict: Verdict }[]): Verdict {
  const [first] = verdicts;
  if (first === undefined) throw new Error("a run without models has no verdict");
  if (verdicts.length === 1) return first.verdict;
  const undecided = verdicts.filter(({ verdict }) => verdict.kind === "undecided");
  const lead = undecided[0] ?? first;
  const explanation = verdicts.map(({ model, verdict }) => `${model}: ${verdict.explanation}`).join(" ");
  const waiting = undecided.map(({ verdict }) => verdict.moreTrials);
  return {
    ...lead.verdict,
    tied: verdicts.length === undecided.length ? undecided.flatMap(({ verdict }) => verdict.tied) : lead.verdict.tied,
    explanation,
    moreTrials: waiting.some((more) => more === null)
      ? null
      : waiting.reduce<number>((sum, more) => sum + (more ?? 0), 0),
    guaranteed: verdicts.every(({ verdict }) => verdict.guaranteed),
  };
}
