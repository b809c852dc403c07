import type { StoreContext } from "./context.ts";
import type { StateTable } from "./store.ts";
import { text } from "./values.ts";

export class SqliteState implements StateTable {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  get(scope: string, key: string): Promise<string | undefined> {
    return this.#context.read(() => {
      const row = this.#context.connection.get("SELECT value FROM state WHERE scope = ? AND key = ?", scope, key);
      return row && text(row["value"]);
    });
  }

  set(scope: string, key: string, value: string): Promise<void> {
    return this.#context.commits.write(() => {
      this.#context.connection.run("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", scope, key, value);
    });
  }

  list(scope: string): Promise<ReadonlyMap<string, string>> {
    return this.#context.read(() => {
      const rows = this.#context.connection.all("SELECT key, value FROM state WHERE scope = ? ORDER BY key", scope);
      return new Map(rows.map((row) => [text(row["key"]), text(row["value"])]));
    });
  }

  delete(scope: string, key?: string): Promise<void> {
    return this.#context.commits.write(() => {
      if (key === undefined) this.#context.connection.run("DELETE FROM state WHERE scope = ?", scope);
      else this.#context.connection.run("DELETE FROM state WHERE scope = ? AND key = ?", scope, key);
    });
  }
}
