/** Holm's step-down adjusted p-values (Holm 1979): any of them under alpha may be claimed with familywise error alpha. */
export function holm(p: readonly number[]): number[] {
  const order = ascending(p);
  const out = new Array<number>(p.length);
  let running = 0;
  order.forEach((at, rank) => {
    running = Math.max(running, Math.min(1, (p.length - rank) * (p[at] as number)));
    out[at] = running;
  });
  return out;
}

/** Benjamini and Hochberg's step-up adjusted p-values (1995): false discovery rate, for independent or positively dependent tests. */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = ascending(p);
  const out = new Array<number>(p.length);
  let running = 1;
  for (let rank = order.length - 1; rank >= 0; rank--) {
    const at = order[rank] as number;
    running = Math.min(running, ((p[at] as number) * p.length) / (rank + 1));
    out[at] = running;
  }
  return out;
}

/**
 * e-BH (Wang & Ramdas 2022): true for each hypothesis that may be rejected with false discovery rate alpha, whatever the
 * dependence between the e-values.
 */
export function eBenjaminiHochberg(e: readonly number[], alpha: number): boolean[] {
  const order = ascending(e).reverse();
  let kept = 0;
  order.forEach((at, rank) => {
    if ((e[at] as number) >= e.length / (alpha * (rank + 1))) kept = rank + 1;
  });
  const out = new Array<boolean>(e.length).fill(false);
  for (const at of order.slice(0, kept)) out[at] = true;
  return out;
}

function ascending(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number) || i - j);
}
