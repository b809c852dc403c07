import { seededRandom, shuffled } from "../../base/random.ts";
import type { DataFormat, DatasetSpec, Scalar } from "../spec/experiment.ts";
import { guessExpected, guessId } from "./columns.ts";
import type { OnTrouble, RecordTrouble } from "./dataError.ts";
import type { Dataset, Example } from "./example.ts";
import { contentId, contentOf, SequenceHash } from "./identity.ts";
import type { DataRecord } from "./record.ts";
import { readRecords } from "./records.ts";

type Chunks = AsyncIterable<Uint8Array | string>;

/** All records of a file, for datasets that are used as a whole. */
export interface DataTable {
  readonly records: readonly DataRecord[];
  /** Every column that any record has, in order of first appearance. */
  readonly columns: readonly string[];
  readonly troubles: readonly RecordTrouble[];
}

/** Reads a whole data file. Throws a `DataError` when it cannot be read to its end. */
export async function readTable(chunks: Chunks, format: DataFormat): Promise<DataTable> {
  const records: DataRecord[] = [];
  const troubles: RecordTrouble[] = [];
  const columns = new Set<string>();
  for await (const record of readRecords(chunks, format, (trouble) => troubles.push(trouble))) {
    records.push(record);
    for (const name in record.fields) columns.add(name);
  }
  return { records, columns: [...columns], troubles };
}

/** Rows that share a trouble: the first few by number, and how many there are. */
export interface RowList {
  readonly rows: readonly number[];
  readonly count: number;
}

class Rows implements RowList {
  readonly rows: number[] = [];
  count = 0;

  add(row: number): void {
    this.count++;
    if (this.rows.length < 5) this.rows.push(row);
  }
}

/** Which rows are used and how their columns are read; every column named here must be there. */
export interface Selection {
  readonly expected: string | undefined;
  readonly id: string | undefined;
  readonly filter: Readonly<Record<string, Scalar>>;
  readonly limit: number | undefined;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Columns that the prompt shows: a row without one of them is left out. */
  readonly shown: readonly string[];
  /** Columns of the segment: a row in which all of them are empty is left out. */
  readonly judged: readonly string[];
}

export interface SelectedRows {
  readonly dataset: Dataset;
  /** Rows left out because they lack what a column should give, by column. */
  readonly missing: ReadonlyMap<string, RowList>;
  readonly withoutId: RowList;
  /** Ids that several rows have; with own ids a mistake, with content ids the rows are equal. */
  readonly duplicates: readonly { readonly id: string; readonly rows: RowList }[];
  /** Rows after the filter. */
  readonly kept: number;
}

/** The examples that a table's records make. */
export function selectRows(table: DataTable, selection: Selection): SelectedRows {
  const labels = new Set<string>();
  const missing = new Map<string, Rows>();
  const withoutId = new Rows();
  const counts = new Map<string, number>();
  const examples: Example[] = [];
  let kept = 0;
  for (const record of table.records) {
    const expected = expectedOf(record, selection.expected);
    if (expected !== undefined) labels.add(expected);
    if (!passes(record, selection.filter)) continue;
    kept++;
    const lacking = lackingColumns(record, expected, selection);
    for (const column of lacking) {
      const rows = missing.get(column) ?? new Rows();
      rows.add(record.row);
      missing.set(column, rows);
    }
    if (lacking.length > 0) continue;
    const own = selection.id === undefined ? undefined : String(record.fields[selection.id] ?? "").trim();
    if (own === "") withoutId.add(record.row);
    const id = own ?? contentId(record.fields);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    // Equal rows stay apart by a number, so that an id names one example.
    const unique = own === undefined && count > 1 ? `${id}~${count}` : id;
    examples.push({ id: unique, row: record.row, line: record.line, fields: record.fields, expected });
  }
  const ordered = selection.shuffle ? shuffled(examples, seededRandom("dataset", selection.seed)) : examples;
  const used = selection.limit === undefined ? ordered : ordered.slice(0, selection.limit);
  return {
    dataset: {
      examples: used,
      columns: table.columns,
      expectedColumn: selection.expected,
      labels: [...labels],
      hash: hashOf(used),
    },
    missing,
    withoutId,
    duplicates: duplicatesAmong(examples, counts),
    kept,
  };
}

function duplicatesAmong(
  examples: readonly Example[],
  counts: ReadonlyMap<string, number>,
): { readonly id: string; readonly rows: RowList }[] {
  const byId = new Map<string, Rows>();
  for (const [id, count] of counts) if (count > 1 && id !== "") byId.set(id, new Rows());
  if (byId.size === 0) return [];
  for (const { id, row } of examples) (byId.get(id) ?? byId.get(id.replace(/~\d+$/, "")))?.add(row);
  return [...byId].map(([id, rows]) => ({ id, rows }));
}

function lackingColumns(
  record: DataRecord,
  expected: string | undefined,
  { expected: column, shown, judged }: Selection,
): string[] {
  const { fields } = record;
  const lacking = shown.filter((name) => fields[name] === undefined || fields[name] === null);
  if (lacking.length === 0 && judged.length > 0 && judged.every((name) => String(fields[name]).trim() === ""))
    lacking.push(judged[0]!);
  if (column !== undefined && expected === undefined) lacking.push(column);
  return lacking;
}

function expectedOf(record: DataRecord, column: string | undefined): string | undefined {
  const value = column === undefined ? undefined : record.fields[column];
  const text = value === undefined || value === null ? "" : String(value).trim();
  return text === "" ? undefined : text;
}

function passes(record: DataRecord, filter: Readonly<Record<string, Scalar>>): boolean {
  for (const [column, wanted] of Object.entries(filter)) {
    const value = record.fields[column];
    if (value === undefined || value === null) return false;
    const written = String(value).trim();
    if (written === String(wanted)) continue;
    // 1.0 in a file is the number 1 in a filter.
    if (typeof wanted !== "number" || written === "" || Number(written) !== wanted) return false;
  }
  return true;
}

/** By content in the file's order, whatever order the rows are used in. */
function hashOf(examples: readonly Example[]): string {
  const hash = new SequenceHash();
  for (const example of examples.toSorted((a, b) => a.row - b.row))
    hash.add(`${example.id}\n${example.expected ?? ""}\n${contentOf(example.fields)}`);
  return hash.end();
}

/**
 * The examples of a file in its order, one at a time in constant memory, for files too large to hold: `filter` and `limit` count,
 * `shuffle` does not, and equal ids are not looked for. Columns are guessed from the first record where `spec` names none.
 */
export async function* streamExamples(
  chunks: Chunks,
  spec: DatasetSpec,
  onTrouble: OnTrouble,
): AsyncGenerator<Example> {
  let columns: { readonly expected: string | undefined; readonly id: string | undefined } | undefined;
  let given = 0;
  for await (const record of readRecords(chunks, spec.format, onTrouble)) {
    if (columns === undefined) {
      const names = Object.keys(record.fields);
      columns = { expected: spec.expected ?? guessExpected(names), id: spec.id ?? guessId(names) };
    }
    if (!passes(record, spec.filter)) continue;
    if (spec.limit !== undefined && given >= spec.limit) return;
    given++;
    const own = columns.id === undefined ? "" : String(record.fields[columns.id] ?? "").trim();
    yield {
      id: own === "" ? contentId(record.fields) : own,
      row: record.row,
      line: record.line,
      fields: record.fields,
      expected: expectedOf(record, columns.expected),
    };
  }
}
