import type { FailureClass } from "../response/outcome.ts";
import type { Completion, NewRequest, RequestStatus, TrialState } from "./store.ts";

/** Words that are stored as small numbers: their place in these lists, which therefore only ever grow at the end. */

export const statuses: readonly RequestStatus[] = ["pending", "processing", "completed", "failed"];
export const complexities: readonly NewRequest["complexity"][] = ["low", "medium", "high"];
export const sources: readonly Completion["source"][] = ["call", "cache", "replay"];
export const failureClasses: readonly FailureClass[] = ["unavailable", "invalid", "exception"];
export const trialStates: readonly TrialState[] = ["scored", "unparsable", "failed", "void"];

export function codeOf<T>(words: readonly T[], word: T): number {
  const code = words.indexOf(word);
  if (code < 0) throw new TypeError(`no code for ${String(word)}`);
  return code;
}

export function wordOf<T>(words: readonly T[], code: number): T {
  const word = words[code];
  if (word === undefined) throw new TypeError(`no word for code ${code}`);
  return word;
}
