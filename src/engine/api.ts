import type { AlertChoices } from "./analysis/alerts.ts";
import type { CalibrationReport } from "./analysis/calibration.ts";
import type { RunCourse } from "./analysis/course.ts";
import type { CrossModelReport } from "./analysis/crossModel.ts";
import type { EfficiencyReport } from "./analysis/efficiency.ts";
import type { LengthReport } from "./analysis/lengths.ts";
import type { PatternReport } from "./analysis/patterns.ts";
import type { PositionReport } from "./analysis/storedPositions.ts";
import type { TimelineReport } from "./analysis/timeline.ts";
import type { BatchAnalysis } from "./batch/analyze.ts";
import type { Comparison, PowerPlan } from "./decide/compare.ts";
import type { Decision, Verdict } from "./decide/sampler.ts";
import type { EnsembleReport } from "./ensemble/judge.ts";
import type { RulesReport } from "./ensemble/judgeRules.ts";
import type { GpuReport, GpuSample } from "./gpu/gpu.ts";
import type { Price } from "./plan/prices.ts";
import type { PreviewModel } from "./preview/preview.ts";
import type { PromptMessage } from "./prompt/prompt.ts";
import type { EditorAnswer, EditorModel, EditorQuestion } from "./provider/editorModels.ts";
import type { CircuitState } from "./queue/circuitBreaker.ts";
import type { PoolSnapshot } from "./queue/queue.ts";
import type { RunEvent, RunSummary, RunView } from "./runner/events.ts";
import type { AnalyzeRequest, ConvertReport, ConvertRequest } from "./service/batching.ts";
import type { BatchProgress } from "./service/batchJobs.ts";
import type { BatchRunReport, BatchRunRequest } from "./service/batchRuns.ts";
import type { FetchReport } from "./service/fetching.ts";
import type { Pairing } from "./service/pairing.ts";
import type { SubmissionView } from "./service/submissions.ts";
import type { SubmitRequest } from "./service/submitting.ts";
import type { DeclaredLayout, Placing } from "./spec/declareLayout.ts";
import type { Diagnostic, Range } from "./spec/diagnostic.ts";
import type { EnsembleSpec, Scalar } from "./spec/experiment.ts";
import type { Completion, FileSymbol, Hover, QuickFix } from "./spec/language.ts";
import type { Guess, NewFile } from "./spec/scaffold.ts";
import type {
  CacheEntry,
  RequestRecord,
  RequestStats,
  RequestStatus,
  RunStatus,
  TrialFilter,
  TrialRow,
  TrialSort,
} from "./store/store.ts";

/**
 * What the engine does for a face of the product: one verb a method, one plain JSON object in, one out, so that the same
 * object serves the command line in its own process and the editor across a worker's boundary (`worker/main.ts`).
 * `UserError`s cross it as such. `text` is the experiment file as the editor holds it, saved or not; without it the file
 * on disk is read.
 */
export interface EngineApi {
  /** Everything wrong with the file and what it refers to. */
  check(p: Source): Promise<CheckResult>;
  complete(p: Source & { readonly offset: number }): Promise<readonly Completion[]>;
  hover(p: Source & { readonly offset: number }): Promise<Hover | undefined>;
  symbols(p: Source): Promise<readonly FileSymbol[]>;
  quickFixes(p: Source & { readonly diagnostic: Diagnostic }): Promise<readonly QuickFix[]>;
  /** Path of the file named at the offset, absolute. */
  definition(
    p: Source & { readonly offset: number },
  ): Promise<{ readonly file: string; readonly range: Range } | undefined>;

  preview(p: Source & PreviewQuery): Promise<PreviewModel>;
  /** The edits that write a placing into the file as a layout of its own, made from the named one. */
  declareLayout(p: Source & { readonly from: string; readonly placing: Placing }): Promise<DeclaredLayout>;
  /** The prompt as plain text, for a diff. */
  previewText(p: Source & PreviewQuery): Promise<string>;
  /** With `power`, also what so many rows can show about future ones. */
  estimate(p: Source & RunOptions & { readonly power?: PowerOptions }): Promise<Estimate>;

  /** Resolves once the run is stored and going; events follow. */
  start(p: Source & { readonly options: RunOptions }): Promise<{ readonly run: string }>;
  resume(p: {
    readonly run?: string;
    readonly file?: string;
    readonly retryErrors?: boolean;
    /** Layouts that join the run's races, by name; those of the file that the run has not join too. */
    readonly layouts?: readonly string[];
    /** Over those it was started with. */
    readonly options?: ResumeOptions;
  }): Promise<{ readonly run: string }>;
  /** `now` gives up what is in flight; otherwise it finishes first. */
  stop(p: { readonly run: string; readonly now: boolean }): Promise<void>;
  pauseModel(p: { readonly run: string; readonly model: string; readonly paused: boolean }): Promise<void>;
  /** Changes the limits of a pool while its run is going; null lifts one. @throws UserError for a pool the run does not have. */
  retune(p: { readonly run: string; readonly pool: string; readonly change: LimitChange }): Promise<void>;
  /** Closes a model's circuit: in the run that is going, when one is named, and for those to come. */
  resetCircuit(p: { readonly run?: string; readonly model: string }): Promise<void>;
  /** What is known of queues beside the live ones: as the last run left its own, open circuits, work of other processes. */
  queueState(p: Record<string, never>): Promise<QueueState>;

  runs(p: { readonly file?: string; readonly limit?: number }): Promise<readonly RunListItem[]>;
  /** By id or an unambiguous start of one. */
  run(p: { readonly run: string }): Promise<RunDetails>;
  /** How a run goes, or went, with its course: what its progress panel shows whenever it is opened. */
  progress(p: { readonly run: string }): Promise<RunProgress>;
  deleteRun(p: { readonly run: string }): Promise<void>;
  /** The verdict with another margin, from the stored scores; nothing is asked or stored. */
  redecide(p: {
    readonly run: string;
    readonly equivalence: number;
    readonly confidence?: number;
  }): Promise<{ readonly verdict: Verdict; readonly rows: number }>;
  /** Judges the stored answers as the experiment file does now, and decides anew; no model is asked, but judges with `judge`. */
  rescore(p: { readonly run: string; readonly judge?: boolean }): Promise<Rescored>;
  compare(p: {
    readonly a: ComparedSide;
    readonly b: ComparedSide;
    readonly confidence?: number;
    /** A run that measured its noise (`aa`), to hold the difference against. */
    readonly noise?: string;
  }): Promise<ComparisonReport>;
  /** Two or more variants, of one run or of several, two by two. */
  sideBySide(p: { readonly sides: readonly ComparedSide[]; readonly confidence?: number }): Promise<SideBySide>;
  /** What combining layouts would be worth, from the stored answers; one report per model and set of parameters. */
  ensemble(p: {
    readonly run: string;
    readonly layouts: readonly string[];
    readonly combine: EnsembleSpec["combine"];
  }): Promise<readonly EnsembleReport[]>;
  /** Rules that choose a layout by the text, fitted to the run, with what they are worth on rows they were not fitted on. */
  fitRules(p: { readonly run: string }): Promise<readonly RulesReport[]>;
  /** Accuracy by where the decisive text stands: by a column of the dataset, or by the segment's place in the prompt. */
  positions(p: { readonly run: string; readonly column?: string }): Promise<PositionReport>;
  /** What a right answer of each variant takes, in tokens, money and time, and which take more than another. */
  efficiency(p: { readonly run: string }): Promise<EfficiencyReport>;
  /** What failing rows have in common, tested against chance. */
  patterns(p: { readonly run: string }): Promise<PatternReport>;
  /** How far the confidence of each variant can be believed. */
  calibration(p: { readonly run: string }): Promise<CalibrationReport>;
  /** Accuracy by the length of the text, and whether it matters. */
  lengths(p: { readonly run: string }): Promise<LengthReport>;
  /** Layouts by models, and whether the one depends on the other. */
  crossModel(p: { readonly run: string }): Promise<CrossModelReport>;
  /** Throughput, times, tokens, failures and graphics memory over the run's time. */
  timeline(p: { readonly run: string }): Promise<TimelineReport>;
  /** Holds the run against its experiment's `assert`; undefined when it has none. */
  judge(p: { readonly run: string }): Promise<Asserted | undefined>;
  /** Makes the run what `assert: { against: baseline }` compares with. */
  markBaseline(p: { readonly run: string }): Promise<void>;
  decisions(p: {
    readonly run: string;
  }): Promise<readonly (Decision & { readonly model: string; readonly at: number })[]>;
  trials(p: TrialQuery): Promise<TrialPage>;
  trial(p: {
    readonly run: string;
    readonly variant: number;
    readonly position: number;
    readonly repeat: number;
  }): Promise<TrialDetail>;
  confusion(p: {
    readonly run: string;
    readonly variant: number;
  }): Promise<readonly { readonly expected: string; readonly prediction: string; readonly count: number }[]>;
  /** The document in one of the export formats. */
  export(p: {
    readonly run: string;
    readonly format: ExportFormat;
    readonly to: string;
  }): Promise<{ readonly file: string; readonly rows: number }>;

  cacheStats(p: Record<string, never>): Promise<CacheStats>;
  cacheList(p: {
    readonly model?: string;
    readonly experiment?: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly CacheItem[]>;
  cacheAnswer(p: { readonly key: string }): Promise<string | undefined>;
  /** What of an experiment is in the cache, and what of its last run an edit left valid. */
  cacheCoverage(p: Source & RunOptions): Promise<CacheCoverage>;
  cacheDelete(p: {
    readonly keys?: readonly string[];
    readonly model?: string;
    readonly experiment?: string;
  }): Promise<{ readonly deleted: number }>;
  /** Gives back answers that were deleted. */
  cachePut(p: { readonly entries: readonly CachedAnswer[] }): Promise<void>;
  /** Writes every kept answer as JSON Lines; no prompt and no key is in it. */
  cacheExport(p: { readonly to: string }): Promise<{ readonly file: string; readonly entries: number }>;
  /** Takes in what `cacheExport` wrote; answers that are held already stay. `rejected` numbers lines that are none. */
  cacheImport(p: {
    readonly from: string;
  }): Promise<{ readonly added: number; readonly known: number; readonly rejected: readonly number[] }>;
  requests(p: {
    readonly run?: string;
    readonly status?: RequestStatus;
    readonly after?: number;
    readonly limit: number;
  }): Promise<readonly RequestRecord[]>;
  /** Deletes ended requests older than so many days; scores stay. */
  cleanup(p: { readonly olderThanDays: number }): Promise<{ readonly deleted: number }>;
  requestStats(p: { readonly run?: string }): Promise<RequestStats>;

  /** Text of a new experiment, from a table when one is given. */
  scaffold(p: { readonly csv?: string; readonly into: string }): Promise<{
    readonly files: readonly NewFile[];
    /** What the columns of the data were taken for. */
    readonly guess?: Guess;
  }>;
  /** Ids that can be asked for now, per provider, with the reason where there are none. */
  models(p: { readonly providers?: readonly string[] }): Promise<readonly ModelListing[]>;
  /** Every known price where `folder` is; the editor's settings and the workspace's file stand over the built-in ones. */
  prices(p: { readonly folder: string }): Promise<PriceList>;
  doctor(p: Record<string, never>): Promise<DoctorReport>;
  /** The graphics cards of this machine and what Ollama has loaded, read now; no card is a normal state. */
  gpu(p: Record<string, never>): Promise<GpuReport>;
  /** Graphics memory over time while a run of a local model went on. */
  gpuSamples(p: { readonly run: string }): Promise<readonly GpuSample[]>;
  simulator(p: { readonly start: boolean; readonly port?: number }): Promise<{ readonly url: string | undefined }>;
  /** Makes a file of requests from a table, row by row; `batch` events tell how far it is. */
  batchConvert(p: ConvertRequest): Promise<ConvertReport>;
  /** Answers a file of requests, behind what its result file holds already; resolves at its end. */
  batchRun(p: BatchRunRequest): Promise<BatchRunReport>;
  /** Ends a conversion or a batch run: with `now` what is in flight is given up. */
  batchStop(p: { readonly job: string; readonly now: boolean }): Promise<void>;
  batchAnalyze(p: AnalyzeRequest): Promise<BatchAnalysis>;
  /** Writes a made-up table of support tickets. */
  batchSample(p: {
    readonly to: string;
    readonly rows: number;
    readonly seed: number;
  }): Promise<{ readonly rows: number }>;
  /** Sends an experiment, a file of requests or a run's missing trials to a provider's Batch API. */
  batchSubmit(p: SubmitRequest): Promise<SubmissionView>;
  /** What was submitted, newest first; with `refresh` the provider is asked how far it is. */
  batchSubmissions(p: { readonly refresh: boolean; readonly id?: string }): Promise<readonly SubmissionView[]>;
  /** Takes in the answers of a submission that has ended; a run's are scored. `to` gets those of a file. */
  /** Takes a submission back at its provider: nothing more of it is sent, what it has answered can be fetched. */
  batchCancel(p: { readonly id?: string }): Promise<SubmissionView>;
  batchFetch(p: { readonly id: string; readonly to?: string }): Promise<FetchReport>;
  /** Starts the local batch server, which is one and stays until it is stopped, or stops it. `models` as `serve --model`. */
  batchServer(p: {
    readonly start: boolean;
    readonly port?: number;
    readonly models?: readonly string[];
  }): Promise<{ readonly url: string | undefined }>;
}

/** What the engine asks of the face it serves. */
export interface EngineHost {
  /** A provider's key from where the face keeps secrets; undefined falls back to the environment. */
  key(p: { readonly provider: string }): Promise<string | undefined>;
}

/** What the engine asks of an editor beside that: its own language models, see `EditorModels`. */
export interface EditorHost extends EngineHost {
  editorModels(p: Record<string, never>): Promise<readonly EditorModel[]>;
  /** `ask` numbers the question, for its text as it comes and for taking it back. */
  askEditor(p: {
    readonly ask: number;
    readonly question: EditorQuestion;
    readonly stream: boolean;
  }): Promise<EditorAnswer>;
  cancelEditor(p: { readonly ask: number }): Promise<void>;
}

export interface EngineEvents {
  readonly run: RunEvent;
  /** Something in the store changed: trees should look again. */
  readonly changed: { readonly what: "runs" | "cache" | "requests" };
  /** A reading of the graphics cards; every few seconds while a run of a local model goes on. */
  readonly gpu: GpuReport;
  readonly batch: BatchProgress;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error"; readonly message: string };
}

export interface Source {
  /** Absolute path of the experiment file. */
  readonly file: string;
  readonly text?: string;
}

export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  readonly outline: ExperimentOutline | undefined;
}

/** What trees and lenses show of a file without running it. */
export interface ExperimentOutline {
  readonly name: string;
  readonly layouts: readonly { readonly name: string; readonly range: Range | undefined }[];
  readonly models: readonly { readonly id: string; readonly range: Range | undefined }[];
  readonly variants: number;
  readonly examples: number;
  readonly columns: readonly string[];
  readonly labels: readonly string[];
  readonly trials: number;
  /** Where the `name` key stands: lenses go there. */
  readonly nameRange: Range | undefined;
  readonly layoutsRange: Range | undefined;
  readonly modelsRange: Range | undefined;
}

export interface PreviewQuery {
  readonly layout: string;
  /** Place of the example in the dataset as loaded, from 0. */
  readonly example: number;
  /** Finds the example by its id instead. */
  readonly exampleId?: string;
  /** Which question of a chain, from 0. */
  readonly hop?: number;
  readonly model?: string;
  readonly parameters?: Readonly<Record<string, Scalar>>;
}

/** What the command line's flags and the editor's settings change about a run. */
export interface RunOptions {
  readonly models?: readonly string[];
  readonly layouts?: readonly string[];
  readonly limit?: number;
  readonly sampling?: string;
  /** Asks every trial at least twice, over rows fixed beforehand, to measure how much answers change by themselves. */
  readonly aa?: boolean;
  readonly queue?: "smart" | "sequential";
  readonly maxCalls?: number;
  readonly maxCost?: number;
  readonly concurrency?: number;
  /** From where on the run warns, over what the engine was opened with. */
  readonly alerts?: AlertChoices;
  /** Asks everything a run may come to ask that the cache does not hold, and keeps nothing but the answers. */
  readonly warm?: boolean;
  /** False neither reads nor keeps answers; true does both whatever the file says. */
  readonly cache?: boolean;
  /** Prices in US dollars per million tokens by model id, over the built-in table. */
  readonly prices?: Readonly<
    Record<string, { readonly prompt: number; readonly cached?: number; readonly completion: number }>
  >;
}

/** What may change between an interruption and a resumption: nothing that decides which prompts are sent. */
export type ResumeOptions = Pick<
  RunOptions,
  "queue" | "maxCalls" | "maxCost" | "concurrency" | "cache" | "prices" | "alerts"
>;

/** New limits of a pool; what is left out stays. */
export interface LimitChange {
  readonly requestsPerMinute?: number | null;
  readonly tokensPerMinute?: number | null;
  readonly concurrency?: number;
}

export interface QueueState {
  /** The queue of the run that ended last in any process of this store, as it was left. */
  readonly last:
    | { readonly run: string; readonly name: string; readonly at: number; readonly pools: readonly PoolSnapshot[] }
    | undefined;
  /** Circuits that are not closed. */
  readonly circuits: readonly (CircuitState & { readonly model: string; readonly scope: string })[];
  /** Runs that another live process works on. */
  readonly elsewhere: readonly {
    readonly run: string;
    readonly name: string;
    readonly models: RequestStats["byModel"];
  }[];
}

export interface PowerOptions {
  /** A difference to plan for, such as 0.05 for five points. */
  readonly effect?: number;
}

export interface Estimate {
  readonly schema: "layoutlab/estimate@1";
  readonly name: string;
  readonly examples: number;
  readonly variants: readonly VariantEstimate[];
  /** For the whole grid; an adaptive run usually needs fewer. */
  readonly calls: number;
  readonly cachedCalls: number;
  readonly tokens: { readonly prompt: number; readonly completion: number };
  /** US dollars; null when a price is unknown. */
  readonly cost: number | null;
  readonly unpriced: readonly string[];
  /** What of it is held already. */
  readonly coverage: CacheCoverage;
  /** Shortest possible under the limits with the given latency assumption, in ms. */
  readonly shortestMs: number;
  readonly power?: PowerPlan;
  readonly notes: readonly string[];
}

export interface VariantEstimate {
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheablePrefix: number;
  readonly cost: number | null;
}

export interface RunListItem {
  readonly run: string;
  readonly name: string;
  readonly file: string;
  readonly createdAt: number;
  readonly endedAt: number | undefined;
  readonly status: RunStatus;
  /** True while this engine or another live process works on it. */
  readonly live: boolean;
  readonly models: readonly string[];
  readonly variants: readonly {
    readonly id: string;
    readonly layout: string;
    readonly model: string;
    readonly accuracy: number | undefined;
    readonly status: "active" | "dropped" | "won";
  }[];
  /** The verdict in one sentence; undefined until there is one. */
  readonly verdict: string | undefined;
  readonly stopReason: string | undefined;
  /** What was out of bounds, a sentence each; absent when nothing was. */
  readonly alerts?: readonly string[];
  /** It asked every example twice, so that others can be held against its noise; absent otherwise. */
  readonly noise?: true;
}

export interface RunProgress {
  /** The live picture when the run is going in this process, otherwise the last one. */
  readonly view: RunView;
  readonly course: RunCourse;
}

export interface RunDetails {
  readonly item: RunListItem;
  /** The live picture when the run is going in this process. */
  readonly view: RunView | undefined;
  /** The result; for a run still going, as far as it is. */
  readonly summary: RunSummary;
  readonly labels: readonly string[];
  readonly scorers: readonly string[];
}

export interface Asserted {
  readonly passed: boolean;
  readonly message: string;
}

/** `layoutlab/score@1`. */
export interface Rescored {
  readonly schema: "layoutlab/score@1";
  readonly trials: number;
  /** Trials whose score or state is another one now. */
  readonly changed: number;
  /** Trials without a stored answer: they keep their score. */
  readonly kept: number;
  /** Answers that a judge would have to be asked about, and was not: they keep their score. */
  readonly unjudged: number;
  readonly scorers: readonly string[];
  readonly summary: RunSummary;
}

/** A variant of a run; without one, the run's best. */
export interface ComparedSide {
  readonly run: string;
  readonly variant?: string;
}

/** `layoutlab/compare@1`. */
export interface ComparisonReport {
  readonly schema: "layoutlab/compare@1";
  readonly a: { readonly run: string; readonly variant: string };
  readonly b: { readonly run: string; readonly variant: string };
  readonly pairing: Pairing;
  readonly comparison: Comparison;
}

/** `layoutlab/side-by-side@1`. */
export interface SideBySide {
  readonly schema: "layoutlab/side-by-side@1";
  readonly confidence: number;
  readonly sides: readonly (Standing & {
    readonly run: string;
    readonly name: string;
    readonly createdAt: number;
    readonly variant: string;
  })[];
  /** On the rows that all sides have, in their order; null where the datasets differ. */
  readonly shared: readonly Standing[] | null;
  /** Every two sides on the rows both have, b minus a; the intervals hold together, for all pairs at once. */
  readonly pairs: readonly {
    /** Places in `sides`. */
    readonly a: number;
    readonly b: number;
    readonly pairing: Pairing;
    readonly comparison: Comparison;
    /** Corrected over all pairs (Holm); null where a race chose the rows, as no p-value holds there. */
    readonly adjusted: number | null;
    readonly significant: boolean;
  }[];
  /** The first rows that the sides do not score alike, an answer a side. */
  readonly differing: readonly {
    readonly example: string;
    readonly answers: readonly {
      readonly score: number;
      readonly prediction: string | null;
      readonly position: number;
    }[];
  }[];
}

/** Mean score over rows, with Wilson's interval. */
export interface Standing {
  readonly rows: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
}

export interface TrialQuery {
  readonly filter: TrialFilter;
  readonly sort: TrialSort;
  readonly descending: boolean;
  readonly limit: number;
  readonly after?: string;
  /** Rows left out before the page, counted from `after`. */
  readonly skip?: number;
}

export interface TrialPage {
  readonly rows: readonly (TrialRow & { readonly segment: string })[];
  readonly next: string | undefined;
  /** All that match; worked out when neither `after` nor `skip` is given. */
  readonly total: number | undefined;
}

export interface TrialDetail {
  readonly trial: TrialRow;
  readonly prompt: readonly PromptMessage[];
  readonly request: RequestRecord | undefined;
  readonly fields: Readonly<Record<string, Scalar | null>>;
  /** Where the example stands in the dataset file: absolute path and 1-based line. */
  readonly place: { readonly file: string; readonly line: number } | undefined;
  /** The same example under every variant. */
  readonly row: readonly TrialRow[];
}

export const exportFormats = ["csv", "jsonl", "json", "md", "html", "junit.xml", "replay.jsonl"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface CacheStats {
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly groups: readonly {
    readonly model: string;
    readonly experiment: string;
    readonly entries: number;
    readonly bytes: number;
    /** Answers taken from it without a call. */
    readonly hits: number;
    /** When one was last used; undefined when that is too long ago to be looked for. */
    readonly usedAt: number | undefined;
  }[];
}

export type CachedAnswer = CacheEntry;

/** `layoutlab/coverage@1`: what need not be asked again. */
export interface CacheCoverage {
  readonly schema: "layoutlab/coverage@1";
  /** Answers that a full run takes, and how many of them the cache holds. */
  readonly answers: number;
  readonly cached: number;
  /** False when the experiment does not read its cache; then nothing counts as held. */
  readonly reads: boolean;
  /** The last run with answers: how many would be asked for in the very same way again, and what made the others stale. */
  readonly last:
    | {
        readonly run: string;
        readonly at: number;
        readonly answers: number;
        readonly valid: number;
        readonly stale: number;
        /** Parts of the prompt, or what else differs; from a sample of the stale ones. */
        readonly changed: readonly string[];
      }
    | undefined;
  readonly variants: readonly {
    readonly id: string;
    readonly answers: number;
    readonly cached: number;
    readonly stale: number;
  }[];
  /** True when only part of a large dataset was looked at; the figures are of that part. */
  readonly sampled: boolean;
  /** Variants whose requests carry several examples: what they hold depends on who shares a request, so they are left out. */
  readonly packed: readonly string[];
}

export interface CacheItem {
  readonly key: string;
  readonly model: string;
  readonly experiment: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly hits: number;
  readonly bytes: number;
}

export interface ModelListing {
  readonly provider: string;
  readonly models: readonly { readonly id: string; readonly detail: string | undefined }[];
  /** Why there are none, and what to do. */
  readonly problem: string | undefined;
  /** What a server that answers but has no model may fetch, by a command that the person runs. */
  readonly suggestions?: readonly { readonly id: string; readonly detail: string; readonly command: string }[];
}

/** `layoutlab/prices@1`. */
export interface PriceList {
  readonly schema: "layoutlab/prices@1";
  /** Day and source of the built-in prices. */
  readonly asOf: string;
  readonly source: string;
  /** The workspace's own table, with what its author says of it. */
  readonly file:
    | { readonly path: string; readonly asOf: string | undefined; readonly source: string | undefined }
    | undefined;
  /** US dollars per million tokens. */
  readonly prices: readonly (Price & {
    readonly model: string;
    readonly from: "built-in" | "settings" | "file";
  })[];
}

export interface DoctorReport {
  readonly schema: "layoutlab/doctor@1";
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly state: "ok" | "absent" | "problem";
    readonly detail: string;
    readonly action: string | undefined;
  }[];
}
