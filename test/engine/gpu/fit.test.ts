import { describe, expect, it } from "vitest";
import { fullest, largestContext, warningLine } from "../../../src/engine/gpu/fit.ts";
import { memoryOf } from "../../../src/engine/provider/ollamaMemory.ts";

const gib = 1024 ** 3;

describe("what fits a card", () => {
  // Llama 3.1 8B as `ollama show` describes it: 32 layers, 8 key-value heads of 128.
  const llama = {
    model_info: {
      "general.architecture": "llama",
      "llama.context_length": 131_072,
      "llama.block_count": 32,
      "llama.embedding_length": 4096,
      "llama.attention.head_count": 32,
      "llama.attention.head_count_kv": 8,
    },
  };

  it("reckons the key-value cache from the model's layers and heads", () => {
    expect(memoryOf(llama, 5 * gib)).toEqual({
      contextTokens: 131_072,
      weightBytes: 5 * gib,
      bytesPerToken: 131_072,
    });
    const info = { ...llama.model_info, "llama.attention.head_count_kv": [8, 0, 8, 0], "llama.block_count": 4 };
    expect(memoryOf({ model_info: info }, undefined).bytesPerToken).toBe(16 * 256 * 2);
    expect(memoryOf({}, undefined).bytesPerToken).toBeUndefined();
  });

  it("leaves what is under the line to the context, for each request at once", () => {
    const memory = memoryOf(llama, 8 * gib);
    expect(largestContext(memory, 14 * gib)).toBe(45_056);
    expect(largestContext(memory, 14 * gib, 4)).toBe(11_264);
    expect(largestContext(memory, 8 * gib)).toBeUndefined();
    expect(largestContext({ ...memory, weightBytes: undefined }, 14 * gib)).toBeUndefined();
  });

  it("takes the default line as 14 of 16 of any card, and another as it is told", () => {
    expect(warningLine(14 * gib, 24 * gib)).toBe(21 * gib);
    expect(warningLine(14 * gib, undefined)).toBe(14 * gib);
    expect(warningLine(20 * gib, 24 * gib)).toBe(20 * gib);
  });

  it("looks at the card that is fullest for its size", () => {
    const card = (id: string, used: number | undefined, total: number) => ({
      id,
      name: id,
      usedBytes: used,
      totalBytes: total,
      utilisation: undefined,
      note: undefined,
    });
    const report = { at: 0, sources: [], models: undefined, problems: [] };
    const devices = [card("a", 20 * gib, 80 * gib), card("b", 7 * gib, 8 * gib), card("c", undefined, 8 * gib)];
    expect(fullest({ ...report, devices }, 14 * gib)).toEqual({ usedBytes: 7 * gib, lineBytes: 7 * gib });
    expect(fullest({ ...report, devices: [] }, 14 * gib)).toBeUndefined();
  });
});
