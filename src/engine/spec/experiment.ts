/**
 * What the author asked for: the experiment file with every default filled in. `parse.ts` makes it from text, `schema.ts`
 * holds its rules. Durations are milliseconds, sizes are bytes, whatever the file wrote. Nothing here has been read from
 * other files yet, except the texts of `{file: …}` parts.
 */

export const partNames = [
  "role",
  "instructions",
  "definitions",
  "examples",
  "context",
  "segment",
  "question",
  "quickCheck",
  "output",
] as const;

/** A named piece of prompt text. */
export type PartName = (typeof partNames)[number];

export type Scalar = string | number | boolean;

export interface Experiment {
  readonly name: string;
  readonly dataset: DatasetSpec;
  /** Ids as `provider:model`. */
  readonly models: readonly string[];
  readonly prompt: PromptSpec;
  /** Questions asked in sequence of one example; empty when the prompt is asked once. */
  readonly chain: readonly HopSpec[];
  readonly layouts: readonly LayoutSpec[];
  /** Tools offered to the model with every request. */
  readonly tools: readonly OfferedTool[];
  /** Grid of request and prompt parameters: `temperature`, `examples.count`, `style`, …; every value list has at least one. */
  readonly parameters: Readonly<Record<string, readonly Scalar[]>>;
  readonly sampling: SamplingSpec;
  readonly stopping: StoppingSpec;
  /** The first is the primary score. */
  readonly scoring: readonly ScorerSpec[];
  readonly ensemble: readonly EnsembleSpec[];
  readonly limits: LimitsSpec;
  readonly context: ContextSpec;
  readonly cache: CacheSpec;
  readonly packing: { readonly segmentsPerRequest: number };
  readonly assert: AssertSpec | undefined;
  readonly track: TrackSpec;
}

export type DataFormat = "csv" | "tsv" | "jsonl" | "json";

export interface DatasetSpec {
  /** As written, relative to the experiment file. */
  readonly path: string;
  /** From the file's ending when not given. */
  readonly format: DataFormat;
  /** Which column fills which part, e.g. `segment: text`; a part's own `{{column}}` placeholders work beside it. */
  readonly input: Readonly<Partial<Record<PartName, string>>>;
  /** Column of the right answer; undefined when it could not be told from the file (`expected`, `label`, `answer`, …). */
  readonly expected: string | undefined;
  /** Column of the row's id; content hashes serve when there is none. */
  readonly id: string | undefined;
  /** `column = value` pairs that a row must have. */
  readonly filter: Readonly<Record<string, Scalar>>;
  readonly limit: number | undefined;
  readonly seed: number;
  readonly shuffle: boolean;
}

/** Text of one part; `{{column}}` placeholders are still in it. */
export interface TextPart {
  readonly text: string;
  /** Set when the text came from `{file: …}`: the path as written. */
  readonly file: string | undefined;
}

export type DemonstrationSelect = "first" | "random" | "nearest";

/** Demonstrations: rows of another file, or pairs written in place. */
export interface ExamplesPart {
  readonly source:
    | {
        readonly kind: "file";
        readonly path: string;
        readonly format: DataFormat;
        readonly input: string | undefined;
        readonly expected: string | undefined;
      }
    | { readonly kind: "inline"; readonly pairs: readonly Demonstration[] }
    | { readonly kind: "text"; readonly text: string; readonly file: string | undefined };
  readonly count: number;
  readonly select: DemonstrationSelect;
}

/** One worked example inside the prompt. */
export interface Demonstration {
  readonly input: string;
  readonly output: string;
}

export type OutputType = "label" | "json" | "text" | "number" | "ranked" | "sql";

export interface OutputPart {
  readonly type: OutputType;
  /** `auto` collects the distinct expected answers of the whole dataset file. */
  readonly labels: "auto" | readonly string[];
  /** JSON Schema that a `json` answer must meet. */
  readonly schema: Readonly<Record<string, unknown>> | undefined;
  /** Ask for a confidence beside the answer. */
  readonly confidence: boolean;
  readonly maxCandidates: number;
  /** Own wording of the output format; a sentence made from `type` and `labels` serves otherwise. */
  readonly text: string | undefined;
}

export interface PromptSpec {
  readonly role: TextPart | undefined;
  readonly instructions: TextPart | undefined;
  readonly definitions: TextPart | undefined;
  readonly examples: ExamplesPart | undefined;
  readonly context: TextPart | undefined;
  readonly segment: TextPart;
  readonly question: TextPart | undefined;
  readonly quickCheck: TextPart | undefined;
  readonly output: OutputPart;
}

export interface HopSpec {
  readonly id: string;
  readonly question: string;
  /** Stops the chain when the hop's answer equals this text, compared as labels are. */
  readonly stopWhen: string | undefined;
  /** Text parts this hop replaces. */
  readonly overrides: Readonly<Partial<Record<Exclude<PartName, "examples" | "output">, TextPart>>>;
  readonly output: OutputPart | undefined;
}

/** A tool as a model is told of it. What it does, if anything, is the library user's to say (`EngineDeps.tools`). */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type Style = "plain" | "markdown" | "xml";

/** How a list stands in a prompt: in the order of its author, back to front, or in one order drawn for the whole experiment. */
export type ListOrder = "asWritten" | "reversed" | "shuffled";

/** What a rule asks of the text under judgement; see `layout/features.ts`. */
export type Condition =
  | {
      readonly feature: "words" | "questions";
      readonly op: ">=" | ">" | "<=" | "<" | "==";
      readonly value: number;
    }
  | { readonly feature: "numbers" | "code"; readonly is: boolean }
  | { readonly feature: "language"; readonly is: string };

/** A layout as the file names it; `layout/` turns it into an arrangement, or one for each rule. */
export type LayoutSpec =
  | FixedLayoutSpec
  | {
      readonly kind: "dynamic";
      readonly name: string;
      /** The first that fits a text is taken; the last has no conditions. */
      readonly rules: readonly { readonly when: readonly Condition[]; readonly use: FixedLayoutSpec }[];
    };

/** A layout that is the same for every example. */
export type FixedLayoutSpec =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "hybrid"; readonly name: string; readonly of: readonly string[] }
  | {
      readonly kind: "declared";
      readonly name: string;
      readonly system: readonly PartName[];
      readonly user: readonly PartName[];
      readonly style: Style | undefined;
      readonly examplesAs: "text" | "turns";
      /** How often the user message's text stands in it. */
      readonly repeat: number;
    };

export type SamplingMode = "adaptive" | "full" | "fixed" | "doubling" | "bandit" | "halving" | "bayes";

export interface SamplingSpec {
  readonly mode: SamplingMode;
  readonly initial: number;
  /** Largest number of examples used; undefined uses all (`doubling` and `bayes` have 500). */
  readonly max: number | undefined;
  readonly confidence: number;
  /** Indifference margin on the score, 0.02 = two points. */
  readonly equivalence: number;
  readonly seed: number;
  readonly repeats: number;
  readonly scope: "dataset" | "population";
  readonly strict: boolean;
  readonly objective: "best" | "cheaper";
  /** Name of the layout in use today; set when the objective is `cheaper`. */
  readonly baseline: string | undefined;
  readonly stopWhenEquivalent: boolean;
  /** Calls that `halving`, `bandit` and the search of `bayes` may spend. */
  readonly budget: number | undefined;
}

export interface StoppingSpec {
  readonly rule: "sequential" | "patience" | "none";
  readonly patience: number;
  readonly threshold: number;
}

export interface ScorerSpec {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface EnsembleSpec {
  readonly layouts: readonly string[];
  readonly combine: "majority" | "confidence" | "logodds" | "stacked";
}

export interface PoolSpec {
  /** Globs over model ids. */
  readonly models: readonly string[];
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
  readonly concurrency: number | undefined;
  /** Length of the limit's window. */
  readonly window: number;
  /** Undefined when the author did not say: it is learned. */
  readonly kind: "fixed" | "sliding" | "bucket" | undefined;
}

export type Preset = "conservative" | "default" | "aggressive";

export interface LimitsSpec {
  readonly pools: readonly PoolSpec[];
  readonly preset: Preset;
  readonly maxCalls: number | undefined;
  readonly maxTokens: number | undefined;
  /** US dollars. */
  readonly maxCost: number | undefined;
  readonly maxDuration: number | undefined;
  /** Whether answers are read while they are written; see `runner/streaming.ts`. */
  readonly stream: "auto" | "on" | "off";
  /** Undefined leaves it to the preset. */
  readonly timeout: number | undefined;
  readonly retries: number | undefined;
}

export interface ContextSpec {
  readonly maxTokens: number | undefined;
  readonly trim: "none" | "sliding-window" | "importance" | "hybrid" | "aggressive";
  readonly conversation: "stateless" | "rolling";
  readonly trimEvery: number;
  readonly vramWarning: number;
}

export interface CacheSpec {
  readonly mode: "on" | "off" | "read" | "write";
  readonly shared: string | undefined;
}

export interface AssertSpec {
  readonly accuracy: { readonly op: ">=" | ">" | "<=" | "<" | "=="; readonly value: number } | undefined;
  /** A run id, or `baseline` for the run marked as such. */
  readonly against: string | undefined;
  readonly minGain: number | undefined;
}

export interface TrackSpec {
  readonly mlflow: string | undefined;
  readonly wandb: string | undefined;
  readonly slack: string | undefined;
  readonly discord: string | undefined;
}
