import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../../base/errors.ts";
import { firstWord, sqlStatements } from "../../response/sql.ts";
import type { Cell } from "../resultSets.ts";
import { QueryFailure, type ReadOnlyDatabase, resultMeter } from "./queries.ts";

/** SQLite's codes of what a query may do: READ, SELECT, FUNCTION and RECURSIVE. */
const allowed: ReadonlySet<number> = new Set([20, 21, 31, 33]);

const permitted = 0;
const forbidden = 1;

/** Nodes from 24.10 on ask before each step of a statement. */
interface Guarded {
  readonly setAuthorizer?: (ask: (action: number) => number) => void;
}

const reading: ReadonlySet<string> = new Set(["select", "with", "values"]);

/**
 * A file that can only be read, four times over: it is opened for reading, told to refuse writes, asked for permission at every step
 * of a statement, and given nothing that does not begin as a query does.
 */
export function openSqlite(file: string): ReadOnlyDatabase {
  const database = new DatabaseSync(untouched(file), { readOnly: true });
  database.exec(
    "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0",
  );
  // What the file is, if it is none of SQLite's, shows at the first look.
  database.prepare("SELECT count(*) FROM sqlite_schema").get();
  let denied = false;
  const guarded = database as DatabaseSync & Guarded;
  guarded.setAuthorizer?.((action) => {
    if (allowed.has(action)) return permitted;
    denied = true;
    return forbidden;
  });
  return {
    async query(sql) {
      const only = onlyQuery(sql);
      denied = false;
      try {
        const statement = database.prepare(only);
        statement.setReadBigInts(true);
        // Without them, columns of one name would be one.
        if ("setReturnArrays" in statement) statement.setReturnArrays(true);
        const columns = statement.columns().length;
        const measure = resultMeter();
        const rows: Cell[][] = [];
        for (const found of statement.iterate()) {
          const row = Object.values(found).map(cellOf);
          measure(row);
          rows.push(row);
        }
        return { columns, rows };
      } catch (error) {
        if (error instanceof QueryFailure) throw error;
        const message = messageOf(error);
        if (denied || /readonly database/.test(message)) throw refused(only);
        throw new QueryFailure("queryError", message);
      }
    },
  };
}

/** The one statement that a text holds. @throws QueryFailure for none, several, and for what is no query. */
export function onlyQuery(sql: string): string {
  const [only, ...more] = sqlStatements(sql);
  if (only === undefined) throw new QueryFailure("queryError", "there is no query");
  if (more.length > 0) throw new QueryFailure("refused", `${more.length + 1} statements where one may run`);
  if (!reading.has(firstWord(only))) throw refused(only);
  return only;
}

function refused(sql: string): QueryFailure {
  return new QueryFailure("refused", `${firstWord(sql).toUpperCase()} would do more than read`);
}

/**
 * A database that keeps a log is opened without one when there is none to read: otherwise SQLite would make files beside it, even
 * for reading.
 */
function untouched(file: string): string | URL {
  if (existsSync(`${file}-wal`)) return file;
  const header = Buffer.alloc(20);
  const handle = openSync(file, "r");
  try {
    readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  // Bytes 18 and 19 are the versions for writing and reading; 2 stands for the log.
  if (header[18] !== 2) return file;
  const url = pathToFileURL(file);
  url.searchParams.set("immutable", "1");
  return url;
}

function cellOf(value: unknown): Cell {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value === null || typeof value === "string" || typeof value === "number" ? value : String(value);
}
