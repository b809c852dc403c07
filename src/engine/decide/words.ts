/** Numbers as a reader meets them in a sentence. */
export const points = {
  /** 0.0123 -> "1.2 points". */
  of(difference: number): string {
    const value = trim(Math.abs(difference) * 100);
    return `${value} ${value === "1" ? "point" : "points"}`;
  },
  rows(n: number): string {
    return `${n.toLocaleString("en-US")} ${n === 1 ? "row" : "rows"}`;
  },
  percent(share: number): string {
    return `${trim(share * 100)} %`;
  },
};

/** "A", "A and B", "A, B and C". */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
