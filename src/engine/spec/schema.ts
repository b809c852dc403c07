import * as z from "zod";
import { styles } from "./names.ts";
import { dataFormat, nonEmpty, positiveInteger, scalar } from "./schemaFields.ts";
import { chainSchema, promptSchema } from "./schemaPrompt.ts";
import {
  assertSchema,
  cacheSchema,
  contextSchema,
  ensembleSchema,
  limitsSchema,
  samplingSchema,
  stoppingSchema,
  toolSchema,
  trackSchema,
} from "./schemaRun.ts";
import { scorerSchema } from "./schemaScoring.ts";

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

const comparison = z.union(
  [
    z.string().regex(/^(>=|<=|==|>|<)\s*\d+$/, 'write a comparison such as ">= 80", or a number'),
    z.int().min(0, "write a whole number from 0 up"),
  ],
  { error: 'write a comparison such as ">= 80", or a number' },
);

const layoutRule = z.strictObject({
  when: z
    .strictObject({
      words: comparison.optional().meta({ description: "Words of the segment.", examples: [">= 80"] }),
      questions: comparison.optional().meta({ description: "Questions asked in the segment.", examples: [">= 2"] }),
      numbers: z.boolean().optional().meta({ description: "Whether the segment holds digits." }),
      code: z.boolean().optional().meta({ description: "Whether the segment holds program code or markup." }),
      language: nonEmpty
        .optional()
        .meta({ description: "Language of the segment, guessed from its words.", examples: ["en"] }),
    })
    .optional()
    .meta({
      description: "What must hold of the segment, all of it. Left out in the last rule, which takes the rest.",
      examples: [{ words: ">= 80", numbers: true }],
    }),
  use: nonEmpty.meta({ description: "Layout that such texts get.", examples: ["sandwich"] }),
});

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
      dynamic: z
        .array(layoutRule)
        .min(2, "write at least two rules")
        .meta({
          description: "Rules that choose a layout for each example by its segment; the first that fits is taken.",
          examples: [[{ when: { words: ">= 80" }, use: "sandwich" }, { use: "standard" }]],
        }),
      name: nonEmpty.default("dynamic").meta({ description: "Name of the layout, unique in the file." }),
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
  { error: "write a layout's name, { hybrid: [a, b] }, { dynamic: [rules] }, or { name, system, user }" },
);

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
    tools: z
      .array(toolSchema)
      .default([])
      .meta({
        description:
          "Tools offered to the model with every request. Calls are checked against each tool's schema and counted; a tool runs only where the program around the engine allows it by name.",
        examples: [[{ name: "lookup_order", description: "Finds an order by its number." }]],
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
          "Values to combine with every layout and model: request parameters such as `temperature`, and `examples.count`, `examples.select`, `examples.order`, `options.order`, `packing`, `style`. A list makes one variant a value.",
        examples: [{ temperature: [0, 0.7] }],
      }),
    sampling: samplingSchema
      .prefault({})
      .meta({ description: "How many trials, and which.", examples: [{ mode: "adaptive", equivalence: 0.02 }] }),
    stopping: stoppingSchema.prefault({}).meta({ description: "When a variant that falls behind is dropped." }),
    scoring: z
      .array(scorerSchema)
      .min(1, "name at least one scorer")
      .optional()
      .meta({
        description:
          "How answers are scored: names, or `{ type: … }` with options. The first is the primary score. Default: by the output's type.",
        examples: [["label"]],
      }),
    ensemble: z
      .array(ensembleSchema)
      .default([])
      .meta({ description: "Combinations of layouts, worked out from the same answers." }),
    limits: limitsSchema.prefault({}).meta({ description: "Rate limits, budgets, timeouts." }),
    context: contextSchema
      .prefault({})
      .meta({ description: "What to do when prompts outgrow a model's window or memory." }),
    cache: cacheSchema.prefault({}).meta({ description: "Whether answers given before are used again." }),
    packing: z
      .strictObject({
        segmentsPerRequest: positiveInteger
          .max(100, "write a whole number from 1 to 100")
          .default(1)
          .meta({ description: "Examples judged by one request." }),
      })
      .prefault({})
      .meta({ description: "Several examples in one request." }),
    assert: assertSchema.optional().meta({
      description: "What must hold for the run to succeed, for scripts and CI.",
      examples: [{ accuracy: ">= 0.8" }],
    }),
    track: trackSchema.prefault({}).meta({ description: "Where runs are also reported." }),
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
