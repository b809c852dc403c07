import type { Alert } from "../analysis/alerts.ts";
import type { JudgingReport } from "../analysis/judging.ts";
import type { PrefixFigures } from "../analysis/prefix.ts";
import type { NoiseFloor } from "../decide/compare.ts";
import type { ModelAgreement } from "../decide/models.ts";
import type { Decision, Verdict } from "../decide/sampler.ts";
import type { EnsembleReport } from "../ensemble/judge.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import type { RunMetrics } from "../metrics/runMetrics.ts";
import type { QueueChange, QueueSnapshot, QueueStats, Waiting } from "../queue/queue.ts";
import type { Scalar } from "../spec/experiment.ts";
import type { RequestCounts, RunStatus, TrialState } from "../store/store.ts";

/**
 * What a run says while it goes: the one stream that panels, the terminal and every listener draw from. `progress` carries a
 * whole view, so a listener that arrives late or misses some is right again with the next one.
 */
export type RunEvent =
  | { readonly kind: "started"; readonly view: RunView }
  | { readonly kind: "decided"; readonly run: string; readonly model: string; readonly decision: Decision }
  | { readonly kind: "queue"; readonly run: string; readonly change: QueueChange }
  | { readonly kind: "warning"; readonly run: string; readonly message: string }
  /** Something is out of bounds for the first time in this run. */
  | { readonly kind: "alert"; readonly run: string; readonly alert: Alert }
  | { readonly kind: "trials"; readonly run: string; readonly trials: readonly TrialEvent[] }
  | { readonly kind: "progress"; readonly view: RunView }
  | { readonly kind: "ended"; readonly view: RunView; readonly summary: RunSummary };

export interface TrialEvent {
  readonly variant: number;
  readonly position: number;
  readonly state: TrialState;
  readonly score: number | undefined;
  readonly source: "call" | "cache" | "replay";
}

/** Everything a progress panel shows, as plain JSON. */
export interface RunView {
  readonly run: string;
  readonly name: string;
  readonly file: string;
  readonly status: RunStatus | "stopping";
  readonly mode: string;
  readonly startedAt: number;
  readonly elapsedMs: number;
  readonly examples: number;
  /** Trials the full grid would take, and those answered so far. */
  readonly trialsPlanned: number;
  readonly trialsDone: number;
  readonly requests: RequestCounts;
  /** Calls that ended per second, over the last ten seconds. */
  readonly ratePerSecond: number;
  readonly inFlight: number;
  /** Answers that are being executed or judged; absent without a scorer that does either. */
  readonly scoring?: { readonly execute: number; readonly judge: number };
  readonly cost: number | undefined;
  readonly tokens: TokenTotals;
  /** Undefined while it cannot be told. */
  readonly leftMs: number | undefined;
  readonly variants: readonly VariantView[];
  /** What the races are held to; absent from views of earlier versions. */
  readonly question?: Question;
  readonly queue: QueueSnapshot;
  readonly waiting: readonly Waiting[];
  readonly decisions: number;
  /** What has been out of bounds so far; absent from views of earlier versions. */
  readonly alerts?: readonly Alert[];
  readonly stopReason: string | undefined;
}

/** Whom the verdict will speak about, how sure it must be, and what difference counts. */
export type Question = Pick<Verdict, "scope" | "confidence" | "equivalence" | "guaranteed">;

export interface TokenTotals {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
}

export interface VariantView {
  readonly index: number;
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly trials: number;
  readonly correct: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  /** Evidence against it, in [0, 1]; at 1 it is dropped. */
  readonly evidence: number;
  readonly status: "active" | "dropped" | "won";
  readonly reason: string;
  /** Answers that came while this process worked on it and could not be read. */
  readonly unreadable?: number;
}

/**
 * Why a run ended: every race is decided or out of rows; a budget is used up; a person stopped it; a model can never work as
 * asked (key, name, quota); or a model stayed out of reach.
 */
export type StopKind = "decided" | "budget" | "interrupted" | "rejected" | "unavailable" | "failed";

/** `layoutlab/run@1`: what `run --json` prints and the store keeps. */
export interface RunSummary {
  readonly schema: "layoutlab/run@1";
  readonly run: string;
  readonly name: string;
  readonly file: string;
  readonly createdAt: string;
  readonly durationMs: number;
  readonly status: RunStatus;
  readonly verdict: Verdict;
  /** One per model, when there are several. */
  readonly verdicts: readonly { readonly model: string; readonly verdict: Verdict }[];
  /** The models side by side, when there are several. */
  readonly models?: ModelAgreement;
  /** How much each variant differs from itself, when every trial was asked twice or more. */
  readonly noise?: readonly VariantNoise[];
  readonly examples: number;
  readonly variants: readonly VariantSummary[];
  /** What the combinations that the file asks for are worth; absent while the run goes on, or without any. */
  readonly ensembles?: readonly EnsembleReport[];
  /** What judges took and how far they agree with the right answers; absent without one, and while the run goes on. */
  readonly judging?: JudgingReport;
  readonly requests: RequestCounts;
  readonly queue: QueueStats;
  readonly metrics: RunMetrics;
  readonly stopped: { readonly kind: StopKind; readonly reason: string };
  /** What was out of bounds while it went; absent from runs of earlier versions. */
  readonly alerts?: readonly Alert[];
  /** What a reader must know before quoting the numbers: built-in model, exploratory provider, void rows, estimates. */
  readonly notes: readonly string[];
}

/** A variant asked twice: what differs between the first and the second answers is noise. */
export interface VariantNoise extends NoiseFloor {
  readonly id: string;
  readonly layout: string;
}

export interface VariantSummary {
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly trials: number;
  readonly correct: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  /** Means of the other scorers by name, such as `top-5` and `mrr`; absent with one scorer, and while the run goes on. */
  readonly scores?: Readonly<Record<string, number>>;
  readonly status: "active" | "dropped" | "won";
  readonly reason: string;
  /** The model's provider adds its own text to prompts; absent otherwise. */
  readonly exploratory?: true;
  readonly unparsable: number;
  readonly failed: number;
  readonly tokens: TokenTotals;
  readonly tokensPerCorrect: number | null;
  /** US dollars; null when the price is unknown. */
  readonly cost: number | null;
  /** Milliseconds, measured calls only; null when every answer came from a cache or a file. */
  readonly latency: { readonly p50: number; readonly p95: number } | null;
  readonly layoutMetrics: LayoutMetrics;
  /** What a provider's prefix cache can serve, and did; absent from runs of earlier versions. */
  readonly prefix?: PrefixFigures;
}
