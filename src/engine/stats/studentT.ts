import { betaQuantile } from "./beta.ts";

/** The t with P(T <= t) = q for Student's t with `df` degrees of freedom, through the beta distribution. */
export function tQuantile(q: number, df: number): number {
  if (q === 0.5) return 0;
  const tail = 2 * Math.min(q, 1 - q);
  const x = betaQuantile(tail, df / 2, 0.5);
  const t = Math.sqrt((df * (1 - x)) / x);
  return q < 0.5 ? -t : t;
}
