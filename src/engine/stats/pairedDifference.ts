import { normalQuantile } from "./normal.ts";
import type { Bounds } from "./proportion.ts";

/*
 * Intervals for the difference of two proportions measured on the same `n` rows: `wins` rows only the first got right,
 * `losses` rows only the second did.
 */

/** Wald's interval; too narrow for small counts, kept for comparison with other tools. */
export function pairedWald(wins: number, losses: number, n: number, alpha: number): Bounds {
  const difference = (wins - losses) / n;
  const half = normalQuantile(1 - alpha / 2) * pairedError(wins, losses, n);
  return [difference - half, difference + half];
}

/** Adjusted Wald: one more discordant row on each side and n + 2 (Bonett & Price 2012). */
export function bonettPrice(wins: number, losses: number, n: number, alpha: number): Bounds {
  const w = (wins + 1) / (n + 2);
  const l = (losses + 1) / (n + 2);
  const half = normalQuantile(1 - alpha / 2) * Math.sqrt((w + l - (w - l) ** 2) / (n + 2));
  return [Math.max(-1, w - l - half), Math.min(1, w - l + half)];
}

/** Standard error of the paired difference: sqrt((w + l - (w - l)²) / n) with proportions w and l. */
export function pairedError(wins: number, losses: number, n: number): number {
  const w = wins / n;
  const l = losses / n;
  return Math.sqrt(Math.max(0, w + l - (w - l) ** 2) / n);
}

/** The same for `n` rows drawn without replacement from `size`: times sqrt((size - n) / (size - 1)). */
export function pairedErrorFinite(wins: number, losses: number, n: number, size: number): number {
  return pairedError(wins, losses, n) * Math.sqrt(Math.max(0, size - n) / Math.max(1, size - 1));
}
