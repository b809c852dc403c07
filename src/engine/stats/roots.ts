/**
 * The point of [lo, hi] where a monotone function changes sign, by bisection. `f(lo)` and `f(hi)` must differ in sign;
 * where they do not, the end with the smaller absolute value is returned.
 */
export function bisect(f: (x: number) => number, lo: number, hi: number, iterations = 100): number {
  const atLo = f(lo);
  const atHi = f(hi);
  if (atLo === 0) return lo;
  if (atHi === 0) return hi;
  if (atLo > 0 === atHi > 0) return Math.abs(atLo) < Math.abs(atHi) ? lo : hi;
  let a = lo;
  let b = hi;
  for (let i = 0; i < iterations; i++) {
    const mid = (a + b) / 2;
    if (mid === a || mid === b) break;
    if (f(mid) > 0 === atLo > 0) a = mid;
    else b = mid;
  }
  return (a + b) / 2;
}
