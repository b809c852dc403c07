import type { SlowScorer } from "../metrics/scorers/scorer.ts";
import type { ScriptResult } from "./process/task.ts";
import type { ProcessPool, TaskEnd } from "./processPool.ts";

export interface ScriptOptions {
  /** Absolute. */
  readonly file: string;
  /** Most that one call may take, in ms. */
  readonly timeout: number;
}

/**
 * Scores by a function of the user's own, in a process that is killed when it takes too long. A function that throws, hangs or
 * returns no score fails its item with a score of 0 and says so; the run goes on.
 */
export function scriptScorer(name: string, { file, timeout }: ScriptOptions, pool: ProcessPool): SlowScorer {
  return {
    name,
    phase: "execute",
    async judge({ parsed, text, example }, { signal }) {
      const input = { output: parsed.value, text, expected: example.expected ?? null, fields: example.fields };
      const end = await pool.run({ kind: "script", file, input }, timeout, signal);
      if (end.kind === "cancelled") return { kind: "withdrawn" };
      return { kind: "scored", ...resultOf(end, timeout) };
    },
  };
}

function resultOf(end: Exclude<TaskEnd, { kind: "cancelled" }>, timeout: number) {
  if (end.kind === "timedOut")
    return { value: 0, note: { kind: "timedOut", detail: `the script took longer than ${timeout / 1000} s` } };
  if (end.kind === "died") return { value: 0, note: { kind: "threw", detail: end.detail } };
  const result = end.answer as ScriptResult;
  if (result.kind === "threw") return { value: 0, note: { kind: "threw", detail: result.detail } };
  const { value, note } = result;
  return { value, note: note === undefined ? { kind: "scored" } : { kind: "scored", detail: note } };
}
