/** The simple early-stopping rule, kept between looks. It has no error rate: it compares unpaired running means. */
export interface Patience {
  /**
   * Looks at the running means of the variants still in; returns those to drop, which were behind the best by more than
   * the threshold at `patience` looks in a row.
   */
  look(means: ReadonlyMap<number, number>): readonly number[];
}

/** Opens the rule: default 3 looks in a row, more than 0.1 behind. */
export function openPatience(options: { readonly patience?: number; readonly threshold?: number } = {}): Patience {
  const patience = options.patience ?? 3;
  const threshold = options.threshold ?? 0.1;
  const behind = new Map<number, number>();
  return {
    look(means) {
      const best = Math.max(...means.values());
      const dropped: number[] = [];
      for (const [variant, mean] of means) {
        const count = best - mean > threshold ? (behind.get(variant) ?? 0) + 1 : 0;
        behind.set(variant, count);
        if (count >= patience) dropped.push(variant);
      }
      return dropped;
    },
  };
}
