import { contentId } from "../dataset/identity.ts";
import type { ExampleRecord, RunRecord, Store } from "../store/store.ts";

/** How the examples of two runs were matched. */
export interface Pairing {
  readonly by: "id" | "content";
  /** Examples with the same id and other content: they are different examples, and left alone. */
  readonly changed: number;
}

/** Share of examples whose shared columns must tell them apart, for those columns to stand for the example. */
const distinctEnough = 0.9;

/**
 * Names under which the examples of two runs pair up: equal names are equal examples. Runs over one dataset pair by id.
 * Otherwise the columns that both datasets have, other than ids, decide: an example with an id of its own on one side and
 * without on the other, or counted anew, is still the same example, and an equal id over other content is not. Where the
 * shared columns do not tell rows apart (other column names, no fields stored), ids are all there is.
 */
export async function pairedNames(
  store: Store,
  a: RunRecord,
  b: RunRecord,
): Promise<Pairing & { readonly a: ReadonlyMap<string, string>; readonly b: ReadonlyMap<string, string> }> {
  const none = new Map<string, string>();
  const byId = { by: "id", changed: 0, a: none, b: none } as const;
  if (a.datasetHash === b.datasetHash) return byId;
  const left = await examplesOf(store, a);
  const right = await examplesOf(store, b);
  const columns = shared(valueColumns(left), valueColumns(right));
  const named = [left, right].map((examples) => namesBy(examples, columns)) as [Named, Named];
  if (columns.length === 0 || named.some(({ distinct }) => distinct < distinctEnough)) return byId;
  const [first, second] = named;
  let changed = 0;
  for (const [id, name] of first.names) {
    const other = second.names.get(id);
    if (other !== undefined && other !== name) changed += 1;
  }
  return { by: "content", changed, a: first.names, b: second.names };
}

interface Named {
  readonly names: ReadonlyMap<string, string>;
  /** Share of examples that are not a repetition of an earlier one. */
  readonly distinct: number;
}

function namesBy(examples: readonly ExampleRecord[], columns: readonly string[]): Named {
  const counts = new Map<string, number>();
  const names = new Map<string, string>();
  for (const { id, fields } of examples) {
    const content = contentId(Object.fromEntries(columns.map((column) => [column, fields[column] ?? null])));
    const count = (counts.get(content) ?? 0) + 1;
    counts.set(content, count);
    // Equal rows pair in the order they stand.
    names.set(id, count === 1 ? content : `${content}~${count}`);
  }
  return { names, distinct: examples.length === 0 ? 0 : counts.size / examples.length };
}

/** Columns that hold something other than the examples' ids. */
function valueColumns(examples: readonly ExampleRecord[]): string[] {
  const columns = new Set(examples.flatMap(({ fields }) => Object.keys(fields)));
  return [...columns].filter(
    (column) => !examples.every(({ id, fields }) => String(fields[column] ?? "").trim() === id),
  );
}

function shared(a: readonly string[], b: readonly string[]): string[] {
  const other = new Set(b);
  return a.filter((column) => other.has(column)).sort();
}

async function examplesOf(store: Store, record: RunRecord): Promise<readonly ExampleRecord[]> {
  return store.runs.examples(
    record.datasetHash,
    [...record.order].sort((x, y) => x - y),
  );
}
