import { type Diagnostic, fileStart, type Range, type Severity } from "./diagnostic.ts";
import type { Path, SourceDocument } from "./source.ts";

/** What a check says about one place of the file. */
interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly action: string;
  /** Default: error. */
  readonly severity?: Severity;
  readonly suggestions?: readonly string[];
  /** Point at the key instead of the value. */
  readonly what?: "key" | "value";
  /** Point at the n-th (from 0) standing of this text inside the value. */
  readonly within?: {
    readonly text: string;
    readonly nth: number;
    /** A stretch of that text. Default: all of it. */
    readonly part?: readonly [start: number, end: number];
  };
}

export type Report = (path: Path, trouble: Trouble) => void;

/** A report that puts diagnostics into `into`. `original` leads from a repaired value's path back to the written one. */
export function reporter(
  source: SourceDocument,
  into: Diagnostic[],
  original: (path: Path) => Path = (path) => path,
): Report {
  return (path, { what, within, severity = "error", ...rest }) => {
    into.push({ file: source.file, range: rangeOf(source, original(path), what, within), severity, ...rest });
  };
}

/** The place of a path, or of the nearest holder that is there. */
function rangeOf(source: SourceDocument, path: Path, what?: "key" | "value", within?: Trouble["within"]): Range {
  const span = source.span(path, what);
  if (span === undefined) {
    // What is absent is reported where it should stand: at the key of the map that lacks it.
    return path.length === 0 ? fileStart : rangeOf(source, path.slice(0, -1), "key");
  }
  if (path.length === 0) return { start: source.position(span[0]), end: source.position(span[0]) };
  if (within !== undefined) {
    let at = source.text.indexOf(within.text, span[0]);
    for (let seen = 0; seen < within.nth && at >= 0; seen++)
      at = source.text.indexOf(within.text, at + within.text.length);
    const [from, to] = within.part ?? [0, within.text.length];
    if (at >= 0 && at < span[1]) return source.range(at + from, at + to);
  }
  return source.range(span[0], span[1]);
}

/** By place, errors before warnings on the same spot; the same words on the same spot once. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const weight: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };
  const seen = new Set<string>();
  return diagnostics
    .filter((each) => {
      const key = `${each.file}:${each.range.start.line}:${each.range.start.column}:${each.code}:${each.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .toSorted(
      (a, b) =>
        (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
        a.range.start.line - b.range.start.line ||
        a.range.start.column - b.range.start.column ||
        weight[a.severity] - weight[b.severity],
    );
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((each) => each.severity === "error");
}

/** `a, b or c`. */
export function oneOf(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}

/** The action for a name nobody knows: what was probably meant, else what there is. */
export function meant(suggestions: readonly string[], known: readonly string[], kind: string): string {
  if (suggestions.length > 0) return `did you mean ${oneOf(suggestions)}?`;
  if (known.length === 0) return `remove it; there are no ${kind}`;
  const shown = known.slice(0, 12);
  return `use ${oneOf(known.length > shown.length ? [...shown, "another"] : shown)}`;
}
