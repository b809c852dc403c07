import type { Piece, Prompt, PromptMessage } from "../prompt/prompt.ts";
import type { PartName } from "../spec/experiment.ts";
import type { LayoutMetrics } from "./layout.ts";

/**
 * Where things stand in one prompt. Only texts count here, not what a provider frames messages with. `tokensOf` counts one piece;
 * a counter that remembers fixed pieces makes this cheap enough for every prompt of a run.
 */
export function layoutMetrics(prompt: Prompt, tokensOf: (piece: Piece) => number): LayoutMetrics {
  let promptTokens = 0;
  let systemTokens = 0;
  let prefix = 0;
  let inPrefix = true;
  let segment: number | null = null;
  let question: number | null = null;
  let quickCheck: number | null = null;
  for (const message of prompt.messages) {
    for (const piece of message.pieces) {
      if (piece.part === "segment") segment ??= promptTokens;
      else if (piece.part === "question") question = promptTokens;
      else if (piece.part === "quickCheck") quickCheck = promptTokens;
      const tokens = tokensOf(piece);
      if (!piece.fixed) inPrefix = false;
      if (inPrefix) prefix += tokens;
      if (message.role === "system") systemTokens += tokens;
      promptTokens += tokens;
    }
  }
  const userTokens = promptTokens - systemTokens;
  const share = (at: number | null) => (at === null || promptTokens === 0 ? null : at / promptTokens);
  return {
    promptTokens,
    systemTokens,
    userTokens,
    segmentPosition: share(segment),
    questionPosition: share(question),
    quickCheckPosition: share(quickCheck),
    systemToUser: userTokens === 0 ? null : systemTokens / userTokens,
    cacheablePrefix: share(prefix) ?? 0,
  };
}

/** Where the leading pieces end that are the same for every example: the first piece after them. */
export function prefixEnd(prompt: Prompt): { readonly message: number; readonly piece: number } {
  for (const [message, { pieces }] of prompt.messages.entries()) {
    const piece = pieces.findIndex((each) => !each.fixed);
    if (piece >= 0) return { message, piece };
  }
  return { message: prompt.messages.length, piece: 0 };
}

/** Tokens by part; parts that are absent have no entry. */
export function tokensByPart(
  messages: readonly PromptMessage[],
  tokensOf: (piece: Piece) => number,
): Partial<Record<PartName, number>> {
  const sums: Partial<Record<PartName, number>> = {};
  for (const message of messages) {
    for (const piece of message.pieces) sums[piece.part] = (sums[piece.part] ?? 0) + tokensOf(piece);
  }
  return sums;
}

/** Running mean of metrics over a variant's prompts; a ratio's mean is over the prompts that have it. */
export interface MetricsMean {
  add(metrics: LayoutMetrics): void;
  readonly count: number;
  /** Undefined until something was added. */
  mean(): LayoutMetrics | undefined;
}

export function metricsMean(): MetricsMean {
  const sums = new Map<keyof LayoutMetrics, { sum: number; count: number }>();
  let count = 0;
  const meanOf = (key: keyof LayoutMetrics): number | null => {
    const entry = sums.get(key);
    return entry === undefined ? null : entry.sum / entry.count;
  };
  return {
    add(metrics) {
      count += 1;
      for (const key of Object.keys(metrics) as (keyof LayoutMetrics)[]) {
        const value = metrics[key];
        if (value === null) continue;
        const entry = sums.get(key);
        if (entry === undefined) sums.set(key, { sum: value, count: 1 });
        else {
          entry.sum += value;
          entry.count += 1;
        }
      }
    },
    get count() {
      return count;
    },
    mean() {
      if (count === 0) return undefined;
      return {
        promptTokens: meanOf("promptTokens") ?? 0,
        systemTokens: meanOf("systemTokens") ?? 0,
        userTokens: meanOf("userTokens") ?? 0,
        segmentPosition: meanOf("segmentPosition"),
        questionPosition: meanOf("questionPosition"),
        quickCheckPosition: meanOf("quickCheckPosition"),
        systemToUser: meanOf("systemToUser"),
        cacheablePrefix: meanOf("cacheablePrefix") ?? 0,
      };
    },
  };
}
