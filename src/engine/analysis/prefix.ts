import type { LayoutMetrics } from "../layout/layout.ts";
import { costOf, type Price, servedFromCache } from "../plan/prices.ts";
import type { VariantAggregate } from "../store/store.ts";

/** What a provider's prefix cache can serve of a variant's prompts, what it did serve, and what that is worth. */
export interface PrefixFigures {
  /** Leading tokens of a prompt that are the same for every example. */
  readonly tokens: number;
  /** Of those, tokens that a cache in steps of 128 from 1,024 on can serve. */
  readonly servable: number;
  /** Cached tokens as billed, per answer; null without an answer. */
  readonly cachedPerAnswer: number | null;
  /** US dollars for 1,000 calls with nothing cached, and with the prefix in the cache; null when the price is unknown. */
  readonly perThousand: { readonly cold: number; readonly warm: number } | null;
}

export function prefixFigures(
  metrics: LayoutMetrics,
  totals: Pick<VariantAggregate, "trials" | "failed" | "void" | "cachedTokens" | "completionTokens"> | undefined,
  price: Price | undefined,
  expectedAnswerTokens: number,
): PrefixFigures {
  const tokens = Math.round(metrics.cacheablePrefix * metrics.promptTokens);
  const servable = servedFromCache(tokens);
  const answers = totals === undefined ? 0 : totals.trials - totals.failed - totals.void;
  const completion = answers === 0 ? expectedAnswerTokens : (totals?.completionTokens ?? 0) / answers;
  const cold = price && costOf(price, { prompt: metrics.promptTokens, completion });
  const warm = price && costOf(price, { prompt: metrics.promptTokens, cached: servable, completion });
  return {
    tokens,
    servable,
    cachedPerAnswer: answers === 0 ? null : (totals?.cachedTokens ?? 0) / answers,
    perThousand: cold === undefined || warm === undefined ? null : { cold: 1000 * cold, warm: 1000 * warm },
  };
}

/** True where the figures can matter to someone: a cache served something, or could have for money. */
export function prefixMatters(all: readonly (PrefixFigures | undefined)[]): boolean {
  return all.some(
    (one) =>
      one !== undefined &&
      ((one.cachedPerAnswer ?? 0) > 0 || (one.perThousand !== null && one.perThousand.warm < one.perThousand.cold)),
  );
}
