import { betaCdf } from "./beta.ts";

export interface MeanVectorTest {
  /** Hotelling's T squared brought to F. */
  readonly f: number;
  readonly df: readonly [number, number];
  readonly p: number;
}

/**
 * Tests whether the mean of several measurements a row is 0 in all of them (Hotelling 1931). Measurements that do not vary, or
 * repeat what others say, are left out. Undefined with fewer than five rows for each that is left, or with none.
 */
export function meanVectorTest(rows: readonly (readonly number[])[]): MeanVectorTest | undefined {
  const n = rows.length;
  const width = rows[0]?.length ?? 0;
  const mean = Array.from({ length: width }, (_, j) => rows.reduce((sum, row) => sum + (row[j] ?? 0), 0) / n);
  const covariance = mean.map((_, j) =>
    mean.map(
      (__, k) =>
        rows.reduce((sum, row) => sum + ((row[j] ?? 0) - (mean[j] ?? 0)) * ((row[k] ?? 0) - (mean[k] ?? 0)), 0) /
        (n - 1),
    ),
  );
  // Cholesky's factor of the covariance, built measurement by measurement, solves for the whitened mean as it grows.
  const factor: number[][] = [];
  const kept: number[] = [];
  const white: number[] = [];
  for (let j = 0; j < width; j++) {
    const line: number[] = [];
    kept.forEach((k, at) => {
      let sum = covariance[j]?.[k] ?? 0;
      for (let m = 0; m < at; m++) sum -= (line[m] ?? 0) * (factor[at]?.[m] ?? 0);
      line.push(sum / (factor[at]?.[at] ?? 1));
    });
    const own = covariance[j]?.[j] ?? 0;
    const rest = own - line.reduce((sum, value) => sum + value * value, 0);
    if (!(rest > 1e-9 * Math.max(own, 1e-9))) continue;
    const diagonal = Math.sqrt(rest);
    const dot = line.reduce((sum, value, m) => sum + value * (white[m] ?? 0), 0);
    white.push(((mean[j] ?? 0) - dot) / diagonal);
    factor.push([...line, diagonal]);
    kept.push(j);
  }
  const p = kept.length;
  if (p === 0 || n < 5 * p + 2) return undefined;
  const t2 = n * white.reduce((sum, value) => sum + value * value, 0);
  const f = ((n - p) / (p * (n - 1))) * t2;
  return { f, df: [p, n - p], p: fTail(f, p, n - p) };
}

/** P(X > f) for an F variable. */
function fTail(f: number, d1: number, d2: number): number {
  return f <= 0 ? 1 : betaCdf(d2 / (d2 + d1 * f), d2 / 2, d1 / 2);
}
