/** Cohen's h: difference of two proportions on the arcsine scale (Cohen 1988); 0.2 small, 0.5 medium, 0.8 large. */
export function cohensH(p1: number, p2: number): number {
  return 2 * Math.asin(Math.sqrt(p1)) - 2 * Math.asin(Math.sqrt(p2));
}

/** Conditional odds ratio of discordant rows, with half a row added to each side so that it is always finite. */
export function pairedOddsRatio(wins: number, losses: number): number {
  return (wins + 0.5) / (losses + 0.5);
}

/** Cohen's kappa (1960): agreement of two raters beyond chance. 1 when both always give the same single label. */
export function cohensKappa(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const n = a.length;
  const countA = new Map<string | number, number>();
  const countB = new Map<string | number, number>();
  let same = 0;
  a.forEach((x, i) => {
    const y = b[i] as string | number;
    if (x === y) same++;
    countA.set(x, (countA.get(x) ?? 0) + 1);
    countB.set(y, (countB.get(y) ?? 0) + 1);
  });
  let chance = 0;
  for (const [label, count] of countA) chance += (count / n) * ((countB.get(label) ?? 0) / n);
  return chance === 1 ? 1 : (same / n - chance) / (1 - chance);
}

/** Phi coefficient of two 0/1 columns: how strongly two variants get the same rows right. 0 when one is constant. */
export function phi(a: readonly number[], b: readonly number[]): number {
  return correlation(a, b);
}

/** Pearson's correlation; 0 when one side is constant. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const mx = x.reduce((s, v) => s + v, 0) / n;
  const my = y.reduce((s, v) => s + v, 0) / n;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; i++) {
    const dx = (x[i] as number) - mx;
    const dy = (y[i] as number) - my;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}
