import type { GpuSample } from "../gpu/gpu.ts";
import type { ScoreNote } from "../metrics/scorers/scorer.ts";
import type { PromptMessage, ToolCall } from "../prompt/prompt.ts";
import type { FailureClass } from "../response/outcome.ts";
import type { Scalar } from "../spec/experiment.ts";

/**
 * What happened, durably. `openStore` opens one.
 *
 * Guarantees: a resolved write is on disk (it survives kill -9; a power cut may lose the last moments, never corrupt); writes
 * asked for in one tick are committed together; what is returned is the caller's own copy; several processes may share one
 * store, and a request is claimed by one of them at a time. Times are milliseconds since the epoch. What is handed over must
 * stay as it is until the promise resolves. Rejects with a `UserError` when the disk is full, the file locked, read-only or
 * damaged; a write that fails leaves nothing behind and harms no other.
 */
export interface Store {
  /** The file or URL, without credentials. */
  readonly location: string;
  /** What a person should know of how it was opened, a sentence each; mostly none. */
  readonly warnings: readonly string[];
  readonly runs: RunTable;
  readonly requests: RequestTable;
  readonly trials: TrialTable;
  readonly cache: CacheTable;
  readonly state: StateTable;
  readonly gpuSamples: GpuSampleTable;
  close(): Promise<void>;
}

export type RunStatus = "running" | "finished" | "stopped" | "interrupted" | "failed";

export interface RunRecord {
  readonly id: string;
  /** The experiment's name. */
  readonly name: string;
  /** Path of the experiment file as it was opened; empty for a run without a file. */
  readonly file: string;
  readonly createdAt: number;
  readonly endedAt: number | undefined;
  readonly status: RunStatus;
  /** Why it ended, in a sentence; undefined while it runs. */
  readonly stopReason: string | undefined;
  /** The experiment as run: JSON, environment values never filled in. */
  readonly experiment: string;
  readonly datasetHash: string;
  readonly models: readonly string[];
  readonly variants: readonly VariantRecord[];
  /** Scorer names, the primary first. */
  readonly scorers: readonly string[];
  /** Row numbers of the dataset in the order they are asked, drawn before the first call. */
  readonly order: Uint32Array;
  /** Seed, alpha, margin, scope, engine version, order hash: whatever makes a verdict checkable. */
  readonly settings: Readonly<Record<string, Scalar | null>>;
  /** CONTRACT's `verdict`, as JSON; undefined until there is one. */
  readonly verdict: string | undefined;
  /** The whole `run --json` document, as JSON; written when the run ends. */
  readonly summary: string | undefined;
  /** The process that owns the run while it is running: `host:pid:start`. */
  readonly owner: string | undefined;
}

export interface VariantRecord {
  /** Place in the run; trials and decisions use it. */
  readonly index: number;
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
}

export interface RunTable {
  create(run: RunRecord): Promise<void>;
  /** Changes the given fields only. */
  update(
    id: string,
    change: Partial<
      Pick<
        RunRecord,
        | "status"
        | "endedAt"
        | "stopReason"
        | "verdict"
        | "summary"
        | "owner"
        // A layout that joins: the experiment it is part of, and what decides.
        | "experiment"
        | "variants"
        | "settings"
      >
    >,
  ): Promise<void>;
  get(id: string): Promise<RunRecord | undefined>;
  /** Newest first; `prefix` finds a run by the start of its id. */
  list(filter?: {
    readonly file?: string;
    readonly prefix?: string;
    readonly status?: RunStatus;
    readonly limit?: number;
  }): Promise<readonly RunRecord[]>;
  /** Removes a run with its trials, requests and decisions; cached answers stay. */
  delete(id: string): Promise<void>;
  /** Stores the rows a run is about, once per dataset hash. */
  putExamples(datasetHash: string, examples: readonly ExampleRecord[]): Promise<void>;
  examples(datasetHash: string, rows: readonly number[]): Promise<readonly ExampleRecord[]>;
  addDecisions(run: string, decisions: readonly DecisionRecord[]): Promise<void>;
  decisions(run: string): Promise<readonly DecisionRecord[]>;
  /** Forgets the decisions of a run whose scores are about to change. */
  clearDecisions(run: string): Promise<void>;
}

export interface ExampleRecord {
  /** Index into the dataset as loaded, from 0; `RunRecord.order` holds these. */
  readonly index: number;
  readonly id: string;
  readonly row: number;
  readonly line: number;
  readonly expected: string | undefined;
  readonly fields: Readonly<Record<string, Scalar | null>>;
}

export interface DecisionRecord {
  readonly sequence: number;
  /** Model whose race it belongs to. */
  readonly model: string;
  /** Rows consumed when it was taken. */
  readonly row: number;
  readonly variant: string | undefined;
  readonly kind: string;
  readonly reason: string;
  /** JSON values: see `DecisionNumbers`. */
  readonly numbers: Readonly<Record<string, unknown>>;
  readonly at: number;
}

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

export type TrialState = "scored" | "unparsable" | "failed" | "void";

export interface TrialRecord {
  readonly run: string;
  readonly variant: number;
  /** Place in the run's order, from 0. */
  readonly position: number;
  readonly repeat: number;
  readonly exampleId: string;
  /** Undefined when the trial came without a request (a score recorded elsewhere). */
  readonly request: number | undefined;
  readonly state: TrialState;
  readonly prediction: string | undefined;
  readonly expected: string | undefined;
  /** Primary score in [0, 1]; undefined for `void`. */
  readonly score: number | undefined;
  readonly confidence: number | undefined;
  /** Other scorers' values by name. */
  readonly scores: Readonly<Record<string, number>>;
  /** What executing and judging came to, by scorer; absent where no scorer did either. */
  readonly notes?: Readonly<Record<string, ScoreNote>>;
}

/** A trial with what a table row shows of its request; tokens and cost are its share where the request answered several. */
export interface TrialRow extends TrialRecord {
  readonly source: "call" | "cache" | "replay" | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly latencyMs: number | undefined;
  readonly cost: number | undefined;
  readonly errorMessage: string | undefined;
  readonly rawResponse: string | undefined;
  readonly row: number;
}

export interface TrialFilter {
  readonly run: string;
  readonly variants?: readonly number[];
  readonly states?: readonly TrialState[];
  /** `wrong` is a score below 1 or no score. */
  readonly outcome?: "wrong" | "right";
  /** Only rows at these places of the run's order. */
  readonly positions?: readonly number[];
  readonly expected?: string;
  readonly prediction?: string;
  /** Substring of the example's fields, the prediction or the raw response, without case. */
  readonly search?: string;
}

export type TrialSort = "position" | "score" | "confidence" | "latency" | "tokens" | "expected" | "prediction";

export interface VariantAggregate {
  readonly variant: number;
  readonly trials: number;
  readonly scored: number;
  readonly unparsable: number;
  readonly failed: number;
  readonly void: number;
  /** Sum of primary scores; for 0/1 scores the number right. */
  readonly scoreSum: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  /** US dollars of the calls made; undefined as soon as one completed call has no price. */
  readonly cost: number | undefined;
  /** Requests the cache answered. Their tokens are counted, their cost is not. */
  readonly fromCache: number;
}

/** The trials of a run as columns of one length; NaN, or -1 for an answer, where nothing is known. */
export interface TrialColumns {
  readonly count: number;
  readonly variant: Uint32Array;
  readonly position: Uint32Array;
  readonly repeat: Uint32Array;
  /** Place in `trialStates`: 0 scored, 1 unparsable, 2 failed, 3 void. */
  readonly state: Uint8Array;
  readonly score: Float64Array;
  readonly confidence: Float64Array;
  /** 1 where a call answered, 0 for a cached or replayed answer. */
  readonly called: Uint8Array;
  /** Shares, where a request answered several trials; so is the cost, in US dollars. */
  readonly promptTokens: Float64Array;
  readonly completionTokens: Float64Array;
  readonly cost: Float64Array;
  /** Of calls only. */
  readonly latencyMs: Float64Array;
  /** Places in `answers`. */
  readonly prediction: Int32Array;
  readonly expected: Int32Array;
  /** Each different answer once, the first 120 characters of long ones. */
  readonly answers: readonly string[];
  /** Ids of examples by position. */
  readonly examples: readonly string[];
}

export interface TrialTable {
  /** All trials of a run as columns, in (position, variant, repeat) order: what re-deciding and analysis read. Score NaN for `void`. */
  scores(run: string): Promise<{
    readonly variant: Uint32Array;
    readonly position: Uint32Array;
    readonly repeat: Uint32Array;
    readonly score: Float64Array;
  }>;
  /** Everything about a run's trials that is a number, in one pass, in the order of `scores`. */
  columns(run: string): Promise<TrialColumns>;
  /**
   * One page by keyset: pass the last page's `next`. Equal ones stand in the order of position, variant, repeat. `skip` leaves
   * out so many rows first, so that a far page needs none of those before it.
   */
  page(
    filter: TrialFilter,
    sort: TrialSort,
    descending: boolean,
    limit: number,
    after?: string,
    skip?: number,
  ): Promise<{ readonly rows: readonly TrialRow[]; readonly next: string | undefined }>;
  count(filter: TrialFilter): Promise<number>;
  aggregates(run: string): Promise<readonly VariantAggregate[]>;
  /** Scored trials that had an expected answer, the most frequent pair first. */
  confusion(
    run: string,
    variant: number,
  ): Promise<readonly { readonly expected: string; readonly prediction: string; readonly count: number }[]>;
  /** Every variant's trial on one row. */
  atPosition(run: string, position: number): Promise<readonly TrialRow[]>;
  /** Replaces scores after re-scoring, in one commit. */
  rescore(trials: readonly TrialRecord[]): Promise<void>;
  /** Streams rows for an export without holding them all. */
  each(filter: TrialFilter): AsyncIterable<TrialRow>;
}

/** A stored answer. */
export interface CacheEntry {
  readonly key: string;
  readonly model: string;
  /** Name of the experiment that asked first. */
  readonly experiment: string;
  /** JSON of the `answered` outcome. */
  readonly answer: string;
}

export interface CacheRow {
  readonly key: string;
  readonly model: string;
  readonly experiment: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly hits: number;
  readonly bytes: number;
}

export interface CacheTable {
  get(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Which of them are held, without reading the answers. */
  has(keys: readonly string[]): Promise<ReadonlySet<string>>;
  put(entries: readonly CacheEntry[]): Promise<void>;
  /** Marks use, for eviction and hit counts; batched by the caller. */
  touch(keys: readonly string[]): Promise<void>;
  /** Newest first; `after` is the key of the last page's last row, which must still be there. */
  list(filter: {
    readonly model?: string;
    readonly experiment?: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly CacheRow[]>;
  /** Deletes by key, model or experiment; no filter clears all. How many went. */
  delete(filter: {
    readonly keys?: readonly string[];
    readonly model?: string;
    readonly experiment?: string;
  }): Promise<number>;
  stats(): Promise<{
    readonly entries: number;
    readonly bytes: number;
    readonly byModel: readonly {
      readonly model: string;
      readonly experiment: string;
      readonly entries: number;
      readonly bytes: number;
      readonly hits: number;
    }[];
  }>;
  /** When each group was last used, by `model experiment`; a group that lies far back is left out. */
  lastUsed(): Promise<ReadonlyMap<string, number>>;
  /** Deletes the least recently used until at most `maxBytes` are held; how many went. */
  evict(maxBytes: number): Promise<number>;
  /** Streams entries for an export. */
  each(): AsyncIterable<CacheEntry>;
}

/** Small facts that outlive a process: breaker states, learned limits, largest safe context. */
export interface StateTable {
  get(scope: string, key: string): Promise<string | undefined>;
  set(scope: string, key: string, value: string): Promise<void>;
  list(scope: string): Promise<ReadonlyMap<string, string>>;
  delete(scope: string, key?: string): Promise<void>;
}

/** What graphics cards held while a run went on; goes with the run. */
export interface GpuSampleTable {
  /** Samples of a run that is not there are dropped. */
  add(run: string, samples: readonly GpuSample[]): Promise<void>;
  /** In the order of time. */
  list(run: string): Promise<readonly GpuSample[]>;
}
