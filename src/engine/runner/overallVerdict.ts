import type { Sampler, Verdict } from "../decide/sampler.ts";

/**
 * One verdict for a run. With one model it is that model's. Layout effects change sign between models, so with several
 * nothing is pooled: the run is decided when every model is, its winner is the one with the highest mean of those the
 * models name, and the sentence gives each model its own.
 */
export function overallVerdict(
  races: readonly { readonly model: string; readonly sampler: Pick<Sampler, "verdict" | "variants"> }[],
): Verdict {
  const all = races.map(({ model, sampler }) => {
    const verdict = sampler.verdict();
    const mean = sampler.variants().find((variant) => variant.id === verdict.winner)?.accuracy ?? -1;
    return { model, verdict, mean };
  });
  const [best] = [...all].sort((a, b) => b.mean - a.mean);
  if (best === undefined) throw new Error("a run without models has no verdict");
  if (all.length === 1) return best.verdict;
  const undecided = all.filter(({ verdict }) => verdict.kind === "undecided");
  const waiting = undecided.map(({ verdict }) => verdict.moreTrials);
  return {
    ...best.verdict,
    ...(undecided.length === 0 ? {} : { kind: "undecided", tied: undecided.flatMap(({ verdict }) => verdict.tied) }),
    explanation: all.map(({ model, verdict }) => `${model}: ${verdict.explanation}`).join(" "),
    // The models share the rows, so the one that needs most counts.
    moreTrials: waiting.some((more) => more === null)
      ? null
      : waiting.reduce<number>((most, more) => Math.max(most, more ?? 0), 0),
    guaranteed: all.every(({ verdict }) => verdict.guaranteed),
  };
}

/** A verdict under rules that were chosen after the results were seen. */
export function exploring(verdict: Verdict): Verdict {
  const explanation = `${verdict.explanation} Decided again with results in view, so this explores: its error rate is not ${Math.round((1 - verdict.confidence) * 100)} %.`;
  return { ...verdict, explanation, guaranteed: false };
}

/** A verdict about a model that was sent more than the experiment's own text. */
export function exploratory(verdict: Verdict): Verdict {
  const explanation = `${verdict.explanation} Exploratory: the editor adds text of its own to every prompt, so this is about both together.`;
  return { ...verdict, explanation, guaranteed: false };
}

/** A verdict about answers that saw the answers before them. */
export function ordered(verdict: Verdict): Verdict {
  const explanation = `${verdict.explanation} Exploratory: requests were turns of one conversation, so answers depend on those before them and on the order of the rows.`;
  return { ...verdict, explanation, guaranteed: false };
}
