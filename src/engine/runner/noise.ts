import { noiseFloor } from "../decide/compare.ts";
import type { RunRecord, Store } from "../store/store.ts";
import type { VariantNoise } from "./events.ts";

/**
 * The A/A comparison of every variant that was asked twice on some rows: first answers against second ones. Both are answers
 * of their own, as the repeat is part of the cache's key. Empty for a run that asks once.
 */
export async function measureNoise(
  store: Store,
  record: RunRecord,
  confidence: number,
): Promise<readonly VariantNoise[]> {
  if (Number(record.settings["repeats"] ?? 1) < 2) return [];
  const sides = record.variants.map(() => [new Map<string, number>(), new Map<string, number>()] as const);
  const { variant, position, repeat, score } = await store.trials.scores(record.id);
  for (let i = 0; i < variant.length; i++) {
    const value = score[i] ?? Number.NaN;
    if (!Number.isNaN(value)) sides[variant[i] ?? 0]?.[repeat[i] ?? 0]?.set(String(position[i]), value);
  }
  return record.variants.flatMap(({ id, layout, index }) => {
    const [first, second] = sides[index] ?? [];
    if (first === undefined || second === undefined) return [];
    const noise = noiseFloor(first, second, { confidence });
    return noise.rows === 0 ? [] : [{ id, layout, ...noise }];
  });
}
