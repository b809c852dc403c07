import type { Outcome } from "../response/outcome.ts";
import type { CacheEntry } from "../store/store.ts";

export type Answered = Extract<Outcome, { readonly kind: "answered" }>;

/** `read` never writes, `write` never reads (asks anew and keeps the answer), `off` does neither. */
export type CacheMode = "on" | "off" | "read" | "write";

/**
 * Have we asked this before? Answers by the key of everything that changes them (cacheKey.ts), so an answer never grows old:
 * a changed prompt has another key. Only complete, good answers are kept: not failures, not ones cut at the length limit.
 *
 * A broken tier is a miss and a warning, never an error: the worst that a cache can do is to cost a call. Safe with many runs
 * and several processes; one key may be asked by two processes at once, and then the last answer stays.
 */
export interface Cache {
  readonly mode: CacheMode;
  /** What is known of these keys, looked up together; each hit counts as a use. */
  get(keys: readonly string[]): Promise<ReadonlyMap<string, Answered>>;
  /**
   * What to store of an outcome, to be committed with the request it answers; undefined when it is not worth keeping or the
   * mode does not write.
   */
  entryFor(key: string, model: string, experiment: string, outcome: Outcome): CacheEntry | undefined;
  /**
   * One request in flight per key in this process. The first caller asks; who comes meanwhile is given its answer, or, when
   * that is none worth sharing, asks in turn. Nothing is shared where the mode does not read: then two equal requests are two
   * samples. Rejects when the caller's own `ask` does.
   */
  share(key: string, ask: () => Promise<Outcome>): Promise<{ readonly outcome: Outcome; readonly shared: boolean }>;
  /** How many of these keys are held: what of a run a prompt edit leaves valid. Counts as no use. */
  coverage(keys: readonly string[]): Promise<number>;
  counters(): CacheCounters;
  /** Writes down what was used, so that eviction spares it. */
  close(): Promise<void>;
}

export interface CacheCounters {
  readonly hits: number;
  readonly misses: number;
  /** Answers another caller's request brought. */
  readonly shared: number;
  /** Answers handed over to be kept. */
  readonly kept: number;
}

/** True for an answer that may stand for later calls: complete and not empty. */
export function isWorthKeeping(outcome: Outcome): outcome is Answered {
  if (outcome.kind !== "answered") return false;
  if (outcome.finish === "toolCalls") return outcome.toolCalls.length > 0;
  return outcome.finish === "stop" && (outcome.text.trim() !== "" || outcome.toolCalls.length > 0);
}

/** A stored answer read back; undefined when the text is not one. */
export function parseAnswer(json: string): Answered | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  return isAnswered(value) ? value : undefined;
}

function isAnswered(value: unknown): value is Answered {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "answered" &&
    "text" in value &&
    typeof value.text === "string" &&
    "toolCalls" in value &&
    Array.isArray(value.toolCalls) &&
    "usage" in value &&
    typeof value.usage === "object" &&
    "timing" in value &&
    typeof value.timing === "object" &&
    "finish" in value
  );
}
