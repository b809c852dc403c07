import type { Example } from "../dataset/example.ts";
import type { Variant } from "../plan/variants.ts";
import type { ContextSpec } from "../spec/experiment.ts";
import { fitRow, type VariantPrompts } from "./prompts.ts";
import { answerBound } from "./reckoning.ts";

/** Rows whose prompts are really measured: the longest by their characters. */
const measured = 64;
/** Estimates of tokens are low by up to a fifth for languages other than English. */
const margin = 1.2;
/** Room for an answer where no parameter limits it. */
const leastAnswerRoom = 1_024;
const step = 1_024;

/**
 * Context window to ask a local model for, in tokens: the longest prompt of the run under any of the variants, with room for
 * the answer, rounded up. One size for the whole run, as another one makes the server load the model anew; a window no larger
 * than needed, as each token of it takes graphics memory. Undefined where a parameter (`num_ctx`) says it.
 */
export function contextSize(
  prompts: readonly VariantPrompts[],
  examples: readonly Example[],
  options: { readonly trim: ContextSpec["trim"]; readonly answerTokens: number },
): number | undefined {
  if (prompts.some(({ variant }) => "num_ctx" in variant.parameters)) return undefined;
  const longest = longestRows(examples);
  let most = 0;
  for (const one of prompts) {
    const room = answerRoom(one.variant, options.answerTokens);
    for (const example of longest) {
      const { tokens } = fitRow(one, example, options.trim);
      most = Math.max(most, Math.ceil(tokens * margin) + room);
    }
  }
  return Math.ceil(most / step) * step;
}

function answerRoom({ parameters }: Variant, answerTokens: number): number {
  return answerBound(parameters) ?? Math.max(leastAnswerRoom, 4 * answerTokens);
}

function longestRows(examples: readonly Example[]): readonly Example[] {
  if (examples.length <= measured) return examples;
  const lengths = examples.map((example, index) => {
    let length = 0;
    for (const value of Object.values(example.fields)) length += String(value ?? "").length;
    return { index, length };
  });
  lengths.sort((a, b) => b.length - a.length);
  return lengths.slice(0, measured).map(({ index }) => examples[index] as Example);
}
