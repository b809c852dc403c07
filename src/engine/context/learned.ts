import { field, numberField } from "../../base/untyped.ts";

/** What was seen to work and to fail for one model on one machine. Tokens of context window, bytes of graphics memory. */
export interface Learned {
  readonly workedTokens: number | undefined;
  readonly workedBytes: number | undefined;
  /** The smallest context that ran out of memory. */
  readonly failedTokens: number | undefined;
  /** Reported tokens per estimated token. */
  readonly ratio: number | undefined;
}

export const nothingLearned: Learned = {
  workedTokens: undefined,
  workedBytes: undefined,
  failedTokens: undefined,
  ratio: undefined,
};

/** Share of the largest that worked which is asked for again after a failure: memory is never as free as the last time. */
const safeShare = 0.9;
/** What is tried after a failure when nothing is known to work. */
const nextShare = 0.75;
export const contextStep = 256;

/** The largest context worth asking for; undefined while nothing has failed, as then nothing limits it. */
export function safeContext({ workedTokens, failedTokens }: Learned): number | undefined {
  if (failedTokens === undefined) return undefined;
  const from =
    workedTokens !== undefined && workedTokens < failedTokens ? workedTokens * safeShare : failedTokens * nextShare;
  return Math.max(contextStep, Math.floor(from / contextStep) * contextStep);
}

/** What both say: the newer `b` corrects `a` where they disagree. */
export function joinLearned(a: Learned, b: Learned): Learned {
  const larger = (x: number | undefined, y: number | undefined) => (x === undefined ? y : Math.max(x, y ?? x));
  let workedTokens = larger(a.workedTokens, b.workedTokens);
  let failedTokens =
    a.failedTokens === undefined ? b.failedTokens : Math.min(a.failedTokens, b.failedTokens ?? a.failedTokens);
  // More memory, or less taken by others: what works now is no failure, and what fails now no longer works.
  if (failedTokens !== undefined && b.workedTokens !== undefined && b.workedTokens >= failedTokens)
    failedTokens = b.failedTokens;
  if (failedTokens !== undefined && workedTokens !== undefined && workedTokens >= failedTokens)
    workedTokens = b.workedTokens;
  return { workedTokens, failedTokens, workedBytes: larger(a.workedBytes, b.workedBytes), ratio: b.ratio ?? a.ratio };
}

/** Reads what an earlier version may have written; anything else is nothing. */
export function readLearned(text: string | undefined): Learned {
  let told: unknown;
  try {
    told = text === undefined ? undefined : JSON.parse(text);
  } catch {
    return nothingLearned;
  }
  const number = (name: keyof Learned) => {
    const found = numberField(field(told), name);
    return found !== undefined && found > 0 ? found : undefined;
  };
  return {
    workedTokens: number("workedTokens"),
    workedBytes: number("workedBytes"),
    failedTokens: number("failedTokens"),
    ratio: number("ratio"),
  };
}
