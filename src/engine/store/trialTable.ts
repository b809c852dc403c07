import type { ScoreNote } from "../metrics/scorers/scorer.ts";

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
