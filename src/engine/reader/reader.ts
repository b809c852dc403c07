import { readerModels } from "./attention.ts";
import { readPrompt } from "./read.ts";
import type { ReaderMessage, ReaderOptions, Reading } from "./reading.ts";

export { readerModels } from "./attention.ts";
export { readPrompt } from "./read.ts";
export type { ReaderMessage, ReaderOptions, Reading } from "./reading.ts";
export { approximateTokens } from "./words.ts";

/** Reads a prompt as the named reader would; undefined when there is no reader of that name. */
export function read(
  model: string,
  messages: readonly ReaderMessage[],
  options: ReaderOptions = {},
): Reading | undefined {
  const attention = Object.hasOwn(readerModels, model) ? readerModels[model] : undefined;
  return attention === undefined ? undefined : readPrompt(messages, { attention, ...options });
}
