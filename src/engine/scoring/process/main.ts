/**
 * A process that executes what others wrote: queries and scripts. Its owner kills it when it takes too long, as nothing less stops
 * an endless query: SQLite cannot be interrupted from here, and ending a thread waits for it. It has none of its owner's environment.
 */
import { Worker } from "node:worker_threads";
import { messageOf } from "../../../base/errors.ts";
import { comparePair, type ReadOnlyDatabase } from "./queries.ts";
import { runScript } from "./script.ts";
import { openSqlite } from "./sqlite.ts";
import type { Answer, Database, Task } from "./task.ts";

/** Memory after which the process ends itself, in bytes. */
const mostMemory = 1024 * 2 ** 20;

// While a query runs, nothing on this thread does. Another one looks whether anybody still waits for the answer, and that the
// query does not take all memory there is. The two signals tell the owner apart what happened.
new Worker(
  `const owner = ${process.ppid};
   setInterval(() => {
     try { process.kill(owner, 0); } catch { process.kill(process.pid, "SIGKILL"); }
     if (process.memoryUsage.rss() > ${mostMemory}) process.kill(process.pid, "SIGTERM");
   }, 250);`,
  { eval: true, stdout: true, stderr: true },
).unref();

const open = new Map<string, Promise<ReadOnlyDatabase>>();

function databaseOf(database: Database): Promise<ReadOnlyDatabase> {
  const key = JSON.stringify(database);
  let found = open.get(key);
  if (found === undefined) {
    found = openDatabase(database);
    // What could not be opened may be there next time.
    found.catch(() => open.delete(key));
    open.set(key, found);
  }
  return found;
}

async function openDatabase(database: Database): Promise<ReadOnlyDatabase> {
  if (database.kind === "sqlite") return openSqlite(database.file);
  return (await import("./postgres.ts")).openPostgres(database.url);
}

function answer(message: Answer): void {
  process.send?.(message);
}

process.on("message", (message) => {
  const task = message as Task;
  const done: Promise<Answer> =
    task.kind === "sql" ? comparePair(() => databaseOf(task.database), task, answer) : runScript(task.file, task.input);
  done.then(answer, (error: unknown) => answer({ kind: "unscored", detail: messageOf(error) }));
});
process.on("disconnect", () => process.exit());
answer({ kind: "step", step: "ready" });
