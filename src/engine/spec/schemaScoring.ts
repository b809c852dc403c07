import * as z from "zod";
import { duration, nonEmpty, positiveInteger, textPart } from "./schemaFields.ts";

/** Scorers with options of their own, held to them; see docs/scoring.md. */

const sql = z.strictObject({
  type: z
    .literal("sql")
    .meta({ description: "Runs the expected and the predicted query, read-only, and compares their results." }),
  database: nonEmpty.meta({
    description:
      "A SQLite file, relative to this file, where `{{column}}` stands for a column; or a PostgreSQL address, kept out of this file: `\x24{env:NAME}`.",
    examples: ["shop.sqlite"],
  }),
  timeout: duration.prefault("60s").meta({ description: "Longest time for one query.", examples: ["60s"] }),
  concurrency: positiveInteger
    .max(64, "write at most 64")
    .default(10)
    .meta({ description: "Pairs of queries that run at once." }),
  order: z.enum(["auto", "strict", "ignore"]).default("auto").meta({
    description:
      "Whether the order of rows counts: `auto` when the expected query has an ORDER BY, `strict` always, `ignore` never.",
  }),
});

const script = z.strictObject({
  type: z
    .literal("script")
    .meta({ description: "Scores by a JavaScript function of your own. Runs in trusted workspaces only." }),
  file: nonEmpty.meta({
    description:
      "A JavaScript module whose default export takes `{ output, text, expected, fields }` and returns true, false, a number from 0 to 1, or `{ score, note }`.",
    examples: ["score.mjs"],
  }),
  timeout: duration.prefault("10s").meta({ description: "Longest time for one answer.", examples: ["10s"] }),
});

const scale = z
  .union(
    [
      z
        .array(z.number("write a number"))
        .length(2, "write two numbers: [0, 1] or 1..5")
        .transform(([low, high]): [number, number] => [low ?? 0, high ?? 1]),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?\s*\.\.\s*-?\d+(\.\d+)?$/, "write two numbers: [0, 1] or 1..5")
        .transform((text): [number, number] => {
          const [low, high] = text.split("..").map(Number);
          return [low ?? 0, high ?? 1];
        }),
    ],
    { error: "write two numbers: [0, 1] or 1..5" },
  )
  .refine(([low, high]) => low < high, "write the worst score first: [0, 1] or 1..5");

const judge = z.strictObject({
  type: z.literal("judge").meta({ description: "A language model scores answers by a rubric." }),
  model: nonEmpty.meta({
    description: "The model that judges, as `provider:model`.",
    examples: ["openai:gpt-4.1-mini"],
  }),
  rubric: textPart.meta({
    description: "What makes an answer good, for the judge: text, or `{ file: rubric.md }`.",
    examples: ["1 when the answer names the cause and its remedy, 0.5 when one of them, else 0."],
  }),
  scale: scale
    .default([0, 1])
    .meta({ description: "Worst and best score the judge gives; stored as 0 to 1.", examples: ["1..5"] }),
  perCall: positiveInteger.max(50, "write at most 50").default(10).meta({ description: "Answers judged in one call." }),
  reference: z.boolean().default(true).meta({ description: "Whether the judge sees the right answer." }),
});

const similarity = z.strictObject({
  type: z.literal("similarity").meta({ description: "How alike the answer and the expected one are, from 0 to 1." }),
  measure: z.enum(["edit", "tokenF1"]).default("edit").meta({
    description:
      "`edit` counts changed characters; `tokenF1` shared words, after lower case and without punctuation and articles.",
  }),
  threshold: z
    .number()
    .gt(0, "write a share above 0 and up to 1, such as 0.9")
    .max(1, "write a share above 0 and up to 1, such as 0.9")
    .optional()
    .meta({ description: "From this similarity on the score is 1, below it 0.", examples: [0.9] }),
});

const known: readonly string[] = ["sql", "script", "judge", "similarity"];

/** Any other scorer; its options are checked where it is opened. */
const other = z.looseObject({ type: nonEmpty.meta({ description: "Name of the scorer." }) }).check((ctx) => {
  if (!known.includes(ctx.value.type)) return;
  // Not meant: one of those above says what is wrong with it.
  ctx.issues.push({ code: "invalid_value", values: [], path: [], input: ctx.value });
});

export const scorerSchema = z.union([nonEmpty, sql, script, judge, similarity, other], {
  error: "write a scorer's name, or { type: … } with its options",
});

const alone: Readonly<Record<string, z.ZodType>> = { sql, script, judge, similarity };

/** What a scorer's options are when only its name is written; undefined where one is needed, and which. */
export function defaultOptions(type: string): {
  readonly options: Readonly<Record<string, unknown>>;
  readonly missing: readonly string[];
} {
  const schema = alone[type];
  const read = schema?.safeParse({ type });
  if (read === undefined) return { options: {}, missing: [] };
  if (!read.success) return { options: {}, missing: read.error.issues.map(({ path }) => String(path[0])) };
  const { type: _type, ...options } = read.data as Readonly<Record<string, unknown>>;
  return { options, missing: [] };
}
