import { normalCdf, normalQuantile } from "./normal.ts";

/**
 * Rows needed for McNemar's test to find a true difference with the given power, unrounded (Connor 1987):
 * (z_(alpha/2) sqrt(psi) + z_beta sqrt(psi - d²))² / d², psi = win + loss, d = win - loss.
 * @param win share of rows only the first gets right
 * @param loss share of rows only the second gets right
 */
export function pairedSampleSize(win: number, loss: number, alpha: number, power: number): number {
  const psi = win + loss;
  const d = win - loss;
  if (d === 0) return Number.POSITIVE_INFINITY;
  const root = normalQuantile(1 - alpha / 2) * Math.sqrt(psi) + normalQuantile(power) * Math.sqrt(psi - d * d);
  return (root * root) / (d * d);
}

/** The same solved for power: the chance that `n` rows show the difference at level alpha. */
export function pairedPower(win: number, loss: number, alpha: number, n: number): number {
  const psi = win + loss;
  const d = Math.abs(win - loss);
  if (d === 0) return alpha;
  const spread = Math.sqrt(psi - d * d);
  const reach = d * Math.sqrt(n) - normalQuantile(1 - alpha / 2) * Math.sqrt(psi);
  return spread === 0 ? (reach >= 0 ? 1 : 0) : normalCdf(reach / spread);
}

/**
 * Smallest difference that `n` paired rows show with the given power when a share `psi` of rows is discordant
 * (Miller 2024, "Adding Error Bars to Evals", section 5, in McNemar's form); psi itself when even that is too small.
 */
export function detectableDifference(psi: number, alpha: number, power: number, n: number): number {
  let lo = 0;
  let hi = psi;
  for (let i = 0; i < 80; i++) {
    const d = (lo + hi) / 2;
    if (pairedPower((psi + d) / 2, (psi - d) / 2, alpha, n) < power) lo = d;
    else hi = d;
  }
  return hi;
}

/**
 * Factor by which clustered rows (several questions on one passage) inflate the variance of a mean: the clustered
 * standard error squared over the naive one (Miller 2024, section 3). 1 means clustering does not matter.
 */
export function designEffect(values: readonly number[], clusters: readonly (string | number)[]): number {
  const n = values.length;
  if (n < 2) return 1;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const sums = new Map<string | number, number>();
  let naive = 0;
  values.forEach((v, i) => {
    naive += (v - mean) ** 2;
    const key = clusters[i] as string | number;
    sums.set(key, (sums.get(key) ?? 0) + v - mean);
  });
  let clustered = 0;
  for (const sum of sums.values()) clustered += sum * sum;
  return naive === 0 ? 1 : clustered / naive;
}
