import { UserError } from "../../base/errors.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqliteStore.ts";
import type { Store } from "./store.ts";

export type StoreOptions = SqliteStoreOptions;

/**
 * Opens the store at `location`: a path, or `:memory:` for one that ends with the process. Rejects with a `UserError` when the
 * host, the place or the file does not serve.
 */
export async function openStore(location: string, options: StoreOptions): Promise<Store> {
  if (/^postgres(ql)?:\/\//i.test(location)) {
    throw new UserError(
      "store.noPostgres",
      "PostgreSQL stores are not available yet",
      "give the path of a file on this machine instead",
    );
  }
  return new SqliteStore(location, options);
}
