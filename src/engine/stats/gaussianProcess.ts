import { normalCdf, normalDensity } from "./normal.ts";

/** A point of a mixed space: categories by number, and numbers scaled to [0, 1]. */
export interface MixedPoint {
  readonly categories: readonly number[];
  readonly numbers: readonly number[];
}

export interface Kernel {
  readonly signalSd: number;
  /** Length scale of the numbers. */
  readonly lengthscale: number;
  /** Length scale of the Hamming distance between categories. */
  readonly categoryScale: number;
}

/**
 * Covariance of two points: signal² · exp(-Hamming / l_c) · exp(-|x - y|² / 2 l²). A product of kernels on the
 * categorical and numeric parts, as for the mixed spaces of CoCaBO (Ru et al. 2020).
 */
export function covariance(kernel: Kernel, x: MixedPoint, y: MixedPoint): number {
  let square = 0;
  for (let i = 0; i < x.numbers.length; i++) square += ((x.numbers[i] as number) - (y.numbers[i] as number)) ** 2;
  let differing = 0;
  for (let i = 0; i < x.categories.length; i++) if (x.categories[i] !== y.categories[i]) differing++;
  return (
    kernel.signalSd ** 2 *
    Math.exp(-differing / kernel.categoryScale) *
    Math.exp(-square / (2 * kernel.lengthscale ** 2))
  );
}

export interface GaussianProcess {
  /** Posterior mean and standard deviation of the function (without noise) at a point. */
  at(point: MixedPoint): { readonly mean: number; readonly sd: number };
  /** Log marginal likelihood of the data, for choosing a kernel. */
  readonly logEvidence: number;
}

/**
 * Gaussian-process regression by Cholesky factors (Rasmussen & Williams 2006, algorithm 2.1) with constant mean, the
 * mean of y unless given, and known noise variance at each point.
 */
export function gaussianProcess(
  points: readonly MixedPoint[],
  y: readonly number[],
  noiseVariance: readonly number[],
  kernel: Kernel,
  constant = y.reduce((s, v) => s + v, 0) / Math.max(1, y.length),
): GaussianProcess {
  const n = points.length;
  const factor: Float64Array[] = [];
  for (let i = 0; i < n; i++) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j <= i; j++) {
      let sum = covariance(kernel, points[i] as MixedPoint, points[j] as MixedPoint);
      if (i === j) sum += (noiseVariance[i] as number) + 1e-12;
      const other = j === i ? row : (factor[j] as Float64Array);
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number);
      row[j] = i === j ? Math.sqrt(Math.max(sum, 1e-15)) : sum / (other[j] as number);
    }
    factor.push(row);
  }
  const forward = (b: readonly number[]): Float64Array => {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = b[i] as number;
      const row = factor[i] as Float64Array;
      for (let k = 0; k < i; k++) sum -= (row[k] as number) * (out[k] as number);
      out[i] = sum / (row[i] as number);
    }
    return out;
  };
  const white = forward(y.map((v) => v - constant));
  let logEvidence = (-n / 2) * Math.log(2 * Math.PI);
  for (let i = 0; i < n; i++) {
    logEvidence -= 0.5 * (white[i] as number) ** 2 + Math.log((factor[i] as Float64Array)[i] as number);
  }
  return {
    logEvidence,
    at(point) {
      const v = forward(points.map((p) => covariance(kernel, p, point)));
      let mean = constant;
      let variance = covariance(kernel, point, point);
      for (let i = 0; i < n; i++) {
        mean += (v[i] as number) * (white[i] as number);
        variance -= (v[i] as number) ** 2;
      }
      return { mean, sd: Math.sqrt(Math.max(0, variance)) };
    },
  };
}

/** Expected improvement over `best` (Jones, Schonlau, Welch 1998), with an optional margin xi. */
export function expectedImprovement(mean: number, sd: number, best: number, xi = 0): number {
  const gain = mean - best - xi;
  if (sd <= 0) return Math.max(0, gain);
  const z = gain / sd;
  return gain * normalCdf(z) + sd * normalDensity(z);
}
