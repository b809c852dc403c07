import type { CacheEntry, CacheTable } from "../store/store.ts";
import { parseAnswer } from "./cache.ts";

/** Entries written together by an import. */
const batch = 500;

/** A cache as JSON Lines, one answer a line: `{"key", "model", "experiment", "answer": {…}}`. Holds no API key and no prompt. */
export async function* exportLines(table: CacheTable): AsyncIterable<string> {
  for await (const { key, model, experiment, answer } of table.each()) {
    yield `{"key":${JSON.stringify(key)},"model":${JSON.stringify(model)},"experiment":${JSON.stringify(experiment)},"answer":${answer}}\n`;
  }
}

export interface ImportReport {
  readonly added: number;
  /** Held already; what was there stays. */
  readonly known: number;
  /** Lines that are no cache entry, by number from 1. */
  readonly rejected: readonly number[];
}

/** Reads what `exportLines` wrote. Empty lines are skipped; a bad line is reported and the others are taken. */
export async function importLines(
  table: CacheTable,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<ImportReport> {
  let waiting = new Map<string, CacheEntry>();
  const rejected: number[] = [];
  let added = 0;
  let known = 0;
  const write = async () => {
    const held = await table.has([...waiting.keys()]);
    const fresh = [...waiting.values()].filter(({ key }) => !held.has(key));
    await table.put(fresh);
    added += fresh.length;
    known += held.size;
    waiting = new Map();
  };
  let line = 0;
  for await (const content of lines) {
    line++;
    if (content.trim() === "") continue;
    const entry = parseEntry(content);
    if (entry === undefined) rejected.push(line);
    else waiting.set(entry.key, entry);
    if (waiting.size >= batch) await write();
  }
  await write();
  return { added, known, rejected };
}

function parseEntry(line: string): CacheEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("key" in value && "model" in value && "experiment" in value && "answer" in value)) return undefined;
  const { key, model, experiment } = value;
  if (typeof key !== "string" || !/^\d+:[0-9a-f]{40}$/.test(key)) return undefined;
  if (typeof model !== "string" || typeof experiment !== "string") return undefined;
  const answer = JSON.stringify(value.answer);
  return answer === undefined || parseAnswer(answer) === undefined ? undefined : { key, model, experiment, answer };
}
