import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ContextManager, type ManagerOptions } from "../../../src/engine/context/contextManager.ts";
import { joinLearned, nothingLearned, readLearned, safeContext } from "../../../src/engine/context/learned.ts";

const gib = 1024 ** 3;

function manager(more: Partial<ManagerOptions> = {}): ContextManager {
  return new ContextManager({ needed: 8192, learned: nothingLearned, warningBytes: 14 * gib, every: 50, ...more });
}

/** So many requests that are answered. */
function answers(one: ContextManager, times: number): void {
  for (let i = 0; i < times; i++) one.answered(one.begin());
}

describe("a context manager", () => {
  it("asks for what is needed and limits no prompt while nothing fails", () => {
    const one = manager();
    answers(one, 1000);
    expect([one.tokens, one.window, one.generation]).toEqual([8192, undefined, 0]);
    expect(one.learned).toMatchObject({ workedTokens: 8192, failedTokens: undefined });
  });

  it("begins with 90 % of what worked where more has failed, and prompts must fit", () => {
    const learned = { ...nothingLearned, workedTokens: 6000, failedTokens: 8192 };
    expect(manager({ learned }).tokens).toBe(5376);
    expect(manager({ learned }).window).toBe(5376);
    // What only worked limits nothing.
    expect(manager({ learned: { ...learned, failedTokens: undefined } }).tokens).toBe(8192);
    expect(manager({ needed: 2048, learned }).window).toBeUndefined();
  });

  it("asks for no more than the model or the card has", () => {
    expect(manager({ most: 4096 }).tokens).toBe(4096);
    expect(manager({ most: 10 }).tokens).toBe(1024);
  });

  it("shrinks what runs out of memory from the start", () => {
    const one = manager();
    expect(one.outOfMemory(one.begin())).toMatchObject({ kind: "shrink", from: 8192, to: 6144 });
    expect([one.tokens, one.window, one.generation]).toEqual([6144, 6144, 1]);
    expect(one.learned.failedTokens).toBe(8192);
  });

  it("takes the failures of one moment for one", () => {
    const one = manager();
    const flying = [one.begin(), one.begin(), one.begin()];
    expect(flying.map((each) => one.outOfMemory(each)).map((each) => (each === "stale" ? each : each?.kind))).toEqual([
      "shrink",
      "stale",
      "stale",
    ]);
  });

  it("loads anew what worked for a while, and shrinks when that did not help", () => {
    const one = manager();
    answers(one, 3);
    const flying = one.begin();
    expect(one.outOfMemory(one.begin())).toMatchObject({ kind: "reload" });
    expect(one.outOfMemory(flying)).toBe("stale");
    expect(one.tokens).toBe(8192);
    expect(one.outOfMemory(one.begin())).toMatchObject({ kind: "shrink", to: 6144 });
    answers(one, 3);
    expect(one.outOfMemory(one.begin())).toMatchObject({ kind: "reload" });
    answers(one, 3);
    expect(one.outOfMemory(one.begin())).toMatchObject({ kind: "reload" });
  });

  it("gives up in the end", () => {
    const one = manager();
    const kinds: unknown[] = [];
    for (let action = one.outOfMemory(one.begin()); action !== undefined; action = one.outOfMemory(one.begin()))
      kinds.push(action);
    expect(kinds.length).toBeLessThan(12);
    expect(one.tokens).toBe(1024);
  });

  it("never grows, never asks for more than is needed, and always ends, whatever happens", () => {
    const event = fc.constantFrom("answered", "outOfMemory", "tooLong", "full", "roomy");
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1024, max: 200_000 }), (events, needed) => {
        const one = manager({ needed, every: 5 });
        let last = one.tokens;
        let shrinks = 0;
        for (const each of events) {
          const sent = one.begin();
          if (each === "answered") one.answered(sent);
          else if (each === "outOfMemory") one.outOfMemory(sent);
          else if (each === "tooLong") one.tooLong(sent, Math.ceil(last / 2));
          else one.memory(each === "full" ? 15 * gib : 3 * gib);
          expect(one.tokens).toBeLessThanOrEqual(last);
          expect(one.tokens).toBeGreaterThanOrEqual(1024);
          if (one.tokens < last) shrinks += 1;
          last = one.tokens;
        }
        expect(shrinks).toBeLessThan(40);
      }),
    );
  });

  it("trusts estimates less once a prompt was longer than estimated, up to a point", () => {
    const one = manager();
    expect(one.tooLong(one.begin(), 7000)).toMatchObject({ kind: "distrust" });
    expect(one.window).toBe(Math.floor(8192 / 1.15));
    // A prompt that is over what is allowed by now is no news.
    expect(one.tooLong(one.begin(), 8000)).toBe("stale");
    for (let i = 0; i < 10; i++) one.tooLong(one.begin(), 100);
    expect(one.window).toBeGreaterThan(8192 / 2.6);
    expect(one.tooLong(one.begin(), 100)).toBeUndefined();
  });

  it("loads a model anew when the card stays above the line, once in so many requests", () => {
    const one = manager({ every: 50 });
    answers(one, 5);
    expect(one.memory(15 * gib)).toBeUndefined();
    expect(one.memory(13 * gib)).toBeUndefined();
    expect(one.memory(15 * gib)).toBeUndefined();
    expect(one.memory(15 * gib)).toMatchObject({ kind: "reload" });
    answers(one, 49);
    for (let i = 0; i < 5; i++) expect(one.memory(15 * gib)).toBeUndefined();
    answers(one, 1);
    expect(one.memory(15 * gib)).toMatchObject({ kind: "reload" });
    expect(one.learned.workedBytes).toBe(13 * gib);
  });
});

describe("what is learned", () => {
  it("limits nothing until something failed", () => {
    expect(safeContext({ ...nothingLearned, workedTokens: 4096 })).toBeUndefined();
    expect(safeContext({ ...nothingLearned, failedTokens: 4096 })).toBe(3072);
    expect(safeContext({ ...nothingLearned, workedTokens: 3000, failedTokens: 4096 })).toBe(2560);
  });

  it("is joined so that the newer corrects the older", () => {
    const older = { ...nothingLearned, workedTokens: 4096, failedTokens: 8192, workedBytes: 9 };
    expect(joinLearned(older, { ...nothingLearned, workedTokens: 6144, workedBytes: 7 })).toEqual({
      ...older,
      workedTokens: 6144,
    });
    // A larger card, or a neighbour that is gone.
    expect(joinLearned(older, { ...nothingLearned, workedTokens: 16_384 })).toMatchObject({
      workedTokens: 16_384,
      failedTokens: undefined,
    });
    // A neighbour that came.
    expect(joinLearned(older, { ...nothingLearned, workedTokens: 2048, failedTokens: 4096 })).toMatchObject({
      workedTokens: 2048,
      failedTokens: 4096,
    });
  });

  it("takes damaged memory for none", () => {
    for (const text of [undefined, "", "{", "[]", '"x"', '{"workedTokens":-1,"failedTokens":"8"}'])
      expect(readLearned(text)).toEqual(nothingLearned);
    const learned = { ...nothingLearned, workedTokens: 5, ratio: 1.2 };
    expect(readLearned(JSON.stringify(learned))).toEqual(learned);
  });
});
