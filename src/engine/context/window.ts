import { splitModelId } from "../provider/provider.ts";

/** Largest prompt plus answer in tokens, from OpenAI's model pages (as of August 2026); the first match counts. */
const openaiWindows: readonly (readonly [family: RegExp, tokens: number])[] = [
  [/^gpt-5(\.\d)?-chat/, 128_000],
  [/^gpt-5\.4-(mini|nano)/, 400_000],
  [/^gpt-5\.6-cyber/, 400_000],
  [/^gpt-5\.[456]/, 1_050_000],
  [/^gpt-5/, 400_000],
  [/^gpt-4\.1/, 1_047_576],
  [/^(gpt-4o|chatgpt-4o|gpt-4\.5|gpt-4-turbo|gpt-4-1106|gpt-4-0125)/, 128_000],
  [/^gpt-4-32k/, 32_768],
  [/^gpt-4(-0|$)/, 8_192],
  [/^gpt-3\.5-turbo-instruct/, 4_096],
  [/^gpt-3\.5/, 16_385],
  [/^o1-(mini|preview)/, 128_000],
  [/^o[134]/, 200_000],
];

/** The simulator's window unless it is told otherwise. */
const builtinWindow = 128_000;

/**
 * Context window of a model as far as it is publicly known; undefined for all others. What a provider says about a model, and
 * what was learned on this machine, come before it.
 */
export function knownWindow(modelId: string): number | undefined {
  const parts = splitModelId(modelId);
  if (parts?.provider === "builtin") return builtinWindow;
  if (parts !== undefined && parts.provider !== "openai") return undefined;
  const model = (parts?.model ?? modelId).toLowerCase();
  return openaiWindows.find(([family]) => family.test(model))?.[1];
}

/** Share of a window that prompts may fill before something is dropped. */
const safeShare = 0.875;

/**
 * Tokens a prompt may take: what the experiment allows, and no more than the window's safe share with room left for the answer.
 * Undefined when nothing limits it.
 */
export function promptBudget(options: {
  readonly maxTokens: number | undefined;
  readonly windowTokens: number | undefined;
  readonly answerTokens?: number;
}): number | undefined {
  const { maxTokens, windowTokens, answerTokens = 0 } = options;
  const fits =
    windowTokens === undefined
      ? undefined
      : Math.floor(Math.min(windowTokens * safeShare, windowTokens - answerTokens));
  if (maxTokens === undefined) return fits;
  return fits === undefined ? maxTokens : Math.min(maxTokens, fits);
}
