import { logGamma } from "./gamma.ts";

/** Logarithms of factorials, worked out once as far as anyone asked. */
let logFactorials = new Float64Array(0);

function logFactorial(n: number): number {
  if (n >= logFactorials.length) {
    const longer = new Float64Array(Math.max(1024, 2 * n + 2));
    for (let i = 1; i < longer.length; i++) longer[i] = logGamma(i + 1);
    logFactorials = longer;
  }
  return logFactorials[n] as number;
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/**
 * P(X >= hits) where X counts the marked among `drawn` of `total`, of which `marked` are: Fisher's exact test against chance,
 * one-sided. Exact whatever the sizes; conservative where few outcomes are possible.
 */
export function fisherUpper(hits: number, drawn: number, marked: number, total: number): number {
  const least = Math.max(0, drawn + marked - total);
  const most = Math.min(drawn, marked);
  if (hits <= least) return 1;
  if (hits > most) return 0;
  const all = logChoose(total, drawn);
  let term = Math.exp(logChoose(marked, hits) + logChoose(total - marked, drawn - hits) - all);
  let sum = term;
  // Each mass from the one before: the sum ends where it no longer changes.
  for (let k = hits; k < most; k++) {
    term *= ((marked - k) / (k + 1)) * ((drawn - k) / (total - marked - drawn + k + 1));
    sum += term;
    if (term < sum * 1e-16) break;
  }
  return Math.min(1, sum);
}
