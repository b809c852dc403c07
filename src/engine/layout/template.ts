import type { Example } from "../dataset/example.ts";
import { parseTemplate as parsePieces } from "../spec/placeholders.ts";

/** A part's text, taken apart once. */
export interface Template {
  /** Distinct columns in order of first use; empty for a fixed text. */
  readonly columns: readonly string[];
  /** Fills the placeholders; null becomes empty. Throws on an unknown column: the experiment file was diagnosed before. */
  fill(fields: Example["fields"]): string;
  /** The text with every placeholder replaced by `value`. */
  fillAll(value: string): string;
}

/** Filled values are never looked at again, so a row that holds `{{x}}` keeps it. */
export function compileTemplate(text: string): Template {
  const pieces = parsePieces(text);
  const columns = new Set<string>();
  for (const piece of pieces) if (typeof piece !== "string") columns.add(piece.column);
  const join = (textOf: (column: string) => string): string => {
    let out = "";
    for (const piece of pieces) out += typeof piece === "string" ? piece : textOf(piece.column);
    return out;
  };
  return {
    columns: [...columns],
    fill: (fields) => join((column) => fieldText(fields, column)),
    fillAll: (value) => join(() => value),
  };
}

function fieldText(fields: Example["fields"], column: string): string {
  const value = fields[column];
  if (value === undefined && !Object.hasOwn(fields, column)) throw new Error(`the row has no column "${column}"`);
  return value === undefined || value === null ? "" : String(value);
}

/** Drops blank lines before a text and white space after it; indentation of the first line is kept. */
export function trimBlock(text: string): string {
  return text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, "");
}
