import { DataError, type OnTrouble } from "./dataError.ts";
import { toRecord } from "./jsonl.ts";
import type { DataRecord } from "./record.ts";

const maxItem = 64 * 1024 * 1024;

/**
 * A JSON file that holds one list of objects. The list is taken apart by its brackets and each object parsed alone, so that memory
 * stays flat and a broken object is told by its line.
 */
export async function* readJsonList(pieces: AsyncIterable<string>, onTrouble: OnTrouble): AsyncGenerator<DataRecord> {
  let state = "before" as "before" | "between" | "inside" | "after";
  let item = "";
  let depth = 0;
  let inText = false;
  let escaped = false;
  let line = 1;
  let itemLine = 1;
  let row = 0;
  for await (const piece of pieces) {
    /** Where the current object goes on in this piece. */
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (c === 10) line++;
      if (inText) {
        if (escaped) escaped = false;
        else if (c === 92) escaped = true;
        else if (c === 34) inText = false;
        continue;
      }
      if (state === "inside") {
        if (c === 34) inText = true;
        else if (c === 123 || c === 91) depth++;
        else if ((c === 125 || c === 93) && --depth === 0) {
          row++;
          const record = toRecord(item + piece.slice(from, i + 1), row, itemLine, onTrouble);
          if (record !== undefined) yield record;
          item = "";
          state = "between";
        }
        continue;
      }
      if (c === 32 || c === 10 || c === 9 || c === 13) continue;
      if (state === "before" && c === 91) state = "between";
      else if (state === "between" && c === 44) continue;
      else if (state === "between" && c === 93) state = "after";
      else if (state === "between" && c === 123) {
        state = "inside";
        depth = 1;
        from = i;
        itemLine = line;
      } else throw notAList(state, line);
    }
    if (state === "inside") {
      item += piece.slice(from);
      if (item.length > maxItem)
        throw new DataError(
          "malformed",
          "an object is longer than 64 MB or never closed",
          "check its brackets and quotes",
          itemLine,
        );
    }
  }
  if (state === "inside")
    throw new DataError("malformed", "an object is never closed", "check its brackets and quotes", itemLine);
  if (state === "between") throw new DataError("malformed", "the list is never closed", "end it with ]", line);
}

function notAList(state: "before" | "between" | "after", line: number): DataError {
  if (state === "before")
    return new DataError(
      "malformed",
      "the file does not hold a list of objects",
      "write [{…}, {…}], or one object a line in a .jsonl file",
      line,
    );
  if (state === "after")
    return new DataError(
      "malformed",
      "something follows the end of the list",
      "remove it, or name the file .jsonl if each line is an object",
      line,
    );
  return new DataError(
    "malformed",
    "the list holds something that is not an object",
    'write objects such as {"text": "…", "label": "…"}, with commas between',
    line,
  );
}
