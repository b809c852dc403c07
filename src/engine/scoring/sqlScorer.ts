import type { ScoreInput, ScoreNote, SlowScore, SlowScorer } from "../metrics/scorers/scorer.ts";
import { findSql, ordersRows } from "../response/sql.ts";
import { fillTemplate, parseTemplate } from "../spec/placeholders.ts";
import type { Database, SqlResult } from "./process/task.ts";
import type { ProcessPool, TaskEnd } from "./processPool.ts";

export interface SqlOptions {
  /** Path of a SQLite file with `{{column}}`s still in it, or a resolved PostgreSQL address. */
  readonly database: string;
  /** Most that one query may take, in ms. */
  readonly timeout: number;
  readonly order: "auto" | "strict" | "ignore";
}

/** Finds a database file that an experiment names; a sentence when it may not be read or is not there. */
export type FindFile = (path: string) => Promise<{ readonly file: string } | { readonly trouble: string }>;

/**
 * Right when the predicted query gives what the expected one gives. Both run where they can only read, each in its own time. A query
 * that fails, is refused or runs out of time is wrong; where the expected query does, nothing is known of the answer.
 */
export function sqlScorer(name: string, options: SqlOptions, pool: ProcessPool, find: FindFile): SlowScorer {
  const template = parseTemplate(options.database);
  const found = new Map<string, ReturnType<FindFile>>();
  const databaseOf = async (input: ScoreInput): Promise<Database | string> => {
    if (isServer(options.database)) return { kind: "postgres", url: options.database };
    const path = fillTemplate(template, input.example.fields);
    let looking = found.get(path);
    if (looking === undefined) {
      looking = find(path);
      found.set(path, looking);
    }
    const place = await looking;
    return "file" in place ? { kind: "sqlite", file: place.file } : place.trouble;
  };
  return {
    name,
    phase: "execute",
    async judge(input, { signal }) {
      const { expected } = input.example;
      if (expected === undefined) return unscored("the row has no expected query");
      const database = await databaseOf(input);
      if (typeof database === "string") return unscored(database);
      const ordered = options.order === "strict" || (options.order === "auto" && ordersRows(expected));
      const end = await pool.run(
        {
          kind: "sql",
          database,
          expected,
          predicted: input.parsed.prediction,
          ordered,
          timeoutMs: options.timeout,
        },
        options.timeout,
        signal,
      );
      return scoreOf(end, options, findSql(input.text)?.statements ?? 1);
    },
  };
}

export function isServer(database: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(database);
}

function scoreOf(end: TaskEnd, { timeout }: SqlOptions, statements: number): SlowScore {
  const tooLong = `it took longer than ${timeout / 1000} s`;
  switch (end.kind) {
    case "cancelled":
      return { kind: "withdrawn" };
    case "timedOut":
      return end.begun
        ? { kind: "scored", value: 0, note: { kind: "timedOut", detail: tooLong } }
        : unscored(`the expected query: ${tooLong}`);
    case "died":
      return { kind: "scored", value: 0, note: { kind: "queryError", detail: end.detail } };
    case "answered":
      return resultScore(end.answer as SqlResult, statements);
  }
}

function resultScore(result: SqlResult, statements: number): SlowScore {
  const several = statements > 1 ? `the first of ${statements} statements` : undefined;
  if (result.kind === "unscored") return unscored(result.detail);
  const details = [several, "detail" in result ? result.detail : undefined].filter((each) => each !== undefined);
  const note: ScoreNote = {
    kind: result.kind,
    ...(details.length === 0 ? {} : { detail: details.join("; ").slice(0, 500) }),
  };
  return { kind: "scored", value: result.kind === "right" ? 1 : 0, note };
}

function unscored(detail: string): SlowScore {
  return { kind: "unscored", note: { kind: "unscored", detail: detail.slice(0, 500) } };
}
