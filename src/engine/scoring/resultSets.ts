/** A cell as a database gives it, made alike between databases: truth values are 0 and 1, bytes are hexadecimal text. */
export type Cell = string | number | bigint | null;

export interface ResultSet {
  readonly columns: number;
  readonly rows: Rows;
}

/** Numbers this close, as a share of the larger, are the same: sums in another order differ in their last digits. */
const tolerance = 1e-6;

/**
 * Why two results differ, in a few words; undefined when they hold the same rows, in the same order when it matters, else as often
 * each. Names of columns count for nothing, their order does. NULL is the same as NULL only.
 */
export function differenceOf(expected: ResultSet, said: ResultSet, ordered: boolean): string | undefined {
  if (expected.columns !== said.columns)
    return `expected ${count(expected.columns, "column")}, got ${count(said.columns, "column")}`;
  if (expected.rows.length !== said.rows.length)
    return `expected ${count(expected.rows.length, "row")}, got ${count(said.rows.length, "row")}`;
  const other = expected.rows.findIndex((row, i) => !sameRow(row, said.rows[i] ?? []));
  if (other === -1) return undefined;
  const missing = missingRow(expected.rows, said.rows);
  if (missing !== undefined) return `the rows differ: expected ${shown(missing)} among them`;
  return ordered ? `the order differs from row ${other + 1} on` : undefined;
}

/** A row of `a` that `b` lacks, or has less often; undefined when there is none. Both hold as many rows. */
function missingRow(a: Rows, b: Rows): Row | undefined {
  const left = new Map<string, number>();
  for (const row of a) {
    const key = keyOf(row);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const extra: Row[] = [];
  for (const row of b) {
    const key = keyOf(row);
    const held = left.get(key) ?? 0;
    if (held > 0) left.set(key, held - 1);
    else extra.push(row);
  }
  if (extra.length === 0) return undefined;
  const open: Row[] = [];
  for (const row of a) {
    const key = keyOf(row);
    const held = left.get(key) ?? 0;
    if (held === 0) continue;
    left.set(key, held - 1);
    open.push(row);
  }
  if (extra.length > mostCompared) return open[0];
  // Numbers on the two sides of a rounding step have other keys and may still be the same.
  for (const row of extra) {
    const found = open.findIndex((each) => sameRow(each, row));
    if (found === -1) return open.find((each) => !extra.some((other) => sameRow(each, other))) ?? open[0];
    open.splice(found, 1);
  }
  return undefined;
}

type Row = readonly Cell[];
type Rows = readonly Row[];

/** Rows without an equal that are compared each with each. */
const mostCompared = 2000;

function keyOf(row: Row): string {
  return JSON.stringify(
    row.map((cell) => (typeof cell === "string" || cell === null ? cell : [Number(cell).toPrecision(6)])),
  );
}

function sameRow(a: Row, b: Row): boolean {
  return a.every((cell, i) => sameCell(cell, b[i] ?? null));
}

function sameCell(a: Cell, b: Cell): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a === "string" || typeof b === "string") return false;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + 1e-12;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function shown(row: Row): string {
  const text = `(${row.map((cell) => (cell === null ? "NULL" : String(cell))).join(", ")})`;
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
