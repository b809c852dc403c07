import * as z from "zod";
import { durationPattern, parseDuration, parseSize, sizePattern } from "./units.ts";

/**
 * Building blocks of the schema. Wherever a rule carries its own error text, that text is the *action* of the diagnostic:
 * what to do. What is wrong is said by `issues.ts`. Descriptions and examples become hovers and completions.
 */

export const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: "write one value: text, a number, true or false",
});

export const nonEmpty = z.string().min(1, "write some text");

export const fraction = z
  .number()
  .min(0, "write a share from 0 to 1, such as 0.02")
  .max(1, "write a share from 0 to 1, such as 0.02");

export const positiveInteger = z.int("write a whole number").min(1, "write a whole number from 1 up");

export const naturalNumber = z.int("write a whole number").min(0, "write a whole number from 0 up");

/** Read as milliseconds. */
export const duration = z
  .string("write a number and a unit: 500ms, 60s, 10m or 2h")
  .regex(durationPattern, "write a number and a unit: 500ms, 60s, 10m or 2h")
  .transform((text) => parseDuration(text) ?? 0);

/** Read as bytes. */
export const size = z
  .string("write a number and a unit, such as 14GB")
  .regex(sizePattern, "write a number and a unit, such as 14GB")
  .transform((text) => parseSize(text) ?? 0);

/** Text written in place, or `{ file: part.md }`. */
export const textPart = z.union(
  [
    z.string(),
    z.strictObject({
      file: nonEmpty.meta({
        description: "Path of a text file, relative to this file.",
        examples: ["prompts/instructions.md"],
      }),
    }),
  ],
  {
    error: 'write text, or { file: "part.md" }',
  },
);

export const dataFormat = z.enum(["csv", "tsv", "jsonl", "json"]);
