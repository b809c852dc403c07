import { messageOf } from "../../base/errors.ts";
import { DataError, type OnTrouble } from "./dataError.ts";
import { type DataRecord, flattened } from "./record.ts";

const maxLine = 64 * 1024 * 1024;

/** One JSON object a line; blank lines are skipped, a broken one is told and skipped. */
export async function* readJsonLines(pieces: AsyncIterable<string>, onTrouble: OnTrouble): AsyncGenerator<DataRecord> {
  let held = "";
  let line = 0;
  let row = 0;
  const parse = (text: string): DataRecord | undefined => {
    line++;
    if (text.trim() === "") return undefined;
    row++;
    return toRecord(text, row, line, onTrouble);
  };
  for await (const piece of pieces) {
    const text = held + piece;
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const record = parse(text.slice(from, end));
      if (record !== undefined) yield record;
      from = end + 1;
    }
    held = text.slice(from);
    if (held.length > maxLine)
      throw new DataError(
        "malformed",
        "a line is longer than 64 MB",
        "check that the file has one JSON object a line",
        line + 1,
      );
  }
  const record = parse(held);
  if (record !== undefined) yield record;
}

/** A record of the text of one JSON object; undefined, and told, when it is something else. */
export function toRecord(text: string, row: number, line: number, onTrouble: OnTrouble): DataRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    onTrouble({
      code: "malformed-row",
      message: `row ${row} is not valid JSON (${brief(messageOf(error))})`,
      action: "write one JSON object",
      row,
      line,
    });
    return undefined;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    onTrouble({
      code: "malformed-row",
      message: `row ${row} is not a JSON object`,
      action: 'write an object such as {"text": "…", "label": "…"}',
      row,
      line,
    });
    return undefined;
  }
  return { row, line, fields: flattened(value as Readonly<Record<string, unknown>>) };
}

/** The parser quotes the whole text in its message; a line number says more. */
function brief(message: string): string {
  return (message.split(/, "|,? \.\.\./)[0] ?? message).replaceAll(/\s+/g, " ").slice(0, 80);
}
