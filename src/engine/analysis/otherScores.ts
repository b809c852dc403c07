import type { RunRecord, Store } from "../store/store.ts";

/**
 * Mean of every scorer but the primary, by variant and scorer; over the trials that count for accuracy, where an answer that could
 * not be read scores 0 and one that a judge left out counts for nothing; without a scorer that scored none. Undefined where there is one scorer only, as every trial has to be read for it.
 */
export async function otherScores(
  store: Store,
  record: RunRecord,
): Promise<ReadonlyMap<number, Readonly<Record<string, number>>> | undefined> {
  const others = record.scorers.slice(1);
  if (others.length === 0) return undefined;
  const sums = record.variants.map(() => others.map((name) => ({ name, trials: 0, sum: 0 })));
  const seen = new Set<number>();
  for await (const { variant, score, scores, notes } of store.trials.each({ run: record.id })) {
    if (score === undefined) continue;
    seen.add(variant);
    for (const one of sums[variant] ?? []) {
      const value = scores[one.name];
      if (value === undefined && notes?.[one.name] !== undefined) continue;
      one.trials += 1;
      one.sum += value ?? 0;
    }
  }
  return new Map(
    sums.flatMap((scorers, variant) => {
      const scored = scorers.filter(({ trials }) => trials > 0);
      return seen.has(variant)
        ? [[variant, Object.fromEntries(scored.map(({ name, trials, sum }) => [name, sum / trials]))] as const]
        : [];
    }),
  );
}
