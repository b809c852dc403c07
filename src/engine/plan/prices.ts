import type { ProviderFacts } from "../provider/provider.ts";
import { splitModelId } from "../provider/provider.ts";

/** US dollars per million tokens. */
export interface Price {
  readonly prompt: number;
  /** For prompt tokens that a provider's cache served; undefined when it gives no discount. */
  readonly cached?: number;
  readonly completion: number;
  /** Longest prompt the price holds for, in tokens; longer ones cost more. */
  readonly upTo?: number;
}

/** Prices by model id, e.g. `openai:gpt-4.1-mini`; bare model names stand for OpenAI's. */
export type PriceTable = Readonly<Record<string, Price>>;

/** The day the table below was last held against public price lists. */
export const pricesAsOf = "2026-11-21";

/** Where they stand for anyone to check. */
export const pricesSource = "developers.openai.com/api/docs/pricing, standard tier";

/**
 * OpenAI's standard tier, from its public price list (developers.openai.com/api/docs/pricing) as quoted by several dated sources
 * between March and November 2026. Models that bill for writing to the cache (the gpt-5.6 family) are left out: their cost cannot
 * be told from what is reported about a call.
 */
export const builtinPrices: PriceTable = {
  "gpt-5.5": { prompt: 5, cached: 0.5, completion: 30, upTo: 272_000 },
  "gpt-5.4": { prompt: 2.5, cached: 0.25, completion: 15, upTo: 272_000 },
  "gpt-5.4-mini": { prompt: 0.75, cached: 0.075, completion: 4.5 },
  "gpt-5.4-nano": { prompt: 0.2, cached: 0.02, completion: 1.25 },
  "gpt-5.2": { prompt: 1.75, cached: 0.175, completion: 14 },
  "gpt-5.1": { prompt: 1.25, cached: 0.125, completion: 10 },
  "gpt-5": { prompt: 1.25, cached: 0.125, completion: 10 },
  "gpt-5-mini": { prompt: 0.25, cached: 0.025, completion: 2 },
  "gpt-5-nano": { prompt: 0.05, cached: 0.005, completion: 0.4 },
  "gpt-4.1": { prompt: 2, cached: 0.5, completion: 8 },
  "gpt-4.1-mini": { prompt: 0.4, cached: 0.1, completion: 1.6 },
  "gpt-4.1-nano": { prompt: 0.1, cached: 0.025, completion: 0.4 },
  "gpt-4o": { prompt: 2.5, cached: 1.25, completion: 10 },
  "gpt-4o-mini": { prompt: 0.15, cached: 0.075, completion: 0.6 },
  o3: { prompt: 2, cached: 0.5, completion: 8 },
  "o3-mini": { prompt: 1.1, cached: 0.55, completion: 4.4 },
  "o4-mini": { prompt: 1.1, cached: 0.275, completion: 4.4 },
  o1: { prompt: 15, cached: 7.5, completion: 60 },
  "gpt-4-turbo": { prompt: 10, completion: 30 },
  "gpt-4": { prompt: 30, completion: 60 },
  "gpt-3.5-turbo": { prompt: 0.5, completion: 1.5 },
};

const free: Price = { prompt: 0, cached: 0, completion: 0 };

/**
 * The price of a model: the user's own table first, then free providers at 0, then the table above by exact name or dated snapshot
 * (`gpt-4.1-mini-2025-04-14`). Undefined when it is not known, which is never the same as 0.
 */
export function priceOf(modelId: string, facts?: Pick<ProviderFacts, "free">, own: PriceTable = {}): Price | undefined {
  const parts = splitModelId(modelId);
  const bare = parts?.model ?? modelId;
  const ofUser = [modelId, `${parts?.provider}:${bare}`, bare].find((key) => Object.hasOwn(own, key));
  if (ofUser !== undefined) return own[ofUser];
  if (facts?.free) return free;
  if (parts !== undefined && parts.provider !== "openai") return undefined;
  const family = bare.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  return Object.hasOwn(builtinPrices, family) ? builtinPrices[family] : undefined;
}

/** True where nothing is paid whatever is asked. */
export function isFree({ prompt, completion }: Price): boolean {
  return prompt === 0 && completion === 0;
}

/** Tokens of one call or of many. `cached` of the prompt tokens came from the provider's cache. */
export interface BilledTokens {
  readonly prompt: number;
  readonly cached?: number;
  readonly completion: number;
}

/** US dollars; undefined when a single call's prompt is longer than the price holds for. */
export function costOf(price: Price, tokens: BilledTokens): number | undefined {
  if (price.upTo !== undefined && tokens.prompt > price.upTo) return undefined;
  const cached = Math.min(tokens.cached ?? 0, tokens.prompt);
  const full = tokens.prompt - cached;
  return (full * price.prompt + cached * (price.cached ?? price.prompt) + tokens.completion * price.completion) / 1e6;
}

/**
 * Prompt tokens that a provider's prefix cache can serve when that many leading tokens are the same from call to call. OpenAI
 * caches prompts from 1,024 tokens on, in steps of 128 (its prompt caching guide).
 */
export function servedFromCache(prefixTokens: number): number {
  return prefixTokens < 1024 ? 0 : Math.floor(prefixTokens / 128) * 128;
}
