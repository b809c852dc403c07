import { count, listed, points } from "./words.ts";

/** Trials of one variant that could not be had, of those that were tried. */
export interface Missing {
  readonly name: string;
  readonly missing: number;
  readonly tried: number;
}

/** Differences below both are what a flaky network does by itself. */
const LEAST_ROWS = 3;
const LEAST_SHARE = 0.02;

/**
 * A row that one variant cannot have counts for none, so a variant that fails often decides which rows the others are
 * judged by. Says so where failures fall on some variants much more than on others; undefined where they do not.
 */
export function missingWarning(
  variants: readonly Missing[],
  noun: "layout" | "variant" = "layout",
): string | undefined {
  const tried = variants.filter((one) => one.tried > 0);
  const share = (one: Missing) => one.missing / one.tried;
  const least = Math.min(...tried.map(share));
  const most = tried.filter(
    (one) => share(one) - least >= LEAST_SHARE && one.missing - least * one.tried >= LEAST_ROWS - 1e-9,
  );
  if (most.length === 0) return undefined;
  const each = most.map((one) => `${one.name} (${count(one.missing)} of ${points.rows(one.tried)})`);
  return `Rows are missing for ${listed(each)} far more often than for the others. Those rows count for no ${noun}: if they are the harder ones, the verdict is about the easier rows only.`;
}
