import type { StoreContext } from "./context.ts";
import { packed } from "./packing.ts";
import type { CacheEntry } from "./store.ts";
import { number } from "./values.ts";

/** Bytes a row takes beside its answer, which counts one for each character or compressed byte: key twice (row and index), numbers and three index entries. */
const overhead = 180;

/** Writes an answer in the open transaction, in place of an earlier one under the same key. */
export function writeCacheEntry(context: StoreContext, entry: CacheEntry): void {
  const { connection, registry, tallies } = context;
  const data = packed(entry.answer);
  const bytes = data.length + overhead;
  const model = registry.name(entry.model);
  const experiment = registry.name(entry.experiment);
  const now = context.now();
  const old = connection.get("SELECT model, experiment, bytes, hits FROM cache WHERE key = ?", entry.key);
  if (old !== undefined) {
    tallies.cache.add(
      [number(old["model"]), number(old["experiment"])],
      [-1, -number(old["bytes"]), -number(old["hits"])],
    );
    connection.run("DELETE FROM cache WHERE key = ?", entry.key);
  }
  connection.run(
    "INSERT INTO cache (key, model, experiment, created_at, used_at, hits, bytes, data) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
    entry.key,
    model,
    experiment,
    now,
    now,
    bytes,
    data,
  );
  tallies.cache.add([model, experiment], [1, bytes, 0]);
}
