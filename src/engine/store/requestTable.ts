import type { PromptMessage, ToolCall } from "../prompt/prompt.ts";
import type { FailureClass } from "../response/outcome.ts";
import type { CacheEntry } from "./store.ts";
import type { TrialRecord } from "./trialTable.ts";

export type RequestStatus = "pending" | "processing" | "completed" | "failed";

export interface NewRequest {
  readonly run: string;
  readonly variant: number;
  /** Full model id. */
  readonly model: string;
  /** Cache key: everything that changes the answer, and the repeat. */
  readonly key: string;
  readonly taskType: string;
  readonly complexity: "low" | "medium" | "high";
  /** Lower goes first. */
  readonly priority: number;
  readonly messages: readonly PromptMessage[];
  /** Request parameters, context window, tools: JSON. With the messages, a worker needs nothing else to send it. */
  readonly request: string;
  /** What was left out to make it fit, JSON; undefined when nothing was. */
  readonly context: string | undefined;
  /** JSON Schema of the answer. */
  readonly responseSchema: string | undefined;
  readonly promptTokensEstimated: number;
  /** The trials it answers, JSON-free: [position, repeat] pairs. */
  readonly trials: readonly (readonly [position: number, repeat: number])[];
}

/** How a request ended. */
export interface Completion {
  readonly status: "completed" | "failed";
  readonly source: "call" | "cache" | "replay";
  readonly attempts: number;
  readonly errorClass: FailureClass | undefined;
  readonly errorMessage: string | undefined;
  /** Field paths and messages, JSON. */
  readonly validationErrors: string | undefined;
  readonly rawResponse: string | undefined;
  /** JSON of what was understood. */
  readonly parsedResponse: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  /** True when the provider gave no numbers and they were counted here. */
  readonly tokensEstimated: boolean;
  /** US dollars; undefined when the price is unknown. */
  readonly cost: number | undefined;
  readonly latencyMs: number | undefined;
  readonly firstTokenMs: number | undefined;
  readonly queuedMs: number | undefined;
  readonly servedModel: string | undefined;
}

export interface RequestRecord extends Omit<NewRequest, "messages">, Partial<Completion> {
  readonly id: number;
  readonly state: RequestStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When its result was taken up by the run; undefined until then. */
  readonly publishedAt: number | undefined;
  readonly leaseOwner: string | undefined;
  readonly leaseUntil: number | undefined;
}

/** A claimed request with all a sender needs. */
export interface ClaimedRequest extends RequestRecord {
  readonly prompt: readonly PromptMessage[];
}

export interface RequestTable {
  /** Adds pending rows, all or none; ids in the same order. Their run must exist, or it rejects with a `UserError`. */
  enqueue(rows: readonly NewRequest[]): Promise<readonly number[]>;
  /** Takes rows from pending to processing for `owner`; the ids that were really taken. */
  claim(ids: readonly number[], owner: string, leaseMs: number): Promise<ReadonlySet<number>>;
  /** The oldest pending rows by priority, taken for `owner`. */
  claimNext(filter: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly limit: number;
    readonly run?: string;
    readonly models?: readonly string[];
  }): Promise<readonly ClaimedRequest[]>;
  /** Keeps what `owner` holds for `leaseMs` more. */
  renew(owner: string, leaseMs: number): Promise<void>;
  /** Back to pending: claimed, not sent or cancelled. */
  release(ids: readonly number[]): Promise<void>;
  /**
   * Ends a request and, in the same commit, writes its trials and cache entry. With trials it counts as published. Where two
   * ended it, the one with trials stands, else the first; what comes after it is published changes nothing but the cache.
   */
  complete(
    id: number,
    completion: Completion,
    more?: { readonly trials?: readonly TrialRecord[]; readonly cache?: CacheEntry },
  ): Promise<void>;
  /** `enqueue` and `complete` in one commit, for answers that needed no call. */
  record(row: NewRequest, completion: Completion, trials: readonly TrialRecord[]): Promise<number>;
  /** Ended by another process and not yet taken up by the run. */
  unpublished(run: string, limit: number): Promise<readonly ClaimedRequest[]>;
  /** Writes the trials of a request another process ended. */
  publish(id: number, trials: readonly TrialRecord[]): Promise<void>;
  /** Pending and processing rows of a run, to be adopted when it resumes. */
  unfinished(run: string): Promise<
    readonly {
      readonly id: number;
      readonly key: string;
      readonly variant: number;
      readonly trials: NewRequest["trials"];
      readonly attempts: number;
      readonly state: RequestStatus;
      readonly leaseOwner: string | undefined;
    }[]
  >;
  /** Keys of a run's completed requests, oldest first, without what is long about them. */
  answered(run: string): Promise<
    readonly {
      readonly id: number;
      readonly key: string;
      readonly variant: number;
      readonly trials: NewRequest["trials"];
    }[]
  >;
  /** Rows whose lease ran out, or whose owner `isDead`, go back to pending; how many. */
  recoverStale(isDead?: (owner: string) => boolean): Promise<number>;
  /** Deletes pending rows nobody will need. */
  forget(ids: readonly number[]): Promise<void>;
  get(id: number): Promise<RequestRecord | undefined>;
  /** The messages as they were sent. */
  messages(id: number): Promise<readonly PromptMessage[]>;
  /** Oldest first; `after` is the last page's last id. */
  list(filter: {
    readonly run?: string;
    readonly status?: RequestStatus;
    readonly errorClass?: FailureClass;
    readonly taskType?: string;
    readonly after?: number;
    readonly limit: number;
  }): Promise<readonly RequestRecord[]>;
  /** Counts and rates; see `RequestStats`. */
  stats(filter?: { readonly run?: string }): Promise<RequestStats>;
  /** How a run's requests went, over all the processes that worked on it. */
  counts(run: string): Promise<RequestCounts>;
  /** What calls took, and what was saved by not making them. */
  measures(run: string): Promise<RunMeasures>;
  /** How the run's requests went over its time, in at most `points` steps. */
  timeline(run: string, points: number): Promise<RequestTimeline>;
  /** Deletes ended rows last touched before `before`, and texts nothing refers to; how many rows. Trials keep their scores. */
  cleanup(before: number): Promise<number>;
  /** Fires soon after anything in the table changed, also by another process (polled every 100 ms while someone listens). */
  onChange(listener: () => void): { dispose(): void };
}

export interface RequestCounts {
  /** Calls made, retries included. */
  readonly sent: number;
  /** Requests that a call answered. */
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  /** Answers that needed no call. */
  readonly cached: number;
}

/** Requests that ended in each step of a run's time; every list has one value a step. */
export interface RequestTimeline {
  /** When the first step begins, ms since the epoch, and how long each is, in ms. */
  readonly from: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Requests that a call answered, that needed no call, and that failed. */
  readonly answered: readonly number[];
  readonly reused: readonly number[];
  readonly failed: readonly number[];
  /** Tokens of answered calls. */
  readonly promptTokens: readonly number[];
  readonly completionTokens: readonly number[];
  readonly cachedTokens: readonly number[];
  /** Milliseconds of answered calls; null where none ended. */
  readonly latencyP50: readonly (number | null)[];
  readonly latencyP95: readonly (number | null)[];
  readonly queuedP50: readonly (number | null)[];
  readonly queuedP95: readonly (number | null)[];
  /** US dollars of the calls whose price is known. */
  readonly cost: readonly number[];
}

export interface RunMeasures {
  /** Calls that were answered and measured, never cached or replayed ones, by variant. */
  readonly calls: ReadonlyMap<number, CallMeasures>;
  /** When the first request was made and the last one ended; undefined while none has. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  /** Answers that came from the cache, and the tokens that asking for them would have taken. */
  readonly reused: { readonly answers: number; readonly promptTokens: number; readonly completionTokens: number };
  /** Tool calls by tool. */
  readonly tools: Readonly<Record<string, number>>;
}

/** Milliseconds, one value a call; `firstTokenMs` has those of streamed answers only. */
export interface CallMeasures {
  readonly latencyMs: Float64Array;
  readonly firstTokenMs: Float64Array;
  readonly queuedMs: Float64Array;
  /** Sum of the prompt tokens that the provider's prefix cache served. */
  readonly cachedTokens: number;
}

export interface RequestStats {
  readonly byStatus: Readonly<Record<RequestStatus, number>>;
  readonly byModel: readonly {
    readonly model: string;
    readonly pending: number;
    readonly processing: number;
    readonly completed: number;
    readonly failed: number;
    readonly successRate: number | undefined;
  }[];
  readonly byTaskType: readonly {
    readonly taskType: string;
    readonly completed: number;
    readonly failed: number;
    readonly successRate: number | undefined;
  }[];
  readonly byErrorClass: Readonly<Record<string, number>>;
  readonly oldestPendingAt: number | undefined;
}

/** The variant of requests that serve none: a judge's. */
export const judgeVariant = -1;
