import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtinLayouts } from "../../../src/engine/layout/builtin.ts";
import type { LayoutMetrics } from "../../../src/engine/layout/layout.ts";
import { layoutMetrics, metricsMean, prefixEnd, tokensByPart } from "../../../src/engine/layout/metrics.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import type { Piece, Prompt } from "../../../src/engine/prompt/prompt.ts";
import type { PartName } from "../../../src/engine/spec/experiment.ts";
import { anExample, fullParts } from "./fixtures.ts";

const length = (piece: Piece) => piece.text.length;
const piece = (part: PartName, tokens: number, fixed = true): Piece => ({ part, fixed, text: "x".repeat(tokens) });
const of = (name: string): LayoutMetrics => {
  const layout = builtinLayouts.find((each) => each.name === name);
  if (layout === undefined) throw new Error(name);
  return layoutMetrics(compileLayout(layout, fullParts).assemble(anExample), length);
};

describe("layoutMetrics", () => {
  it("says where things stand, in tokens", () => {
    const prompt: Prompt = {
      messages: [
        { role: "system", pieces: [piece("role", 10), piece("output", 30)] },
        {
          role: "user",
          pieces: [piece("question", 20), piece("segment", 100, false), piece("question", 20), piece("quickCheck", 20)],
        },
      ],
    };
    expect(layoutMetrics(prompt, length)).toEqual({
      promptTokens: 200,
      systemTokens: 40,
      userTokens: 160,
      segmentPosition: 0.3,
      questionPosition: 0.8,
      quickCheckPosition: 0.9,
      systemToUser: 0.25,
      cacheablePrefix: 0.3,
    });
  });

  it("is null where there is nothing to place", () => {
    const prompt: Prompt = { messages: [{ role: "system", pieces: [piece("role", 10)] }] };
    expect(layoutMetrics(prompt, length)).toMatchObject({
      segmentPosition: null,
      questionPosition: null,
      quickCheckPosition: null,
      systemToUser: null,
      cacheablePrefix: 1,
    });
    expect(layoutMetrics({ messages: [] }, length).cacheablePrefix).toBe(0);
  });

  it("tells the built-in layouts apart by what each is about", () => {
    expect(of("question-first").questionPosition).toBeLessThan(of("standard").questionPosition as number);
    expect(of("minimal-system").systemToUser).toBeLessThan(0.1);
    expect(of("sandwich").quickCheckPosition).toBeGreaterThan(0.9);
    expect(of("standard").quickCheckPosition).toBeNull();
    expect(of("instructions-last").segmentPosition).toBeLessThan(of("standard").segmentPosition as number);
    for (const { name } of builtinLayouts) {
      expect(of("static-first").cacheablePrefix).toBeGreaterThanOrEqual(of(name).cacheablePrefix);
    }
  });

  it("counts a conversation's turns as user side", () => {
    const turns = of("chat-examples");
    expect(turns.systemTokens + turns.userTokens).toBe(turns.promptTokens);
  });
});

it("the prefix ends at the first piece that varies", () => {
  const prompt = compileLayout(builtinLayouts[0] as (typeof builtinLayouts)[number], fullParts).assemble(anExample);
  expect(prefixEnd(prompt)).toEqual({ message: 1, piece: 0 });
  expect(prefixEnd({ messages: [] })).toEqual({ message: 0, piece: 0 });
});

it("tokens by part add up to the prompt", () => {
  for (const layout of builtinLayouts) {
    const prompt = compileLayout(layout, fullParts).assemble(anExample);
    const sums = tokensByPart(prompt.messages, length);
    expect(Object.values(sums).reduce((a, b) => a + b, 0)).toBe(layoutMetrics(prompt, length).promptTokens);
  }
});

describe("the mean over prompts", () => {
  it("is undefined before the first", () => {
    expect(metricsMean().mean()).toBeUndefined();
  });

  it("averages each figure over the prompts that have it", () => {
    const mean = metricsMean();
    mean.add({ ...of("standard"), promptTokens: 10, questionPosition: null });
    mean.add({ ...of("standard"), promptTokens: 20, questionPosition: 0.5 });
    expect(mean.count).toBe(2);
    expect(mean.mean()).toMatchObject({ promptTokens: 15, questionPosition: 0.5, quickCheckPosition: null });
  });

  it("of equal metrics is those metrics", () => {
    fc.assert(
      fc.property(fc.constantFrom(...builtinLayouts), fc.integer({ min: 1, max: 4 }), ({ name }, times) => {
        const mean = metricsMean();
        const metrics = of(name);
        for (let i = 0; i < times; i++) mean.add(metrics);
        const result = mean.mean() as LayoutMetrics;
        for (const key of Object.keys(metrics) as (keyof LayoutMetrics)[]) {
          if (metrics[key] === null) expect(result[key]).toBeNull();
          else expect(result[key]).toBeCloseTo(metrics[key], 10);
        }
      }),
    );
  });
});
