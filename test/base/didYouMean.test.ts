import { describe, expect, it } from "vitest";
import { didYouMean } from "../../src/base/didYouMean.ts";

describe("did you mean", () => {
  it.each([
    ["recncy", ["standard", "recency", "sandwich"], ["recency"]],
    ["smapling", ["sampling", "scoring"], ["sampling"]],
    ["max_tokens", ["maxTokens", "maxCost"], ["maxTokens"]],
    ["Text", ["text", "label"], ["text"]],
    ["text", ["text_en", "note"], ["text_en"]],
    ["xyz", ["standard"], []],
    ["a", ["b"], ["b"]],
    ["standard", ["standard"], []],
  ])("%s", (text, candidates, expected) => {
    expect(didYouMean(text, candidates)).toEqual(expected);
  });

  it("names three at most, the nearest first", () => {
    expect(didYouMean("labe", ["lab", "label", "labels", "able", "lame"])).toHaveLength(3);
    expect(didYouMean("labe", ["labels", "label"])[0]).toBe("label");
  });
});
