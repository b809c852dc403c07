import { UserError } from "../../base/errors.ts";
import { foreignFile, inMemory, makeFolder, refuseForeignFile, setAside } from "./file.ts";
import { migrations } from "./migrations/migrations.ts";
import { patiently, tryMs } from "./patience.ts";
import { Connection } from "./sqlite.ts";
import { isBusy, isCorrupt, toUserError } from "./sqliteTrouble.ts";
import { number, text } from "./values.ts";

/** "LLab" in ASCII, SQLite's mark of whose file it is. */
const applicationId = 0x4c4c6162;

export interface OpenOptions {
  /** How long to wait for another program's lock, in ms; this holds up the thread. */
  readonly patienceMs: number;
  /** Wall time, for the name of a file that is set aside. */
  now(): number;
}

/**
 * Opens the file, makes it or brings its schema up to date. Throws a `UserError` for whatever is wrong with the place, the
 * file or the host.
 */
export function openConnection(
  location: string,
  options: OpenOptions,
): { readonly connection: Connection; readonly hasLog: boolean; readonly warnings: readonly string[] } {
  if (location !== inMemory) {
    makeFolder(location);
    refuseForeignFile(location);
  }
  let connection: Connection | undefined;
  try {
    connection = new Connection(location);
    connection.exec(`PRAGMA busy_timeout = ${tryMs}`);
    const opened = connection;
    // Several processes may open a new file at once; each step is safe to do again.
    const journal = patiently(options.patienceMs, () => {
      refuseForeignDatabase(opened);
      const chosen = chooseJournal(opened);
      migrate(opened);
      return chosen;
    });
    connection.exec("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;");
    return { connection, ...journal };
  } catch (error) {
    connection?.close();
    if (isCorrupt(error) && location !== inMemory) throw setAside(location, options.now());
    throw toUserError(error, location);
  }
}

function refuseForeignDatabase(connection: Connection): void {
  // In this order: another process may make both at once, between the two looks.
  const hasTables = connection.get("SELECT 1 FROM sqlite_schema LIMIT 1") !== undefined;
  const id = pragma(connection, "application_id");
  if (id === applicationId) return;
  if (id !== 0 || hasTables) throw foreignFile(connection.location);
}

/**
 * Write-ahead log where the file system can share memory between processes, a rollback journal where it cannot (network
 * drives, Windows folders seen from WSL). There NORMAL could damage the file in a power cut, so it syncs in full.
 */
function chooseJournal(connection: Connection): { readonly hasLog: boolean; readonly warnings: readonly string[] } {
  if (connection.location === inMemory) return { hasLog: false, warnings: [] };
  let mode: string;
  try {
    mode = text(connection.get("PRAGMA journal_mode = WAL")?.["journal_mode"]);
    if (mode === "wal") connection.get("SELECT count(*) FROM sqlite_schema");
  } catch (error) {
    if (isBusy(error) || isCorrupt(error)) throw error;
    mode = text(connection.get("PRAGMA journal_mode = DELETE")?.["journal_mode"]);
  }
  if (mode === "wal") {
    // A log that one large commit blew up is cut back when it has been taken over. A thread of ours sees to that (checkpoints.ts);
    // where it cannot keep up, SQLite does it in a commit, at 64 MB.
    connection.exec(
      "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 16384;",
    );
    return { hasLog: true, warnings: [] };
  }
  connection.exec("PRAGMA synchronous = FULL");
  const warning = `The store ${connection.location} stands on a drive that cannot share memory between programs, so writing is slower; a local drive is better.`;
  return { hasLog: false, warnings: [warning] };
}

function migrate(connection: Connection): void {
  if (pragma(connection, "user_version") === migrations.length) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have done it while this one waited for the lock.
    const version = pragma(connection, "user_version");
    if (version > migrations.length) throw newerSchema(connection.location);
    for (const step of migrations.slice(version)) connection.exec(step);
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length};`);
    connection.exec("COMMIT");
  } catch (error) {
    try {
      connection.exec("ROLLBACK");
    } catch {
      // A full disk has already rolled it back.
    }
    throw error;
  }
}

function pragma(connection: Connection, name: "application_id" | "user_version"): number {
  return number(connection.get(`PRAGMA ${name}`)?.[name]);
}

function newerSchema(location: string): UserError {
  return new UserError(
    "store.newer",
    `the store ${location} was written by a newer Layout Lab`,
    "update Layout Lab, or name another file with --store",
  );
}
