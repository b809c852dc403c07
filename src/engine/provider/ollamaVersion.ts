import type { Outcome } from "../response/outcome.ts";
import { contextTokensOf } from "./ollamaRequest.ts";
import type { ModelRequest } from "./provider.ts";

/** The first release that refuses a prompt which does not fit when `truncate` and `shift` are off; earlier ones cut it and say nothing. */
const firstHonest = [0, 12, 6] as const;

/** False for a release known to cut prompts in silence; a version that cannot be read is taken for a new one. */
export function refusesToCut(version: string | undefined): boolean {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version ?? "");
  // Builds from source call themselves 0.0.0.
  if (match === null || match[0].endsWith("0.0.0")) return true;
  const parts = match.slice(1).map(Number);
  for (const [index, least] of firstHonest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** False when a prompt fits for certain: no text of a natural language has more than a token in two bytes. */
export function mightNotFit(request: ModelRequest): boolean {
  let bytes = 0;
  for (const message of request.messages) bytes += Buffer.byteLength(message.content) + 32;
  return bytes / 2 > contextTokensOf(request);
}

/** The refusal that an old server would not give. */
export function wouldBeCut(request: ModelRequest, version: string | undefined): Outcome {
  const limitTokens = contextTokensOf(request);
  return {
    kind: "tooLong",
    message: `the prompt may not fit ${limitTokens} tokens, and Ollama ${version} would cut it without saying so: update Ollama to ${firstHonest.join(".")} or later, or allow a longer context`,
    limitTokens,
  };
}
