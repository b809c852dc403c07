import type { Random } from "../../base/random.ts";

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Wait before the `n`-th retry (from 1): doubles each time up to the maximum, spread by a fifth either way so that retries do not march in step. */
export function backoffMs({ baseMs, maxMs }: Backoff, n: number, random: Random): number {
  const exact = Math.min(maxMs, baseMs * 2 ** (n - 1));
  return exact * (0.8 + 0.4 * random());
}
