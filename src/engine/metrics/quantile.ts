/** The p-quantile (p in [0, 1]) of ascending values, by linear interpolation between order statistics (Hyndman & Fan 1996, type 7). */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const n = ascending.length;
  if (n === 0) return Number.NaN;
  const at = p * (n - 1);
  const low = Math.floor(at);
  const below = ascending[low] ?? Number.NaN;
  const above = ascending[Math.min(n - 1, low + 1)] ?? below;
  return below + (above - below) * (at - low);
}
