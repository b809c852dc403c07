import { DataError, type OnTrouble } from "./dataError.ts";
import type { DataRecord } from "./record.ts";

/** Longest field, so that a quote which is never closed ends in a message rather than in all of the memory. */
const maxField = 16 * 1024 * 1024;

interface Row {
  readonly cells: string[];
  readonly line: number;
}

/**
 * Delimited records after RFC 4180: quoted fields may hold delimiters, doubled quotes and line breaks. Unlike the RFC, rows may be
 * ragged; each is told to `onTrouble` and a short one keeps its missing fields out. Reads text of any size in constant memory.
 */
export async function* readDelimited(
  pieces: AsyncIterable<string>,
  delimiter: "," | "\t" | undefined,
  onTrouble: OnTrouble,
): AsyncGenerator<DataRecord> {
  let header: readonly string[] | undefined;
  let row = 0;
  for await (const batch of readRows(pieces, delimiter, onTrouble)) {
    for (const { cells, line } of batch) {
      if (cells.length === 1 && cells[0] === "") continue;
      if (header === undefined) {
        header = checkedHeader(cells, line);
        continue;
      }
      row++;
      if (cells.length !== header.length) {
        const one = cells.length === 1 ? "1 field" : `${cells.length} fields`;
        onTrouble({
          code: "ragged-row",
          message: `row ${row} has ${one}, the header ${header.length}`,
          action:
            cells.length > header.length
              ? "put fields that hold the delimiter in quotes"
              : "add the missing fields, if only as empty ones",
          row,
          line,
        });
      }
      const fields: Record<string, string> = {};
      for (let i = 0; i < header.length && i < cells.length; i++) fields[header[i]!] = cells[i]!;
      yield { row, line, fields };
    }
  }
}

function checkedHeader(cells: readonly string[], line: number): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  names.forEach((name, index) => {
    if (name === "__proto__") throw new DataError("header", "a column is named __proto__", "rename it", line);
    // An unnamed column is how spreadsheets and data frames write their row numbers.
    if (name === "") names[index] = `column ${index + 1}`;
    else if (names.indexOf(name) < index)
      throw new DataError("header", `two columns are named ${name}`, "rename one of them", line);
  });
  return names;
}

/** Rows in batches, one for each piece of text. */
async function* readRows(
  pieces: AsyncIterable<string>,
  given: string | undefined,
  onTrouble: OnTrouble,
): AsyncGenerator<readonly Row[]> {
  let delimiter = given;
  let held = "";
  let cells: string[] = [];
  let line = 1;
  let rowLine = 1;
  /** Where a quoted field that is still open began, and what it holds so far. */
  let quoted: { readonly line: number; text: string } | undefined;
  /** A quoted field has ended and its delimiter is due. */
  let closed: string | undefined;
  let batch: Row[] = [];
  /** Rows that have ended, the header among them: the number of the row under way. */
  let ended = 0;

  const endRow = (): void => {
    if (cells.length > 1 || cells[0] !== "") ended++;
    batch.push({ cells, line: rowLine });
    cells = [];
    rowLine = line;
  };

  /** Takes what is complete out of `text`; returns what must wait for more. */
  const consume = (text: string, last: boolean): string => {
    const separator = delimiter ?? ",";
    let at = 0;
    for (;;) {
      if (quoted !== undefined) {
        const quote = text.indexOf('"', at);
        const part = text.slice(at, quote < 0 ? undefined : quote);
        line += countLines(part);
        if (quoted.text.length + part.length > maxField) throw unclosed(quoted.line);
        if (quote < 0) {
          if (last) throw unclosed(quoted.line);
          quoted.text += part;
          return "";
        }
        if (quote === text.length - 1 && !last) {
          quoted.text += part;
          return '"';
        }
        if (text[quote + 1] === '"') {
          quoted.text += `${part}"`;
          at = quote + 2;
          continue;
        }
        closed = quoted.text + part;
        quoted = undefined;
        at = quote + 1;
        continue;
      }
      if (closed === undefined && text[at] === '"') {
        quoted = { line, text: "" };
        at++;
        continue;
      }
      const end = nextBreak(text, at, separator);
      if (end < 0 && !last) return text.slice(at);
      const rest = text.slice(at, end < 0 ? undefined : end);
      if (closed !== undefined) {
        if (rest.trim() !== "") {
          onTrouble({
            code: "malformed-row",
            message: "text follows a closing quote",
            action: 'double quotes that belong to the text: ""',
            row: Math.max(1, ended),
            line,
          });
        }
        cells.push(closed + rest.trimEnd());
        closed = undefined;
      } else if (end >= 0 || rest !== "" || cells.length > 0) cells.push(rest);
      if (end < 0) {
        if (cells.length > 0) endRow();
        return "";
      }
      at = end + 1;
      if (text[end] === "\n") {
        line++;
        endRow();
      }
    }
  };

  for await (const piece of pieces) {
    const text = held + piece;
    if (delimiter === undefined) {
      if (!text.includes("\n") && text.length < 65_536) {
        held = text;
        continue;
      }
      delimiter = sniffDelimiter(text);
    }
    held = consume(text, false);
    if (held.length > maxField)
      throw new DataError("header", "the file has no line breaks", "check that it is a CSV file", line);
    if (batch.length > 0) yield batch;
    batch = [];
  }
  delimiter ??= sniffDelimiter(held);
  consume(held, true);
  if (batch.length > 0) yield batch;
}

function nextBreak(text: string, from: number, separator: string): number {
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === separator || c === "\n") return i;
  }
  return -1;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function unclosed(line: number): DataError {
  return new DataError(
    "malformed",
    "a quoted field is never closed",
    'close it with ", and double quotes that belong to the text',
    line,
  );
}

/** The character that separates the header's names: what most spreadsheets write is told apart by counting. */
function sniffDelimiter(text: string): string {
  const header = (text.split("\n", 1)[0] ?? "").replaceAll(/"[^"]*"/g, "");
  let best = ",";
  let most = header.split(",").length;
  for (const other of [";", "\t", "|"]) {
    const count = header.split(other).length;
    if (count > most) {
      best = other;
      most = count;
    }
  }
  return best;
}
