import type { WireMessage } from "../wire/dialect.ts";

const charactersPerBlock = 512;
const tokensPerStep = 128;
const leastTokens = 1_024;
const maxBlocks = 100_000;

/** Which prompt prefixes a model has lately seen. As OpenAI's: 1,024 tokens or nothing, then in steps of 128. */
export class PrefixCache {
  private readonly seen = new Set<number>();
  private readonly last = new Map<string, string>();

  /** Tokens of this prompt that the cache serves; remembers the prompt. */
  lookUp(model: string, messages: readonly WireMessage[], promptTokens: number): number {
    if (promptTokens < leastTokens) return 0;
    const text = textOf(messages);
    let hash = 2166136261;
    for (let i = 0; i < model.length; i++) hash = Math.imul(hash ^ model.charCodeAt(i), 16777619);
    let second = 5381;
    let known = 0;
    let unbroken = true;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      hash = Math.imul(hash ^ c, 16777619);
      second = (Math.imul(second, 33) + c) | 0;
      if ((i + 1) % charactersPerBlock !== 0) continue;
      // Two 32-bit hashes folded into one exact integer below 2^53.
      const key = (hash >>> 0) * 2_097_152 + (second & 2_097_151);
      if (unbroken && this.seen.has(key)) known = i + 1;
      else unbroken = false;
      this.remember(key);
    }
    const tokens = Math.floor(((known / text.length) * promptTokens) / tokensPerStep) * tokensPerStep;
    return tokens >= leastTokens ? tokens : 0;
  }

  /**
   * Tokens that a local server still has from the model's last prompt: whatever both begin with, as it keeps the keys and values
   * of what it last read.
   */
  sinceLast(model: string, messages: readonly WireMessage[], promptTokens: number): number {
    const text = textOf(messages);
    const last = this.last.get(model) ?? "";
    this.last.set(model, text);
    const most = Math.min(text.length, last.length);
    let same = 0;
    while (same < most && text.charCodeAt(same) === last.charCodeAt(same)) same += 1;
    // The last token is always read, as the answer grows from it.
    return Math.min(Math.floor((same / Math.max(1, text.length)) * promptTokens), Math.max(0, promptTokens - 1));
  }

  clear(): void {
    this.last.clear();
    this.seen.clear();
  }

  private remember(key: number): void {
    this.seen.delete(key);
    this.seen.add(key);
    if (this.seen.size > maxBlocks) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest);
        break;
      }
    }
  }
}

function textOf(messages: readonly WireMessage[]): string {
  return messages.map((message) => `${message.role}\n${message.content}`).join("\n\u0000");
}
