/** A place in a text file; lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export type Severity = "error" | "warning" | "info";

/** One thing that is wrong with a file the user wrote. */
export interface Diagnostic {
  /** Path as the user would name it. */
  readonly file: string;
  readonly range: Range;
  readonly severity: Severity;
  /** Stable and kebab-case, e.g. `unknown-key`; quick fixes are keyed by it. */
  readonly code: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
  /** Texts that would be right in place of the range, best first. */
  readonly suggestions?: readonly string[];
}

/** `file:line:col: what: what to do`, the form every face of the product prints. */
export function formatDiagnostic(d: Diagnostic): string {
  return `${d.file}:${d.range.start.line}:${d.range.start.column}: ${d.message}: ${d.action}`;
}

export const fileStart: Range = { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } };
