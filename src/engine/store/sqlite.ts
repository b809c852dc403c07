import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { UserError } from "../../base/errors.ts";

export type Value = SQLInputValue;
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A SQLite connection with its statements compiled once. Every call runs to its end before it returns. */
export class Connection {
  readonly location: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrays = new Map<string, StatementSync>();
  #closed = false;

  constructor(location: string) {
    this.location = location;
    this.#database = new (loadSqlite().DatabaseSync)(location);
  }

  /** Runs statements that take no values; not cached. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Rows changed. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** The rowid of the inserted row. */
  insert(sql: string, ...values: Value[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Rows as arrays in column order: three times as fast where rows are many. */
  *tuples(sql: string, ...values: Value[]): Iterable<readonly SQLOutputValue[]> {
    let statement = this.#arrays.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      // Node before 22.16 cannot return arrays.
      if (typeof statement.setReturnArrays === "function") statement.setReturnArrays(true);
      this.#arrays.set(sql, statement);
    }
    for (const row of statement.iterate(...values)) yield Array.isArray(row) ? row : Object.values(row);
  }

  /** Makes a function callable from SQL. */
  define(name: string, implementation: (...values: SQLOutputValue[]) => SQLInputValue): void {
    this.#database.function(name, { deterministic: true, varargs: true }, implementation);
  }

  close(): void {
    this.#statements.clear();
    this.#arrays.clear();
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

let loaded: typeof import("node:sqlite") | undefined;

/** node:sqlite, looked up when first needed, so that a host without it can say so in one line. */
function loadSqlite(): typeof import("node:sqlite") {
  if (loaded !== undefined) return loaded;
  // Node 22 warns that SQLite is experimental; nobody who runs an experiment can act on that.
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    loaded = process.getBuiltinModule?.("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
  if (loaded === undefined) throw missingSqlite(process.version);
  return loaded;
}

function missingSqlite(version: string): UserError {
  return new UserError(
    "store.noSqlite",
    `Node ${version} has no built-in SQLite`,
    "use Node 22.13 or newer; on a remote host, update the editor's server there",
  );
}
