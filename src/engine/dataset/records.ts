import type { DataFormat } from "../spec/experiment.ts";
import { readDelimited } from "./csv.ts";
import type { OnTrouble } from "./dataError.ts";
import { decodeText } from "./decode.ts";
import { readJsonList } from "./jsonList.ts";
import { readJsonLines } from "./jsonl.ts";
import type { DataRecord } from "./record.ts";

/**
 * The records of a data file, one at a time in constant memory. Trouble with single records goes to `onTrouble`; a file that cannot
 * be read on throws a `DataError`. A `.csv` file may use `;`, a tab or `|` instead of the comma: the header tells.
 */
export function readRecords(
  chunks: AsyncIterable<Uint8Array | string>,
  format: DataFormat,
  onTrouble: OnTrouble,
): AsyncGenerator<DataRecord> {
  const pieces = decodeText(chunks);
  switch (format) {
    case "csv":
      return readDelimited(pieces, undefined, onTrouble);
    case "tsv":
      return readDelimited(pieces, "\t", onTrouble);
    case "jsonl":
      return readJsonLines(pieces, onTrouble);
    case "json":
      return readJsonList(pieces, onTrouble);
  }
}
