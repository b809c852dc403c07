import type { RecordTrouble } from "../dataset/dataError.ts";
import type { DataRecord } from "../dataset/record.ts";
import { readRecords } from "../dataset/records.ts";
import { compileTemplate, type Template } from "../layout/template.ts";
import type { DataFormat } from "../spec/experiment.ts";
import { requestLine } from "./lines.ts";

/** Makes the body of a request from a row. Pure. */
export interface BodyMaker {
  /** Columns it shows: a row without one of them makes no request. */
  readonly columns: readonly string[];
  /** The body, or why this row makes none. */
  make(record: DataRecord): { readonly body: object; readonly trimmed?: boolean } | { readonly problem: string };
}

/** A row that made no request. */
export interface BadRow {
  /** 1-based line where the row starts. */
  readonly line: number;
  readonly message: string;
}

export interface Converted {
  written: number;
  skipped: number;
  /** Prompts from which something was left out so that they fit. */
  trimmed: number;
  /** The first rows that made no request. */
  readonly bad: BadRow[];
}

export interface ConvertOptions {
  readonly format: DataFormat;
  /** Column of the `custom_id`; without one it is `row-` and the row's number. */
  readonly id: string | undefined;
  /** Rows at most. */
  readonly limit: number | undefined;
  /** After each row. */
  readonly onRow?: (rows: number) => void;
}

/** As many bad rows are told; the rest is counted. */
const toldRows = 50;

/**
 * The lines of a batch file, one for each row, in constant memory but for the ids. Bad rows are counted in `report` and left
 * out. @throws DataError when the file cannot be read to its end.
 */
export async function* convertRows(
  chunks: AsyncIterable<Uint8Array | string>,
  maker: BodyMaker,
  options: ConvertOptions,
  report: Converted,
): AsyncGenerator<string> {
  const ids = new Set<string>();
  /** Trouble with rows that have not been given yet; some never are. */
  const troubles = new Map<number, RecordTrouble>();
  const bad = (line: number, message: string) => {
    report.skipped += 1;
    if (report.bad.length < toldRows) report.bad.push({ line, message });
  };
  const records = readRecords(chunks, options.format, (found) => {
    if (!troubles.has(found.row)) troubles.set(found.row, found);
  });
  const tellBefore = (row: number) => {
    for (const [at, { line, message }] of troubles) {
      if (at >= row) continue;
      bad(line, message);
      troubles.delete(at);
    }
  };
  for await (const record of records) {
    if (troubles.size > 0) tellBefore(record.row);
    if (options.limit !== undefined && report.written + report.skipped >= options.limit) return;
    options.onRow?.(record.row);
    const trouble = troubles.get(record.row);
    if (trouble !== undefined) {
      bad(record.line, trouble.message);
      troubles.delete(record.row);
      continue;
    }
    const line = lineOf(record, maker, options.id, ids, report);
    if (typeof line === "string") yield line;
    else bad(record.line, line.problem);
  }
  tellBefore(Number.POSITIVE_INFINITY);
}

function lineOf(
  record: DataRecord,
  maker: BodyMaker,
  idColumn: string | undefined,
  ids: Set<string>,
  report: Converted,
): string | { readonly problem: string } {
  const { fields, row } = record;
  const missing = maker.columns.find((column) => fields[column] === undefined || fields[column] === null);
  if (missing !== undefined) return { problem: `row ${row} has no ${missing}` };
  if (maker.columns.length > 0 && maker.columns.every((column) => String(fields[column]).trim() === ""))
    return { problem: `row ${row} is empty` };
  const id = idColumn === undefined ? `row-${row}` : String(fields[idColumn] ?? "").trim();
  if (id === "") return { problem: `row ${row} has no ${idColumn}` };
  if (ids.has(id)) return { problem: `row ${row} has the ${idColumn} of an earlier row, ${id}` };
  const made = maker.make(record);
  if ("problem" in made) return made;
  ids.add(id);
  report.written += 1;
  if (made.trimmed === true) report.trimmed += 1;
  return requestLine(id, made.body);
}

/**
 * A template as people write it: the JSON of a request body (or of a whole line of a batch file), with `{{column}}` in any of
 * its texts; any other text becomes the user's message. @throws Error with what is wrong with it.
 */
export function templateMaker(text: string, model: string | undefined): BodyMaker {
  const columns = new Set<string>();
  const take = (part: string): Template => {
    const template = compileTemplate(part);
    for (const column of template.columns) columns.add(column);
    return template;
  };
  const build = builderOf(bodyIn(text, model), take);
  return { columns: [...columns], make: ({ fields }) => ({ body: build(fields) as object }) };
}

function bodyIn(text: string, model: string | undefined): object {
  const given = text.trimStart().startsWith("{") && !text.trimStart().startsWith("{{") ? parsed(text) : undefined;
  const own = given !== undefined && isObject(given["body"]) ? given["body"] : given;
  const body = own ?? { messages: [{ role: "user", content: text.trimEnd() }] };
  const named = model ?? body["model"];
  if (typeof named !== "string" || named === "")
    throw new Error("no model is named: add --model, or write one into the template");
  if (!Array.isArray(body["messages"])) throw new Error('the template has no "messages"');
  return { ...body, model: named };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("the template is not a JSON object");
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Build = (fields: DataRecord["fields"]) => unknown;

/** What holds no placeholder is the same object in every body. */
function builderOf(value: unknown, take: (text: string) => Template): Build {
  if (typeof value === "string") {
    const template = take(value);
    if (template.columns.length === 0) {
      const fixed = template.fillAll("");
      return () => fixed;
    }
    return (fields) => template.fill(fields);
  }
  if (Array.isArray(value)) {
    const parts = value.map((one) => builderOf(one, take));
    return (fields) => parts.map((build) => build(fields));
  }
  if (isObject(value)) {
    const parts = Object.entries(value).map(([name, one]) => [name, builderOf(one, take)] as const);
    return (fields) => Object.fromEntries(parts.map(([name, build]) => [name, build(fields)]));
  }
  return () => value;
}
