import type { RunSummary } from "../engine/runner/events.ts";

/** What a script may rely on; CONTRACT of the command line. */
export const exitCodes = {
  done: 0,
  /** The tool failed: a bug, or a store that broke. */
  failed: 1,
  /** The user's input is wrong. */
  input: 2,
  /** Inconclusive or incomplete; partial results are stored. */
  incomplete: 3,
  /** An `assert` of the experiment failed. */
  assertFailed: 100,
  /** Interrupted, resumable. */
  interrupted: 130,
} as const;

/** The code of a run that came to an end, asserts aside. */
export function exitCodeOf(summary: RunSummary): number {
  if (summary.status === "interrupted") return exitCodes.interrupted;
  if (summary.status === "failed") return exitCodes.failed;
  // A wrong key or model name is the user's to correct; a server that is down is not.
  if (summary.stopped.kind === "rejected") return exitCodes.input;
  if (summary.status === "finished" && summary.verdict.kind !== "undecided") return exitCodes.done;
  return exitCodes.incomplete;
}
