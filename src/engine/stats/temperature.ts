import { logLoss } from "./calibration.ts";
import { bisect } from "./roots.ts";

/**
 * Temperature scaling for one confidence per answer (Guo et al. 2017): the T that minimises the log loss of
 * sigmoid(logit(confidence) / T). The loss is convex in 1/T, so its slope is bisected. T is kept in [0.01, 100].
 * Fit it on held-out rows. It never changes which answer is given.
 */
export function fitTemperature(confidence: readonly number[], correct: readonly number[]): { T: number; nll: number } {
  const logits = confidence.map(logit);
  const slope = (s: number) => logits.reduce((sum, z, i) => sum + (sigmoid(s * z) - (correct[i] as number)) * z, 0);
  const inverse = Math.exp(bisect((logS) => slope(Math.exp(logS)), Math.log(0.01), Math.log(100)));
  return {
    T: 1 / inverse,
    nll: logLoss(
      confidence.map((c) => scaleConfidence(c, 1 / inverse)),
      correct,
    ),
  };
}

/** A confidence after temperature T. */
export function scaleConfidence(confidence: number, T: number): number {
  return sigmoid(logit(confidence) / T);
}

function logit(p: number): number {
  const q = Math.min(1 - 1e-12, Math.max(1e-12, p));
  return Math.log(q / (1 - q));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
