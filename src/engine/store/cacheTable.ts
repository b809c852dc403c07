import { writeCacheEntry } from "./cacheWriter.ts";
import type { StoreContext } from "./context.ts";
import type { Row } from "./sqlite.ts";
import type { CacheEntry, CacheRow, CacheTable } from "./store.ts";
import { longText, number, text } from "./values.ts";
import { Where } from "./where.ts";

/** Rows read or deleted at a time where there may be many. */
const chunk = 500;

/** Uses among which the last one of a group is looked for. */
const lookedBack = 20_000;

export class SqliteCache implements CacheTable {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  get(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#context.read(() => {
      const found = new Map<string, string>();
      if (keys.length === 0) return found;
      const rows = this.#context.connection.tuples(
        "SELECT cache.key, cache.data FROM json_each(?) AS wanted CROSS JOIN cache ON cache.key = wanted.value",
        JSON.stringify(keys),
      );
      for (const [key, data] of rows) found.set(text(key), longText(data));
      return found;
    });
  }

  has(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#context.read(() => {
      const found = new Set<string>();
      const rows = this.#context.connection.tuples(
        "SELECT cache.key FROM json_each(?) AS wanted CROSS JOIN cache ON cache.key = wanted.value",
        JSON.stringify(keys),
      );
      for (const [key] of rows) found.add(text(key));
      return found;
    });
  }

  put(entries: readonly CacheEntry[]): Promise<void> {
    return this.#context.commits.write(() => {
      for (const entry of entries) writeCacheEntry(this.#context, entry);
    });
  }

  touch(keys: readonly string[]): Promise<void> {
    return this.#context.commits.write(() => {
      const now = this.#context.now();
      for (const key of keys) {
        const row = this.#context.connection.get(
          "UPDATE cache SET used_at = ?, hits = hits + 1 WHERE key = ? RETURNING model, experiment",
          now,
          key,
        );
        if (row) this.#context.tallies.cache.add([number(row["model"]), number(row["experiment"])], [0, 0, 1]);
      }
    });
  }

  list(filter: Parameters<CacheTable["list"]>[0]): Promise<readonly CacheRow[]> {
    return this.#context.read(() => {
      const where = this.#group(filter);
      if (where === undefined) return [];
      where.andGiven("cache.id < (SELECT id FROM cache WHERE key = ?)", filter.after);
      return this.#context.connection
        .all(
          `SELECT cache.id, key, m.text AS model, e.text AS experiment, created_at, used_at, hits, bytes
            FROM cache JOIN name m ON m.id = model JOIN name e ON e.id = experiment WHERE ${where.sql}
            ORDER BY cache.id DESC LIMIT ?`,
          ...where.values,
          filter.limit,
        )
        .map(cacheRowOf);
    });
  }

  async delete(filter: Parameters<CacheTable["delete"]>[0]): Promise<number> {
    const where = this.#group(filter);
    if (where === undefined) return 0;
    const values = [...where.values, chunk];
    const from = filter.keys === undefined ? "" : "json_each(?) AS wanted CROSS JOIN ";
    if (filter.keys !== undefined) {
      where.and("cache.key = wanted.value");
      values.unshift(JSON.stringify(filter.keys));
    }
    let gone = 0;
    for (;;) {
      const some = await this.#context.commits.write(() =>
        this.#remove(
          this.#context.connection.all(`SELECT cache.id FROM ${from}cache WHERE ${where.sql} LIMIT ?`, ...values),
        ),
      );
      gone += some;
      if (some < chunk) return gone;
    }
  }

  stats(): ReturnType<CacheTable["stats"]> {
    return this.#context.read(() => {
      const byModel = this.#context.connection
        .all(
          `SELECT m.text AS model, e.text AS experiment, entries, bytes, hits FROM cache_total
            JOIN name m ON m.id = model JOIN name e ON e.id = experiment WHERE entries > 0 ORDER BY e.text, m.text`,
        )
        .map((row) => ({
          model: text(row["model"]),
          experiment: text(row["experiment"]),
          entries: number(row["entries"]),
          bytes: number(row["bytes"]),
          hits: number(row["hits"]),
        }));
      return {
        entries: byModel.reduce((sum, { entries }) => sum + entries, 0),
        bytes: byModel.reduce((sum, { bytes }) => sum + bytes, 0),
        byModel,
      };
    });
  }

  lastUsed(): Promise<ReadonlyMap<string, number>> {
    return this.#context.read(() => {
      const { connection, registry } = this.#context;
      const groups = number(connection.get("SELECT count(*) AS n FROM cache_total WHERE entries > 0")?.["n"]);
      const found = new Map<string, number>();
      const newest = connection.tuples(
        "SELECT model, experiment, used_at FROM cache INDEXED BY cache_used ORDER BY used_at DESC, id DESC LIMIT ?",
        lookedBack,
      );
      for (const [model, experiment, at] of newest) {
        const group = `${registry.nameText(number(model))} ${registry.nameText(number(experiment))}`;
        if (!found.has(group)) found.set(group, number(at));
        if (found.size === groups) break;
      }
      return found;
    });
  }

  async evict(maxBytes: number): Promise<number> {
    let gone = 0;
    for (;;) {
      const some = await this.#context.commits.write(() => {
        const { connection } = this.#context;
        let over =
          number(connection.get("SELECT coalesce(sum(bytes), 0) AS held FROM cache_total")?.["held"]) - maxBytes;
        if (over <= 0) return 0;
        const going: Row[] = [];
        for (const row of connection.all("SELECT id, bytes FROM cache ORDER BY used_at, id LIMIT ?", chunk)) {
          if (over <= 0) break;
          going.push(row);
          over -= number(row["bytes"]);
        }
        return this.#remove(going);
      });
      if (some === 0) return gone;
      gone += some;
    }
  }

  async *each(): AsyncIterable<CacheEntry> {
    let after = 0;
    for (;;) {
      const rows = await this.#context.read(() =>
        this.#context.connection.all(
          `SELECT cache.id, key, m.text AS model, e.text AS experiment, data
            FROM cache JOIN name m ON m.id = model JOIN name e ON e.id = experiment
            WHERE cache.id > ? ORDER BY cache.id LIMIT ?`,
          after,
          chunk,
        ),
      );
      for (const row of rows) {
        after = number(row["id"]);
        yield {
          key: text(row["key"]),
          model: text(row["model"]),
          experiment: text(row["experiment"]),
          answer: longText(row["data"]),
        };
      }
      if (rows.length < chunk) return;
    }
  }

  #remove(rows: readonly Row[]): number {
    const { connection, tallies } = this.#context;
    for (const row of rows) {
      const old = connection.get(
        "DELETE FROM cache WHERE id = ? RETURNING model, experiment, bytes, hits",
        number(row["id"]),
      );
      if (old === undefined) continue;
      tallies.cache.add(
        [number(old["model"]), number(old["experiment"])],
        [-1, -number(old["bytes"]), -number(old["hits"])],
      );
    }
    return rows.length;
  }

  /** What to filter by; undefined when the store has never heard of the model or experiment. */
  #group(filter: { readonly model?: string; readonly experiment?: string }): Where | undefined {
    const { registry } = this.#context;
    const model = filter.model === undefined ? undefined : registry.knownName(filter.model);
    const experiment = filter.experiment === undefined ? undefined : registry.knownName(filter.experiment);
    if (filter.model !== undefined && model === undefined) return undefined;
    if (filter.experiment !== undefined && experiment === undefined) return undefined;
    return new Where().andGiven("model = ?", model).andGiven("experiment = ?", experiment);
  }
}

function cacheRowOf(row: Row): CacheRow {
  return {
    key: text(row["key"]),
    model: text(row["model"]),
    experiment: text(row["experiment"]),
    createdAt: number(row["created_at"]),
    usedAt: number(row["used_at"]),
    hits: number(row["hits"]),
    bytes: number(row["bytes"]),
  };
}
