import * as z from "zod";
import { duration, fraction, naturalNumber, nonEmpty, positiveInteger, size } from "./schemaFields.ts";

/** Sections of the file about how a run goes: trials, limits, caches, reports. */

export const samplingSchema = z.strictObject({
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
  equivalence: z
    .number()
    .min(0, "write a share from 0 to below 1, such as 0.02")
    .lt(1, "write a share from 0 to below 1, such as 0.02")
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
  strict: z.boolean().default(false).meta({
    description:
      "Prove for every table, not only where the best leads by the margin, that no variant is more than the margin better than the winner; about 15 % more calls.",
  }),
  objective: z.enum(["best", "cheaper"]).default("best").meta({
    description:
      "`best` looks for the most accurate variant; `cheaper` for the cheapest one that is not worse than `baseline` by more than the margin.",
  }),
  baseline: nonEmpty
    .optional()
    .meta({ description: "Layout in use today, for `objective: cheaper`.", examples: ["standard"] }),
  stopWhenEquivalent: z.boolean().default(false).meta({
    description: "Also stop as soon as all variants that are left are shown to be within the margin of each other.",
  }),
  budget: positiveInteger
    .optional()
    .meta({ description: "Calls that `halving`, `bandit` and the search of `bayes` may spend.", examples: [1000] }),
});

export const stoppingSchema = z.strictObject({
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

export const ensembleSchema = z.strictObject({
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
    .enum(["fixed", "sliding", "bucket"])
    .optional()
    .meta({
      description:
        "How the server counts: in `fixed` windows, over a `sliding` one, or by a `bucket` that refills evenly. Default: learned from its headers, and kept to all of them until then.",
      examples: ["fixed"],
    }),
});

export const limitsSchema = z.strictObject({
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
  stream: z.enum(["auto", "on", "off"]).default("auto").meta({
    description:
      "Whether answers are read while they are written. `auto`: local models stop as soon as the answer stands there, long answers of others show their time to first token; `on` stops every model early, and their token counts are estimates then; `off` waits for whole answers.",
  }),
});

export const toolSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "write letters, digits, _ and -, at most 64")
    .meta({ description: "Name the model calls it by.", examples: ["lookup_order"] }),
  description: z.string().default("").meta({ description: "What it does and when to use it, for the model." }),
  parameters: z
    .record(z.string(), z.unknown())
    .default({ type: "object", properties: {} })
    .meta({ description: "JSON Schema of its arguments." }),
});

export const contextSchema = z.strictObject({
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

export const cacheSchema = z.strictObject({
  mode: z
    .enum(["on", "off", "read", "write"])
    .default("on")
    .meta({ description: "Use and fill the cache (`on`), neither (`off`), or only one." }),
  shared: nonEmpty
    .optional()
    .meta({ description: "Database of a cache shared by a team.", examples: ["\x24{env:LAYOUTLAB_CACHE}"] }),
});

export const assertSchema = z.strictObject({
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

export const trackSchema = z.strictObject({
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
