import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, priceOf, servedFromCache } from "../../../src/engine/plan/prices.ts";

describe("priceOf", () => {
  it("finds OpenAI models by name and by dated snapshot", () => {
    expect(priceOf("openai:gpt-4.1-mini")).toEqual({ prompt: 0.4, cached: 0.1, completion: 1.6 });
    expect(priceOf("openai/gpt-4.1-mini-2025-04-14")).toEqual(priceOf("openai:gpt-4.1-mini"));
  });

  it("does not know what is not in the table, rather than taking it for free", () => {
    for (const id of ["openai:gpt-4.1-mini-audio", "openai:gpt-5.6-terra", "vscode:copilot/gpt-4.1", "ollama:gemma3"]) {
      expect(priceOf(id)).toBeUndefined();
    }
    expect(priceOf("openai:constructor")).toBeUndefined();
  });

  it("is 0 for providers that say they are free", () => {
    expect(priceOf("ollama:gemma3:12b", { free: true })).toEqual({ prompt: 0, cached: 0, completion: 0 });
  });

  it("prefers the user's own table, under either way of writing an id", () => {
    const own = { "openai:gpt-4o": { prompt: 1, completion: 2 }, "ollama:gemma3": { prompt: 0.1, completion: 0.1 } };
    expect(priceOf("openai:gpt-4o", { free: false }, own)).toBe(own["openai:gpt-4o"]);
    expect(priceOf("openai/gpt-4o", undefined, own)).toBe(own["openai:gpt-4o"]);
    expect(priceOf("ollama:gemma3", { free: true }, own)).toBe(own["ollama:gemma3"]);
  });
});

describe("costOf", () => {
  it("bills cached tokens at their own price", () => {
    const price = { prompt: 2, cached: 0.5, completion: 8 };
    expect(costOf(price, { prompt: 1_000_000, cached: 400_000, completion: 100_000 })).toBeCloseTo(1.2 + 0.2 + 0.8, 12);
  });

  it("bills cached tokens in full where there is no discount", () => {
    expect(costOf({ prompt: 2, completion: 8 }, { prompt: 1e6, cached: 1e6, completion: 0 })).toBe(2);
  });

  it("is unknown for prompts longer than the price holds for", () => {
    expect(costOf({ prompt: 1, completion: 1, upTo: 100 }, { prompt: 101, completion: 0 })).toBeUndefined();
  });

  it("never charges more with a cache than without", () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(300_000), fc.nat(1000), (prompt, cached, completion) => {
        const price = { prompt: 2.5, cached: 0.25, completion: 15 };
        const cold = costOf(price, { prompt, completion }) ?? 0;
        expect(costOf(price, { prompt, cached, completion })).toBeLessThanOrEqual(cold + 1e-12);
      }),
    );
  });
});

it("a prefix is served from 1,024 tokens on in steps of 128", () => {
  expect([0, 1023, 1024, 1151, 1152, 5000].map(servedFromCache)).toEqual([0, 0, 1024, 1024, 1152, 4992]);
});
