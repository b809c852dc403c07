import Papa from "papaparse";
import { UserError } from "../../base/errors.ts";

/** A table of scores in [0, 1]: one row an example, one column a variant. NaN stands for a trial that could not be had. */
export interface ScoreTable {
  readonly ids: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

/** Columns that carry the expected answer rather than a variant's score. */
const REFERENCE = new Set(["gold", "expected"]);

/**
 * Reads a score table from CSV (or TSV): a header, then an id and one score a column. An empty cell is a trial that could
 * not be had. A column named `gold` or `expected` is passed over.
 * @throws UserError naming line and column.
 */
export function parseMatrix(text: string, file = "matrix"): ScoreTable {
  const parsed = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    skipEmptyLines: false,
    delimitersToGuess: [",", "\t", ";"],
  });
  const lines = numbered(parsed.data);
  const header = lines[0];
  if (header === undefined)
    throw new UserError("empty-matrix", "The table is empty", "give a header line and one line a row", file);
  const names = header.cells.map((c) => c.trim());
  const columns = names
    .map((name, at) => ({ name, at }))
    .filter((c) => c.at > 0 && !REFERENCE.has(c.name.toLowerCase()));
  if (columns.length === 0) {
    throw new UserError(
      "no-variants",
      "The table has no score column",
      "give an id column, then one column a variant",
      `${file}:${header.line}:1`,
    );
  }
  const seenNames = new Set<string>();
  for (const { name, at } of columns) {
    const where = `${file}:${header.line}:${at + 1}`;
    if (name === "")
      throw new UserError("no-name", `Column ${at + 1} has no name`, "name every column in the header", where);
    if (seenNames.has(name))
      throw new UserError("same-variant", `Two columns are named ${name}`, "give each its own name", where);
    seenNames.add(name);
  }
  const lineOf = new Map<string, number>();
  const rows: number[][] = [];
  for (const { cells, line } of lines.slice(1)) {
    const id = (cells[0] ?? "").trim();
    if (cells.length !== names.length) {
      throw new UserError(
        "row-length",
        `The line has ${cells.length} cells and the header ${names.length}`,
        "make them agree",
        `${file}:${line}:1`,
      );
    }
    if (id === "")
      throw new UserError(
        "no-id",
        "The line has no id",
        "give every row an id in the first column",
        `${file}:${line}:1`,
      );
    const before = lineOf.get(id);
    if (before !== undefined) {
      throw new UserError(
        "same-id",
        `The id ${id} stands on line ${before} already`,
        "keep one row for each example",
        `${file}:${line}:1`,
      );
    }
    lineOf.set(id, line);
    rows.push(columns.map(({ name, at }) => score(cells[at] ?? "", name, `${file}:${line}:${at + 1}`)));
  }
  if (rows.length === 0)
    throw new UserError(
      "no-rows",
      "The table has a header and no row",
      "give at least one row",
      `${file}:${header.line}:1`,
    );
  return { ids: [...lineOf.keys()], columns: columns.map((c) => c.name), rows };
}

function score(cell: string, column: string, where: string): number {
  const text = cell.trim();
  if (text === "") return Number.NaN;
  const value = /^(true|false)$/i.test(text) ? Number(text.toLowerCase() === "true") : Number(text);
  if (Number.isFinite(value) && value >= 0 && value <= 1) return value;
  const what = Number.isFinite(value) ? "is not between 0 and 1" : "is not a number";
  throw new UserError(
    "score-range",
    `Column ${column}: ${text} ${what}`,
    "give a score from 0 to 1, or nothing where there is none",
    where,
  );
}

/** Lines that hold something, with the number of the line they start on. */
function numbered(data: readonly string[][]): { cells: string[]; line: number }[] {
  const out: { cells: string[]; line: number }[] = [];
  let line = 1;
  for (const cells of data) {
    if (cells.length > 1 || (cells[0] ?? "").trim() !== "") out.push({ cells, line });
    line += 1 + cells.reduce((n, cell) => n + (cell.match(/\n/g)?.length ?? 0), 0);
  }
  return out;
}
