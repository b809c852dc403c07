import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync } from "node:fs";
import { dirname, extname } from "node:path";
import { messageOf, UserError } from "../../base/errors.ts";

/** The name that keeps a store in this process's memory. */
export const inMemory = ":memory:";

/** Makes the folder a store is to stand in. */
export function makeFolder(location: string): void {
  try {
    mkdirSync(dirname(location), { recursive: true });
  } catch (error) {
    throw new UserError(
      "store.cannotOpen",
      `the folder of the store ${location} cannot be made (${messageOf(error)})`,
      "choose a folder you may write to, or name another file with --store",
    );
  }
}

/**
 * Refuses a file that is plainly somebody else's, such as a data file named by mistake, so that it is left alone. A file
 * with a database's ending is let through: if it is damaged, it is ours to set aside.
 */
export function refuseForeignFile(location: string): void {
  if (!existsSync(location) || [".db", ".sqlite", ".sqlite3"].includes(extname(location).toLowerCase())) return;
  const head = Buffer.alloc(16);
  let length: number;
  try {
    const file = openSync(location, "r");
    try {
      length = readSync(file, head, 0, 16, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // SQLite will meet the same trouble and says it better.
    return;
  }
  if (length > 0 && head.toString("latin1", 0, length) !== "SQLite format 3\u0000") throw foreignFile(location);
}

export function foreignFile(location: string): UserError {
  return new UserError(
    "store.foreign",
    `${location} is not a Layout Lab store`,
    "name another file with --store; this one was left as it is",
  );
}

/**
 * Moves a damaged store, with what SQLite keeps beside it, out of the way under a name that is not taken, and returns the
 * error that names it.
 */
export function setAside(location: string, now: number): UserError {
  const date = new Date(now).toISOString().slice(0, 10);
  let kept = `${location}.corrupt-${date}`;
  for (let n = 2; existsSync(kept); n++) kept = `${location}.corrupt-${date}-${n}`;
  try {
    renameSync(location, kept);
  } catch (error) {
    return new UserError(
      "store.corrupt",
      `the store ${location} is damaged and could not be moved aside (${messageOf(error)})`,
      "close every program that uses it and move the file away, then try again",
    );
  }
  for (const ending of ["-wal", "-shm", "-journal"]) {
    if (existsSync(location + ending)) renameSync(location + ending, kept + ending);
  }
  return new UserError(
    "store.corrupt",
    `the store ${location} is damaged; it was kept as ${kept}`,
    "try again to start with a new store, or put back a copy of the old one",
  );
}
