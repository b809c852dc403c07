import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Exchange, exchangeOf, trimConversation } from "../../../src/engine/context/conversation.ts";

const strategies = ["sliding-window", "importance", "hybrid", "aggressive", "none"] as const;

const talk = (texts: readonly string[]): Exchange[] => texts.map((text) => exchangeOf([text], 10));

describe("trimming a conversation", () => {
  const texts = ["about trains", "about cats", "about trains and cats", "about boats"];

  it("keeps everything while there is room", () => {
    for (const strategy of strategies)
      expect(trimConversation(talk(texts), 40, strategy, "cats")).toMatchObject({
        kept: [0, 1, 2, 3],
        before: 40,
        after: 40,
      });
  });

  it("lets the earliest go in a sliding window", () => {
    expect(trimConversation(talk(texts), 25, "sliding-window", "cats").kept).toEqual([2, 3]);
  });

  it("keeps what shares most with the question", () => {
    expect(trimConversation(talk(texts), 20, "importance", "Which cats?").kept).toEqual([1, 2]);
    expect(trimConversation(talk(texts), 10, "importance", "Which cats on trains?").kept).toEqual([2]);
  });

  it("keeps the last quarter longest in a hybrid", () => {
    expect(trimConversation(talk(texts), 20, "hybrid", "Which cats?").kept).toEqual([2, 3]);
    expect(trimConversation(talk(texts), 10, "hybrid", "Which cats?").kept).toEqual([3]);
  });

  it("lets everything go when it is aggressive", () => {
    expect(trimConversation(talk(texts), 39, "aggressive", "cats")).toMatchObject({ kept: [], after: 0 });
  });

  it("fits, keeps order, and drops no more than one exchange too many", () => {
    const exchange = fc.record({ text: fc.string(), tokens: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(
        fc.array(exchange, { maxLength: 60 }),
        fc.nat({ max: 3000 }),
        fc.constantFrom(...strategies),
        fc.string(),
        (all, room, strategy, question) => {
          const exchanges = all.map(({ text, tokens }) => exchangeOf([text], tokens));
          const { kept, before, after } = trimConversation(exchanges, room, strategy, question);
          expect(after).toBeLessThanOrEqual(Math.max(room, 0));
          expect(kept).toEqual([...kept].sort((a, b) => a - b));
          expect(kept.reduce((sum, i) => sum + (exchanges[i] as Exchange).tokens, 0)).toBe(after);
          if (strategy === "aggressive" || strategy === "none" || before <= room) return;
          const largest = Math.max(...exchanges.map(({ tokens }) => tokens));
          expect(after).toBeGreaterThan(room - largest);
        },
      ),
    );
  });

  it("takes steps that grow with n log n: 8,000 messages are some hundred thousand", () => {
    const conversation = (exchanges: number) =>
      Array.from({ length: exchanges }, (_, i) =>
        exchangeOf([`message ${i} of a talk about item ${i % 97}`, "yes"], 20),
      );
    const question = Array.from({ length: 200 }, (_, i) => `word${i}`).join(" ");
    const work = (exchanges: number) => trimConversation(conversation(exchanges), 4_000, "hybrid", question).work;
    // 8,000 messages are 4,000 exchanges; at most 64 words are looked for in each.
    expect(work(4_000)).toBeLessThan(4_000 * (64 + 2 + 12));
    expect(work(8_000) / work(4_000)).toBeLessThan(2.1);
  });
});
