import type { Scope } from "./sampler.ts";

/** Numbers as a reader meets them in a sentence. */
export const points = {
  /** 0.0123 -> "1.2 points"; below one point two decimals, so that a margin of 0.25 points is not rounded away. */
  of(difference: number): string {
    const value = Math.abs(difference) * 100;
    const text = trim(value, value < 0.995 ? 2 : 1);
    return `${text} ${text === "1" ? "point" : "points"}`;
  },
  rows(n: number): string {
    return `${count(n)} ${n === 1 ? "row" : "rows"}`;
  },
  /** "200 more rows". */
  more(n: number): string {
    return `${count(n)} more ${n === 1 ? "row" : "rows"}`;
  },
  percent(share: number): string {
    return `${trim(share * 100, 1)} %`;
  },
};

/** What a difference of costs is counted in. */
export type CostUnit = "dollars" | "promptTokens";

/** "$0.41", "41,000 prompt tokens", or the bare number where the unit is not known. */
export function money(amount: number, unit: CostUnit | undefined): string {
  if (unit === "promptTokens") return `${count(Math.round(amount))} prompt tokens`;
  const digits = amount >= 0.1 || amount === 0 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(amount)));
  const text = amount.toLocaleString("en-US", {
    minimumFractionDigits: unit === "dollars" ? Math.min(2, digits) : 0,
    maximumFractionDigits: digits,
  });
  return unit === "dollars" ? `$${text}` : text;
}

/** Whom a verdict speaks about, as the end of a statement: "… on this dataset", "… for future rows like these". */
export function about(scope: Scope): string {
  return scope === "dataset" ? "on this dataset" : "for future rows like these";
}

/** "120 of 600 rows", or "120 rows" where the number there are says nothing. */
export function progress(rows: number, size: number, scope: Scope): string {
  return scope === "dataset" && rows < size ? `${count(rows)} of ${points.rows(size)}` : points.rows(rows);
}

/** "A", "A and B", "A, B and C". */
export function listed(names: readonly string[], word: "and" | "or" = "and"): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}

/** The sentence that saves most money: what varies makes no difference worth having. */
export function hardlyMatters(noun: "layout" | "variant"): string {
  return noun === "layout" ? "Layout hardly matters here" : "The choice of variant hardly matters here";
}

export function count(n: number): string {
  return n.toLocaleString("en-US");
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, "") || "0";
}
