/** Numbers as a reader meets them. What is not known is said, never shown as a number. */

const unknown = "unknown";
/** Keeps a number and its unit on one line. */
const thin = "\u202f";

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 1234 -> "1,234"; 1234567 -> "1.23 M". */
export function compact(value: number): string {
  if (Math.abs(value) < 100_000) return count(value);
  if (Math.abs(value) < 1_000_000) return `${(value / 1000).toFixed(0)}${thin}k`;
  return `${(value / 1_000_000).toFixed(2)}${thin}M`;
}

/** So many a second: the slower, the more digits. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? count(perSecond) : perSecond.toFixed(1);
}

/** A share in [0, 1] as percent. */
export function percent(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return unknown;
  return `${(share * 100).toFixed(digits)}${thin}%`;
}

export function interval([low, high]: readonly [number, number]): string {
  return `${(low * 100).toFixed(1)} – ${(high * 100).toFixed(1)}${thin}%`;
}

/** A difference of two shares, signed, in points. */
export function signedPoints(difference: number): string {
  const value = (difference * 100).toFixed(1);
  return `${difference > 0 && value !== "0.0" ? "+" : ""}${value === "-0.0" ? "0.0" : value}`.replace("-", "−");
}

export function points(difference: number): string {
  const value = (difference * 100).toFixed(1).replace(/\.0$/, "");
  return `${value} ${value === "1" ? "point" : "points"}`;
}

/** US dollars with as many digits as the amount needs. */
export function dollars(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  if (value === 0) return "$0";
  if (value >= 1) return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  if (value >= 0.01) return `$${value.toFixed(3).replace(/0$/, "")}`;
  // toPrecision would turn to exponents below a millionth of a dollar, which is nothing for a reader.
  return value < 1e-6 ? "under $0.000001" : `$${value.toPrecision(2)}`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  if (value > 0 && value < 1) return `<${thin}1${thin}ms`;
  if (value < 1000) return `${Math.round(value)}${thin}ms`;
  if (value < 60_000) return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)}${thin}s`;
  return duration(value);
}

/** 83000 -> "1 min 23 s". */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return unknown;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}${thin}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${thin}min ${String(seconds % 60).padStart(2, "0")}${thin}s`;
  return `${Math.floor(minutes / 60)}${thin}h ${String(minutes % 60).padStart(2, "0")}${thin}min`;
}

export function date(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** "A", "A and B", "A, B and C". */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
