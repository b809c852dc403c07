import type { RecordTrouble } from "../../../src/engine/dataset/dataError.ts";
import type { DataRecord } from "../../../src/engine/dataset/record.ts";
import { readRecords } from "../../../src/engine/dataset/records.ts";
import type { DataFormat } from "../../../src/engine/spec/experiment.ts";

/** A content in pieces of `size` units. */
export async function* inPieces<T extends string | Uint8Array>(
  content: T,
  size: number = content.length,
): AsyncGenerator<T> {
  for (let at = 0; at < content.length; at += Math.max(1, size)) yield content.slice(at, at + Math.max(1, size)) as T;
}

export async function readAll(
  content: string | Uint8Array,
  format: DataFormat,
  size?: number,
): Promise<{ readonly records: DataRecord[]; readonly troubles: RecordTrouble[] }> {
  const records: DataRecord[] = [];
  const troubles: RecordTrouble[] = [];
  for await (const record of readRecords(inPieces(content, size), format, (trouble) => troubles.push(trouble)))
    records.push(record);
  return { records, troubles };
}

export async function fieldsOf(
  content: string | Uint8Array,
  format: DataFormat,
  size?: number,
): Promise<DataRecord["fields"][]> {
  return (await readAll(content, format, size)).records.map((record) => record.fields);
}
