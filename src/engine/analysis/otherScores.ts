import type { RunRecord, Store } from "../store/store.ts";

/**
 * Mean of every scorer but the primary, by variant and scorer; over the trials that count for accuracy, where an answer that could
 * not be read scores 0. Undefined where there is one scorer only, as every trial has to be read for it.
 */
export async function otherScores(
  store: Store,
  record: RunRecord,
): Promise<ReadonlyMap<number, Readonly<Record<string, number>>> | undefined> {
  const others = record.scorers.slice(1);
  if (others.length === 0) return undefined;
  const sums = record.variants.map(() => ({ trials: 0, scores: others.map(() => 0) }));
  for await (const { variant, score, scores } of store.trials.each({ run: record.id })) {
    const sum = sums[variant];
    if (sum === undefined || score === undefined) continue;
    sum.trials += 1;
    others.forEach((name, i) => {
      sum.scores[i] = (sum.scores[i] ?? 0) + (scores[name] ?? 0);
    });
  }
  return new Map(
    sums.flatMap(({ trials, scores }, variant) =>
      trials === 0
        ? []
        : [[variant, Object.fromEntries(others.map((name, i) => [name, (scores[i] ?? 0) / trials]))] as const],
    ),
  );
}
