import { LRUCache } from "lru-cache";
import type { Piece, Prompt } from "../prompt/prompt.ts";
import { splitModelId } from "../provider/provider.ts";
import { approximateTokens } from "./approximate.ts";

/** Counts a text's tokens. */
export interface Tokenizer {
  readonly name: string;
  /** True when the model reads the text in exactly these tokens; estimates say so wherever they are shown. */
  readonly exact: boolean;
  count(text: string): number;
}

/** Encodings that can be loaded; each is a few megabytes, so only the one that is needed is. */
export type EncodingName = "o200k_base" | "cl100k_base";

/** Used for models whose vocabulary is not public and until an encoding has been loaded. Its error is stated in `approximate.ts`. */
export const approximateTokenizer: Tokenizer = { name: "approximate", exact: false, count: approximateTokens };

/**
 * The encoding of an OpenAI model, by the families of its published table (tiktoken's `model.py`). `id` may carry the provider's
 * prefix; only `openai:` ids and bare model names are looked up, as elsewhere the same name may stand for another vocabulary.
 */
export function encodingOf(id: string): EncodingName | undefined {
  const parts = splitModelId(id);
  if (parts !== undefined && parts.provider !== "openai") return undefined;
  const model = (parts?.model ?? id).replace(/^ft:/, "").toLowerCase();
  if (/^(gpt-4o|gpt-4\.1|gpt-4\.5|chatgpt-4o|gpt-5|o1|o3|o4)/.test(model)) return "o200k_base";
  if (/^(gpt-4|gpt-3\.5)/.test(model)) return "cl100k_base";
  return undefined;
}

const loaded = new Map<EncodingName, Tokenizer>();
const loading = new Map<EncodingName, Promise<Tokenizer>>();

/** The best tokenizer for a model that is at hand now. Never waits: an encoding that is not loaded yet is stood in for. */
export function tokenizerFor(modelId: string | undefined): Tokenizer {
  const encoding = modelId === undefined ? undefined : encodingOf(modelId);
  return (encoding && loaded.get(encoding)) ?? approximateTokenizer;
}

/** The best tokenizer for a model, loading its encoding (about 0.1 to 0.4 s, once) when it has one. */
export async function loadTokenizer(modelId: string): Promise<Tokenizer> {
  const encoding = encodingOf(modelId);
  return encoding === undefined ? approximateTokenizer : loadEncoding(encoding);
}

export function loadEncoding(name: EncodingName): Promise<Tokenizer> {
  let pending = loading.get(name);
  if (pending === undefined) {
    pending = importEncoding(name).then((count) => {
      const tokenizer: Tokenizer = { name, exact: true, count };
      loaded.set(name, tokenizer);
      return tokenizer;
    });
    // A failed import may be tried again.
    pending.catch(() => loading.delete(name));
    loading.set(name, pending);
  }
  return pending;
}

async function importEncoding(name: EncodingName): Promise<(text: string) => number> {
  // Literal specifiers, so that a bundler can give each encoding a file of its own.
  const { countTokens } =
    name === "o200k_base"
      ? await import("gpt-tokenizer/encoding/o200k_base")
      : await import("gpt-tokenizer/encoding/cl100k_base");
  // Text that looks like a special token is text here, never an error: rows may hold anything.
  const asText = { disallowedSpecial: new Set<string>() };
  return (text) => (text === "" ? 0 : countTokens(text, asText));
}

/**
 * Tokens that a chat message and a whole request cost beyond their texts: three around each message and one for its role, and
 * three that prime the reply (OpenAI cookbook, "How to count tokens with tiktoken").
 */
export const framing = { perMessage: 4, perRequest: 3 } as const;

export interface TokenCounter {
  readonly tokenizer: Tokenizer;
  /** Tokens of one piece's text; fixed pieces are counted once. */
  piece(piece: Piece): number;
  /** Tokens of any text, remembered by content. */
  text(text: string): number;
  /** Tokens of the whole request: its texts and what frames its messages. */
  prompt(prompt: Prompt): number;
}

/** Characters of varying texts whose counts are remembered. */
const rememberedCharacters = 1024 * 1024;

/**
 * Counts piece by piece. Pieces end where a tokenizer's pre-splitter cuts anyway (a line break before a heading or tag), so the sum
 * is the count of the whole but for rare cases of a token or two. Fixed pieces are found again by identity, others by their text.
 */
export function tokenCounter(tokenizer: Tokenizer): TokenCounter {
  const fixed = new WeakMap<Piece, number>();
  const byText = new LRUCache<string, number>({
    maxSize: rememberedCharacters,
    sizeCalculation: (_, text) => text.length + 1,
  });
  const text = (value: string): number => {
    let count = byText.get(value);
    if (count === undefined) {
      count = tokenizer.count(value);
      byText.set(value, count);
    }
    return count;
  };
  const piece = (one: Piece): number => {
    if (!one.fixed) return text(one.text);
    let count = fixed.get(one);
    if (count === undefined) {
      count = text(one.text);
      fixed.set(one, count);
    }
    return count;
  };
  return {
    tokenizer,
    piece,
    text,
    prompt(prompt) {
      let sum = framing.perRequest;
      for (const message of prompt.messages) {
        sum += framing.perMessage;
        for (const one of message.pieces) sum += piece(one);
      }
      return sum;
    },
  };
}

const counters = new WeakMap<Tokenizer, TokenCounter>();

/** The counter that everyone who uses a tokenizer shares, so that each fixed text is counted once. */
export function counterFor(modelId: string | undefined): TokenCounter {
  const tokenizer = tokenizerFor(modelId);
  const counter = counters.get(tokenizer) ?? tokenCounter(tokenizer);
  counters.set(tokenizer, counter);
  return counter;
}

/** The whole count of texts that were not kept in pieces. */
export function countMessages(tokenizer: Tokenizer, messages: readonly { readonly content: string }[]): number {
  let sum: number = framing.perRequest;
  for (const message of messages) sum += framing.perMessage + tokenizer.count(message.content);
  return sum;
}
