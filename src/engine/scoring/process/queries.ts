import { messageOf } from "../../../base/errors.ts";
import type { ResultSet } from "../resultSets.ts";
import { differenceOf } from "../resultSets.ts";
import type { Answer, SqlResult, Task } from "./task.ts";

/** A query that failed, and how. */
export class QueryFailure extends Error {
  readonly kind: "queryError" | "refused" | "tooLarge" | "timedOut";

  constructor(kind: QueryFailure["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Most that a result may hold. */
export const mostRows = 100_000;
export const mostBytes = 64 * 2 ** 20;

/** A database that only reads. */
export interface ReadOnlyDatabase {
  /** @throws QueryFailure */
  query(sql: string, timeoutMs: number): Promise<ResultSet>;
}

/** Runs the expected query, then the predicted one, and compares what they give. */
export async function comparePair(
  open: () => Promise<ReadOnlyDatabase>,
  task: Extract<Task, { kind: "sql" }>,
  tell: (step: Extract<Answer, { kind: "step" }>) => void,
): Promise<SqlResult> {
  let database: ReadOnlyDatabase;
  try {
    database = await open();
  } catch (error) {
    return { kind: "unscored", detail: `the database cannot be opened: ${messageOf(error)}` };
  }
  let expected: ResultSet;
  try {
    expected = await database.query(task.expected, task.timeoutMs);
  } catch (error) {
    return { kind: "unscored", detail: `the expected query failed: ${messageOf(error)}` };
  }
  tell({ kind: "step", step: "predicted" });
  try {
    const said = await database.query(task.predicted, task.timeoutMs);
    const detail = differenceOf(expected, said, task.ordered);
    return detail === undefined ? { kind: "right" } : { kind: "wrongResult", detail };
  } catch (error) {
    if (error instanceof QueryFailure) return { kind: error.kind, detail: error.message };
    throw error;
  }
}

/** Counts what a result holds, so that an endless one ends. @throws QueryFailure */
export function resultMeter(): (row: readonly unknown[]) => void {
  let rows = 0;
  let bytes = 0;
  return (row) => {
    rows += 1;
    for (const cell of row) bytes += 8 + (typeof cell === "string" ? 2 * cell.length : 0);
    if (rows > mostRows) throw new QueryFailure("tooLarge", `the result has more than ${mostRows} rows`);
    if (bytes > mostBytes) throw new QueryFailure("tooLarge", `the result has more than ${mostBytes / 2 ** 20} MB`);
  };
}
