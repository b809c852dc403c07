import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeyedRequest, keyFunction } from "../../../src/engine/cache/cacheKey.ts";
import type { Piece, PromptMessage } from "../../../src/engine/prompt/prompt.ts";

const request: KeyedRequest = {
  model: "openai:gpt",
  parameters: { temperature: 0, top_p: 1 },
  responseSchema: undefined,
  tools: [],
  contextTokens: undefined,
};
const piece = (text: string, fixed = false): Piece => ({ text, part: "segment", fixed });
const message = (role: PromptMessage["role"], ...texts: string[]): PromptMessage => ({
  role,
  pieces: texts.map((text) => piece(text)),
});
const prompt = [message("system", "You label."), message("user", "My card is lost.")];
const keyOf = (change: Partial<KeyedRequest>, messages: readonly PromptMessage[] = prompt, repeat = 0) =>
  keyFunction({ ...request, ...change })(messages, repeat);

describe("cache key", () => {
  it("is the same in every process and version", () => {
    // Written down once: when this changes, every cached answer is lost, and keyVersion must be raised.
    expect(keyOf({})).toBe("1:768cc46fec6b266aad207c6e834d5e5067a97e4a");
  });

  it("changes with everything that changes the answer", () => {
    const tool = { name: "t", description: "", parameters: { type: "object" } };
    const keys = [
      keyOf({}),
      keyOf({ model: "openai:gpt-2" }),
      keyOf({ endpoint: "http://localhost:8000/v1" }),
      keyOf({ parameters: { temperature: 0.1, top_p: 1 } }),
      keyOf({ parameters: { temperature: "0", top_p: 1 } }),
      keyOf({ parameters: { temperature: 0 } }),
      keyOf({ responseSchema: { type: "object" } }),
      keyOf({ responseSchema: { properties: { a: {}, b: {} } } }),
      keyOf({ responseSchema: { properties: { b: {}, a: {} } } }),
      keyOf({ tools: [tool] }),
      keyOf({ tools: [{ ...tool, description: "d" }] }),
      keyOf({ contextTokens: 4096 }),
      keyOf({}, prompt, 1),
      keyOf({}, [message("user", "You label."), message("user", "My card is lost.")]),
      keyOf({}, [message("system", "You label.My card is lost.")]),
      keyOf({}, [message("system", "You label.My"), message("user", " card is lost.")]),
      keyOf({}, [...prompt, message("assistant", "")]),
      keyOf({}, []),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("does not change with what does not: the order of parameters, fields that a provider never sees", () => {
    expect(keyOf({ parameters: { top_p: 1, temperature: 0 } })).toBe(keyOf({}));
    const timed = { ...request, timeout: 5, concurrency: 9 };
    expect(keyFunction(timed)(prompt, 0)).toBe(keyOf({}));
  });

  it("cannot be forged by a text that looks like structure", () => {
    const one = keyOf({}, [message("user", 'a\n["user",1,0]'), message("user", "b")]);
    const other = keyOf({}, [message("user", "a"), message("user", '\n["user",1,0]b')]);
    expect(one).not.toBe(other);
  });

  it("depends on the texts alone, however they are cut and whatever is remembered from before", () => {
    const shared = [piece("Role. ", true), piece("Labels: a, b. ", true), piece("É👍", true)];
    const cut = fc.array(
      fc.record({
        role: fc.constantFrom("system" as const, "user" as const),
        pieces: fc.array(
          fc.oneof(
            fc.constantFrom(...shared),
            fc.record({ text: fc.string(), part: fc.constant("segment" as const), fixed: fc.boolean() }),
          ),
        ),
      }),
    );
    const remembering = keyFunction(request);
    fc.assert(
      fc.property(cut, fc.integer({ min: 0, max: 3 }), (messages: readonly PromptMessage[], repeat) => {
        const whole = messages.map(({ role, pieces }) => message(role, pieces.map(({ text }) => text).join("")));
        expect(remembering(messages, repeat)).toBe(keyFunction(request)(whole, repeat));
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it("never repeats over many prompts of one layout", () => {
    const beginning = [piece("Role", true), piece("Instructions", true)];
    const keys = keyFunction(request);
    const seen = new Set<string>();
    for (let n = 0; n < 5000; n++) seen.add(keys([{ role: "user", pieces: [...beginning, piece(`${n}`)] }], 0));
    expect(seen.size).toBe(5000);
  });
});
