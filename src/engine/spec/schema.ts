import * as z from "zod";
import { styles } from "./names.ts";
import {
  dataFormat,
  duration,
  fraction,
  naturalNumber,
  nonEmpty,
  positiveInteger,
  scalar,
  size,
} from "./schemaFields.ts";
import { chainSchema, promptSchema } from "./schemaPrompt.ts";

const textPartName = z.enum(["role", "instructions", "definitions", "context", "segment", "question", "quickCheck"]);

const dataset = z.union(
  [
    nonEmpty,
    z.strictObject({
      path: nonEmpty.meta({
        description: "Path of the data file, relative to this file.",
        examples: ["data/intents.csv"],
      }),
      format: dataFormat.optional().meta({ description: "Format of the file. Default: told by its ending." }),
      input: z
        .partialRecord(textPartName, nonEmpty)
        .default({})
        .meta({ description: "Which column fills which part.", examples: [{ segment: "text" }] }),
      expected: nonEmpty.optional().meta({
        description:
          "Column with the right answer. Default: `expected`, `__expected`, `label`, `target`, `ideal`, `answer`, `category` or `intent`, the first there is.",
        examples: ["category"],
      }),
      id: nonEmpty.optional().meta({
        description: "Column with the row's own id. Default: `id` when there is one, else a hash of the row's content.",
        examples: ["id"],
      }),
      filter: z
        .record(z.string(), scalar)
        .default({})
        .meta({ description: "Use only rows whose columns have these values.", examples: [{ split: "test" }] }),
      limit: positiveInteger.optional().meta({ description: "Use at most this many rows.", examples: [200] }),
      seed: z.int().default(1).meta({ description: "Decides the order of `shuffle`." }),
      shuffle: z
        .boolean()
        .default(false)
        .meta({ description: "Put the rows in random order before `limit` cuts them." }),
    }),
  ],
  { error: "write the path of a data file, or { path, expected, … }" },
);

/** One entry of `layouts`. */
export const layoutSchema = z.union(
  [
    nonEmpty,
    z.strictObject({
      hybrid: z
        .array(nonEmpty)
        .min(2, "name at least two layouts")
        .meta({
          description: "Layouts whose ideas are applied one after another.",
          examples: [["sandwich", "recency"]],
        }),
      name: nonEmpty.optional().meta({ description: "Name of the hybrid. Default: its members joined by +." }),
    }),
    z.strictObject({
      name: nonEmpty.meta({ description: "Name of the layout, unique in the file.", examples: ["mine"] }),
      system: z
        .array(z.string())
        .default([])
        .meta({ description: "Parts of the system message, in order.", examples: [["role", "instructions"]] }),
      user: z
        .array(z.string())
        .default([])
        .meta({ description: "Parts of the user message, in order.", examples: [["segment", "question"]] }),
      style: z
        .enum(styles)
        .optional()
        .meta({ description: "How parts are set apart: blank lines, Markdown headings or XML tags." }),
      examplesAs: z
        .enum(["text", "turns"])
        .default("text")
        .meta({ description: "Demonstrations as text in their place, or as user and assistant turns." }),
      repeat: positiveInteger
        .max(5, "write a whole number from 1 to 5")
        .default(1)
        .meta({ description: "How often the user message's text stands in it." }),
    }),
  ],
  { error: "write a layout's name, { hybrid: [a, b] }, or { name, system, user }" },
);

const sampling = z.strictObject({
  mode: z
    .enum(["adaptive", "full", "fixed", "doubling", "bandit", "halving", "bayes"])
    .default("adaptive")
    .meta({
      description:
        "How trials are chosen. `adaptive` races the variants on the same rows and stops when the answer is sure; `full` runs everything; `fixed` the first `max` rows; `doubling` doubles from `initial` to `max`; `bandit` seeks the best variant; `halving` spends a fixed budget; `bayes` searches `parameters`.",
      examples: ["adaptive"],
    }),
  initial: positiveInteger.default(50).meta({
    description: "Rows in the first step of `doubling`, and rows per variant before others draw conclusions.",
  }),
  max: positiveInteger
    .optional()
    .meta({ description: "Most rows used. Default: all of them; 500 for `doubling` and `bayes`.", examples: [500] }),
  confidence: z
    .number()
    .gt(0.5, "write a share above 0.5 and below 1, such as 0.95")
    .lt(1, "write a share above 0.5 and below 1, such as 0.95")
    .default(0.95)
    .meta({ description: "1 minus the error rate the verdict is held to." }),
  equivalence: fraction
    .default(0.02)
    .meta({ description: "Differences up to this much count as none: 0.02 is two points of accuracy." }),
  seed: z
    .int()
    .default(1)
    .meta({ description: "Decides every random choice of the run; the same seed gives the same order." }),
  repeats: positiveInteger
    .default(1)
    .meta({ description: "How often each trial is asked; above 1 only makes sense with a temperature above 0." }),
  scope: z
    .enum(["dataset", "population"])
    .default("dataset")
    .meta({ description: "Whom the verdict speaks about: these rows, or future rows like them." }),
  strict: z
    .boolean()
    .default(false)
    .meta({ description: "Demand a proven winner; near-ties are not called equivalent early." }),
});

const stopping = z.strictObject({
  rule: z
    .enum(["sequential", "patience", "none"])
    .optional()
    .meta({
      description:
        "When a variant is dropped: `sequential` keeps the error rate however often it looks; `patience` after a number of steps that fall behind, without a guarantee; `none` never. Default: `sequential` for `adaptive`, else `none`.",
      examples: ["sequential"],
    }),
  patience: positiveInteger.default(3).meta({ description: "Steps a variant may fall behind, for `patience`." }),
  threshold: fraction.default(0.1).meta({ description: "How far behind counts, for `patience`: 0.1 is ten points." }),
});

const scorer = z.union([nonEmpty, z.looseObject({ type: nonEmpty.meta({ description: "Name of the scorer." }) })], {
  error: "write a scorer's name, or { type: … } with its options",
});

const ensemble = z.strictObject({
  layouts: z
    .array(nonEmpty)
    .min(2, "name at least two layouts")
    .meta({ description: "Layouts whose answers are combined.", examples: [["standard", "recency", "sandwich"]] }),
  combine: z.enum(["majority", "confidence", "logodds", "stacked"]).default("majority").meta({
    description:
      "How: most votes, votes weighted by confidence, by log-odds of each layout's accuracy, or by weights fitted on held-out trials.",
  }),
});

const pool = z.strictObject({
  models: z
    .array(nonEmpty)
    .min(1)
    .default(["*"])
    .meta({ description: "Model ids that share this limit; `*` stands for anything.", examples: [["openai:*"]] }),
  requestsPerMinute: z
    .number()
    .positive("write a number above 0")
    .optional()
    .meta({ description: "Most requests started per minute; scaled to `window`.", examples: [15] }),
  tokensPerMinute: z
    .number()
    .positive("write a number above 0")
    .optional()
    .meta({ description: "Most tokens per minute, prompt and answer.", examples: [60000] }),
  concurrency: positiveInteger.optional().meta({ description: "Most requests under way at once.", examples: [3] }),
  window: duration.prefault("60s").meta({ description: "Length of the limit's window." }),
  kind: z
    .enum(["fixed", "sliding"])
    .default("fixed")
    .meta({ description: "Whether the server counts in `fixed` windows or looks back over a `sliding` one." }),
});

const limits = z.strictObject({
  pools: z
    .array(pool)
    .default([])
    .meta({
      description: "Rate limits, each shared by the models it names.",
      examples: [[{ models: ["*"], requestsPerMinute: 15 }]],
    }),
  preset: z
    .enum(["conservative", "default", "aggressive"])
    .default("default")
    .meta({ description: "Timeouts, retries and concurrency where nothing else is said." }),
  maxCalls: positiveInteger.optional().meta({ description: "Stop cleanly after this many calls.", examples: [2000] }),
  maxTokens: positiveInteger
    .optional()
    .meta({ description: "Stop cleanly after this many tokens, prompt and answer.", examples: [1000000] }),
  maxCost: z
    .number()
    .positive("write an amount above 0")
    .optional()
    .meta({ description: "Stop cleanly at this many US dollars.", examples: [5] }),
  maxDuration: duration.optional().meta({ description: "Stop cleanly after this time.", examples: ["2h"] }),
  timeout: duration
    .optional()
    .meta({ description: "Longest wait for one answer. Default: the preset's, 120s.", examples: ["120s"] }),
  retries: naturalNumber
    .optional()
    .meta({ description: "Attempts after a failed first one. Default: the preset's, 2.", examples: [2] }),
});

const context = z.strictObject({
  maxTokens: positiveInteger
    .optional()
    .meta({ description: "Largest prompt, in tokens. Default: the model's window.", examples: [32000] }),
  trim: z.enum(["none", "sliding-window", "importance", "hybrid", "aggressive"]).default("hybrid").meta({
    description:
      "What gives way when a prompt is too long: demonstrations first, then context; never the segment or the question. `none` refuses instead.",
  }),
  conversation: z.enum(["stateless", "rolling"]).default("stateless").meta({
    description: "Each request on its own, or many in one conversation so that the system message is read once.",
  }),
  trimEvery: positiveInteger
    .default(50)
    .meta({ description: "Requests after which a rolling conversation is trimmed." }),
  vramWarning: size.prefault("14GB").meta({ description: "Graphics memory above which contexts shrink." }),
});

const cache = z.strictObject({
  mode: z
    .enum(["on", "off", "read", "write"])
    .default("on")
    .meta({ description: "Use and fill the cache (`on`), neither (`off`), or only one." }),
  shared: nonEmpty
    .optional()
    .meta({ description: "Database of a cache shared by a team.", examples: ["\x24{env:LAYOUTLAB_CACHE}"] }),
});

const assertion = z.strictObject({
  accuracy: z
    .union(
      [z.string().regex(/^(>=|<=|==|>|<)\s*(0|1|0?\.\d+|[01]\.\d+)$/, 'write a comparison such as ">= 0.8"'), fraction],
      {
        error: 'write a comparison such as ">= 0.8"',
      },
    )
    .optional()
    .meta({
      description:
        "What the best variant's accuracy must be, or the run exits with code 100. A bare number means at least.",
      examples: [">= 0.8"],
    }),
  against: nonEmpty
    .optional()
    .meta({ description: "Run to compare with: its id, or `baseline`.", examples: ["baseline"] }),
  minGain: z
    .number()
    .min(-1)
    .max(1)
    .optional()
    .meta({ description: "Least gain in accuracy over `against`; 0 means not worse.", examples: [0] }),
});

const track = z.strictObject({
  mlflow: nonEmpty
    .optional()
    .meta({ description: "Address of an MLflow server.", examples: ["http://127.0.0.1:5000"] }),
  wandb: nonEmpty.optional().meta({ description: "Weights & Biases project.", examples: ["layouts"] }),
  slack: nonEmpty
    .optional()
    .meta({ description: "Slack webhook. Keep it out of the file: `env:NAME`.", examples: ["env:SLACK_WEBHOOK_URL"] }),
  discord: nonEmpty.optional().meta({
    description: "Discord webhook. Keep it out of the file: `env:NAME`.",
    examples: ["env:DISCORD_WEBHOOK_URL"],
  }),
});

/** The experiment file, key by key. What needs other keys, other files or the dataset to judge is checked elsewhere. */
export const experimentSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "Address of this file's JSON Schema." }),
    name: nonEmpty
      .max(200, "keep it under 200 characters")
      .meta({ description: "Name of the experiment, shown with its runs.", examples: ["intents"] }),
    dataset: dataset.meta({
      description:
        "The labelled examples: path of a CSV, TSV, JSONL or JSON file, or a map with the path and how to read it.",
      examples: ["data/intents.csv"],
    }),
    models: z
      .array(nonEmpty)
      .min(1, "name at least one model, such as builtin:reader")
      .meta({
        description:
          "Models to ask, each as `provider:model`. `builtin:reader` works offline; `replay:FILE` plays recorded answers.",
        examples: [["builtin:reader"], ["openai:gpt-4.1-mini"], ["ollama:gemma3:12b"]],
      }),
    prompt: promptSchema.prefault({}),
    chain: chainSchema,
    layouts: z
      .array(layoutSchema)
      .min(1, "name at least one layout, or leave the key out for the usual five")
      .optional()
      .meta({
        description:
          "Layouts to compare: names, hybrids, or your own. Default: standard, recency, sandwich, minimal-system, question-first.",
        examples: [["standard", "recency", "sandwich"]],
      }),
    parameters: z
      .record(
        z.string(),
        z.union([scalar, z.array(scalar).min(1, "list at least one value")], {
          error: "write a value or a list of values",
        }),
      )
      .default({})
      .meta({
        description:
          "Values to combine with every layout and model: request parameters such as `temperature`, and `examples.count`, `examples.select`, `style`. A list makes one variant a value.",
        examples: [{ temperature: [0, 0.7] }],
      }),
    sampling: sampling
      .prefault({})
      .meta({ description: "How many trials, and which.", examples: [{ mode: "adaptive", equivalence: 0.02 }] }),
    stopping: stopping.prefault({}).meta({ description: "When a variant that falls behind is dropped." }),
    scoring: z
      .array(scorer)
      .min(1, "name at least one scorer")
      .optional()
      .meta({
        description:
          "How answers are scored: names, or `{ type: … }` with options. The first is the primary score. Default: by the output's type.",
        examples: [["label"]],
      }),
    ensemble: z
      .array(ensemble)
      .default([])
      .meta({ description: "Combinations of layouts, worked out from the same answers." }),
    limits: limits.prefault({}).meta({ description: "Rate limits, budgets, timeouts." }),
    context: context.prefault({}).meta({ description: "What to do when prompts outgrow a model's window or memory." }),
    cache: cache.prefault({}).meta({ description: "Whether answers given before are used again." }),
    packing: z
      .strictObject({
        segmentsPerRequest: positiveInteger
          .max(100, "write a whole number from 1 to 100")
          .default(1)
          .meta({ description: "Examples judged by one request." }),
      })
      .prefault({})
      .meta({ description: "Several examples in one request." }),
    assert: assertion.optional().meta({
      description: "What must hold for the run to succeed, for scripts and CI.",
      examples: [{ accuracy: ">= 0.8" }],
    }),
    track: track.prefault({}).meta({ description: "Where runs are also reported." }),
  })
  .meta({
    title: "Layout Lab experiment",
    description: "An experiment: a labelled dataset, models, the parts of a prompt, and the layouts to compare.",
  });

/** The file after the schema: defaults filled in, units read, unions still as written. */
export type ExperimentFile = z.output<typeof experimentSchema>;

/** The schema as draft-07 JSON Schema of what an author writes; plain data. */
export function experimentJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(experimentSchema, {
    target: "draft-7",
    io: "input",
    reused: "inline",
    // Around values that are converted (units) the library drops examples and defaults, as they might be of the wrong side;
    // ours are always written as an author would write them.
    override({ zodSchema, jsonSchema }) {
      const examples = z.globalRegistry.get(zodSchema)?.["examples"];
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      const { def } = zodSchema._zod;
      if (def.type === "prefault" && typeof def.defaultValue === "string") jsonSchema.default = def.defaultValue;
    },
  }) as Record<string, unknown>;
}
