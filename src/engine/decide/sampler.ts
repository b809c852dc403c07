/**
 * What to ask next, and is it enough?
 *
 * A `Sampler` sees scores, never text. The run draws one random order of the rows and stores it before the first call;
 * a sampler speaks of rows by their position in that order, and of variants by their position in the list it was opened
 * with. The runner asks for trials, runs them with whatever concurrency it likes, and tells each score as it arrives.
 * Decisions are taken at row boundaries in the stored order (a watermark), so they depend on the scores and the seed
 * alone: not on arrival order, batch size or when the process was killed. To resume, open the sampler with the same
 * options and tell it every stored score again, in any order; then `ask` goes on where the run stood.
 *
 * Two statements are kept apart everywhere. The *dataset* scope speaks of these N rows: "finishing all of them would not
 * show another layout more than e better". The *population* scope speaks of future rows like these. A decision names its
 * scope, and every `interval` is a population statement.
 *
 * A trial whose answer is wrong, malformed, refused or too late has score 0: that is content. A trial that could not be
 * had for reasons of transport makes its row `void`: the row then counts for no variant at all.
 */

export type SamplingMode = "adaptive" | "full" | "fixed" | "doubling" | "bandit" | "bayes" | "halving";

/** Whom a verdict speaks about: these rows, or future rows like them. */
export type Scope = "dataset" | "population";

/** One trial to run. */
export interface Ask {
  /** Position in the stored order, from 0. */
  readonly row: number;
  /** Position in the list of variants. */
  readonly variant: number;
}

/** What is known of a variant before the run. */
export interface Candidate {
  readonly id: string;
  /** What sentences call it, where the id reads badly; data keep the id. */
  readonly name?: string;
  /** Expected cost of 1,000 calls, in any one currency or in tokens; breaks ties and carries "not worse and cheaper". */
  readonly cost?: number;
}

/** Two numbers, low and high. */
export type Interval = readonly [low: number, high: number];

export type DecisionKind =
  | "dropped"
  | "won"
  | "stopped"
  | "equivalent"
  | "nonInferior"
  | "looked"
  | "joined"
  | "skipped";

/** Why a decision was taken, in numbers. All are finite, so that they survive JSON. */
export interface DecisionNumbers {
  /** Natural logarithm of the evidence against the variant when the decision was taken; 700 stands for certainty. */
  readonly logWealth?: number;
  /** Natural logarithm of the evidence that was required. */
  readonly logThreshold?: number;
  /** The variant it was last compared with. */
  readonly opponent?: string;
  /** Mean score minus the opponent's, over the rows both were seen on. */
  readonly difference?: number;
  /** Interval for that difference (about future rows). */
  readonly interval?: Interval;
  readonly pValue?: number;
  /** Mean score so far, per variant still in. */
  readonly means?: Readonly<Record<string, number>>;
}

/** A decision, as it is stored; the list of them replays why a run ended as it did. */
export interface Decision {
  /** 0, 1, 2, … within the run. */
  readonly sequence: number;
  /** Rows of the stored order that had been consumed when it was taken. */
  readonly row: number;
  /** The variant it concerns; null when it concerns the whole run. */
  readonly variant: string | null;
  readonly kind: DecisionKind;
  /** One sentence. */
  readonly reason: string;
  readonly numbers: DecisionNumbers;
}

/** How a variant compares with the one the verdict names. */
export interface Rival {
  readonly id: string;
  /** Rows both were seen on. */
  readonly rows: number;
  /** Mean score of the named variant minus this one's, over those rows. */
  readonly difference: number;
  /** Interval for the difference on future rows, at the verdict's confidence. */
  readonly interval: Interval;
  /** Only in modes that test once at the end: McNemar mid-p (or bootstrap), and the same after Holm. */
  readonly pValue?: number;
  readonly adjusted?: number;
}

export interface Verdict {
  readonly kind: "winner" | "equivalent" | "nonInferior" | "undecided";
  readonly scope: Scope;
  /** The variant to use; also the one named best when it is only tied. Null only when no row could be used. */
  readonly winner: string | null;
  /** For `equivalent` the whole group, for `winner` the near-ties, for `undecided` those still in; never the winner of a `winner`. */
  readonly tied: readonly string[];
  readonly confidence: number;
  /** The margin e in [0, 1]. */
  readonly equivalence: number;
  readonly explanation: string;
  /** Rows that are expected to be needed yet; 0 when it is decided, null when it cannot be said. */
  readonly moreTrials: number | null;
  /** False when the mode gives no bound on the chance of a wrong verdict. */
  readonly guaranteed: boolean;
  /** For `nonInferior`: what the winner saves against the baseline per 1,000 calls, in the unit of the costs. */
  readonly saves?: number;
  readonly rivals: readonly Rival[];
}

/** A variant as a panel shows it. */
export interface VariantState {
  readonly id: string;
  /** Trials that the decisions have used so far. */
  readonly trials: number;
  /** Sum of their scores. */
  readonly correct: number;
  /** Mean score; 0 when there is no trial. */
  readonly accuracy: number;
  /** About future rows: valid at any time while live, a fixed-size interval in modes that look once. */
  readonly interval: Interval;
  /** Log evidence against it over the log evidence that drops it, in [0, 1]. */
  readonly evidence: number;
  readonly status: "active" | "dropped" | "won";
  /** Why it has this status; empty while active. */
  readonly reason: string;
}

export interface Sampler {
  readonly mode: SamplingMode;
  /** Rows consumed so far, in the stored order. */
  readonly watermark: number;
  readonly finished: boolean;
  /** Names the next trials, at most `limit` more than were named before; empty when there is nothing more to ask now. */
  ask(limit: number): readonly Ask[];
  /**
   * Tells a score in [0, 1], or that the row cannot be had (`void`). Any order; telling the same again is harmless.
   * Returns the decisions that this made possible.
   */
  tell(row: number, variant: number, score: number | "void"): readonly Decision[];
  /** Every decision so far, oldest first. */
  decisions(): readonly Decision[];
  verdict(): Verdict;
  variants(): readonly VariantState[];
}

/** A sampler that new variants may join: the rows already consumed are run for the newcomer first. */
export interface OpenSampler extends Sampler {
  /**
   * Adds a variant at the watermark and returns its position. Store the `joined` decision: resuming needs its row. One that
   * was written by looking at rows of this run must not join, for it has seen the answers: it needs a run on other rows.
   */
  join(candidate: Candidate): { readonly variant: number; readonly decisions: readonly Decision[] };
}
