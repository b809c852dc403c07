import { describe, expect, expectTypeOf, it } from "vitest";
import { builtinLayout } from "../../../src/engine/layout/builtin.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { toMessages } from "../../../src/engine/prompt/prompt.ts";
import {
  type ReaderMessage,
  type ReaderOptions,
  type Reading,
  read,
  readPrompt,
} from "../../../src/engine/reader/reader.ts";
import { leastCpuMs } from "../../support/speed.ts";
import { exampleOf, labels, parts, promptsOf, rows } from "./exampleTask.ts";

function answersOf(layout: string, model = "reader", style?: "plain" | "markdown" | "xml"): (string | undefined)[] {
  return promptsOf(layout, style === undefined ? {} : { style }).map((prompt) => read(model, prompt)?.text);
}

function accuracyOf(answers: readonly (string | undefined)[]): number {
  return answers.filter((answer, i) => answer === rows[i]?.intent).length / rows.length;
}

describe("what the reader is given", () => {
  it("has no room for an expected answer", () => {
    expectTypeOf<Parameters<typeof readPrompt>["length"]>().toEqualTypeOf<1 | 2>();
    expectTypeOf(readPrompt).parameter(0).toEqualTypeOf<readonly ReaderMessage[]>();
    expectTypeOf(readPrompt).parameter(1).toEqualTypeOf<ReaderOptions | undefined>();
    expectTypeOf<keyof ReaderMessage>().toEqualTypeOf<"role" | "content">();
    expectTypeOf<keyof ReaderOptions>().toEqualTypeOf<"temperature" | "seed" | "attention" | "schema" | "tokens">();
    expectTypeOf(readPrompt).returns.toEqualTypeOf<Reading>();
  });

  it("gives the same answers whatever the gold labels say", () => {
    const arrangement = builtinLayout("sandwich");
    if (arrangement === undefined) throw new Error("no sandwich");
    const compiled = compileLayout(arrangement, parts);
    const answers = (gold: (i: number) => string) =>
      rows.map((row, i) => readPrompt(toMessages(compiled.assemble(exampleOf(row, gold(i))))).text);
    const honest = answers((i) => rows[i]?.intent ?? "");
    expect(answers((i) => labels[i % labels.length] ?? "")).toEqual(honest);
    expect(answers(() => "lost_item")).toEqual(honest);
  });

  it("holds no example of the dataset among the demonstrations", () => {
    const texts = new Set(rows.map((row) => row.text.toLowerCase()));
    const pool = parts.demonstrations?.kind === "pool" ? parts.demonstrations.pool : [];
    expect(pool.length).toBe(20);
    expect(pool.filter(({ input }) => texts.has(input.toLowerCase()))).toEqual([]);
  });
});

describe("layouts on the example task", () => {
  const five = ["standard", "recency", "sandwich", "minimal-system", "question-first"];

  it("always answers with a label of the list", () => {
    for (const layout of five) {
      expect(answersOf(layout).every((answer) => answer !== undefined && labels.includes(answer))).toBe(true);
    }
  });

  it("answers the same prompts the same way again", () => {
    expect(answersOf("recency")).toEqual(answersOf("recency"));
  });

  it("lets the layout change answers", () => {
    const standard = answersOf("standard");
    const minimal = answersOf("minimal-system");
    const changed = standard.filter((answer, i) => answer !== minimal[i]).length;
    expect(changed).toBeGreaterThan(rows.length * 0.05);
  });

  it.each(["markdown", "plain", "xml"] as const)(
    "is right in 60 to 90 per cent of rows, and better closing with a check than with a bare system message (%s)",
    (style) => {
      const of = (layout: string) => accuracyOf(answersOf(layout, "reader", style));
      for (const layout of five) {
        expect(of(layout)).toBeGreaterThan(0.6);
        expect(of(layout)).toBeLessThan(0.9);
      }
      expect(of("sandwich") - of("minimal-system")).toBeGreaterThan(0.04);
      expect(of("recency") - of("minimal-system")).toBeGreaterThan(0.02);
    },
  );

  it("hardly cares for the layout when attention is even", () => {
    const all = five.map((layout) => accuracyOf(answersOf(layout, "reader-attentive")));
    expect(Math.max(...all) - Math.min(...all)).toBeLessThan(0.03);
  });

  it("is less often right with a shorter span of attention", () => {
    expect(accuracyOf(answersOf("standard", "reader-forgetful"))).toBeLessThan(
      accuracyOf(answersOf("standard")) - 0.04,
    );
  });

  it("loses accuracy when the text moves into the middle of a long prompt", () => {
    // The same words, with padding that no label has anything to do with.
    const padding = "The archive of the harbour museum holds maps, letters and drawings from four centuries. ".repeat(
      40,
    );
    const accuracy = (before: string, after: string) =>
      accuracyOf(
        promptsOf("recency").map((prompt) => {
          const [system, user] = prompt;
          const context = (text: string) => (text === "" ? [] : [`## Context\n${text}`]);
          const content = [...context(before), user?.content ?? "", ...context(after)].join("\n\n");
          return readPrompt([system ?? { role: "system", content: "" }, { role: "user", content }]).text;
        }),
      );
    const last = accuracy(padding + padding, "");
    const middle = accuracy(padding, padding);
    expect(last - middle).toBeGreaterThan(0.05);
  });

  it("says how sure it is, roughly as often as it is right", () => {
    const readings = promptsOf("standard").map((prompt) => readPrompt(prompt));
    const mean = readings.reduce((sum, { confidence }) => sum + confidence, 0) / readings.length;
    expect(Math.abs(mean - accuracyOf(readings.map(({ text }) => text)))).toBeLessThan(0.08);
    const right = readings.filter(({ text }, i) => text === rows[i]?.intent);
    const wrong = readings.filter(({ text }, i) => text !== rows[i]?.intent);
    const average = (some: readonly Reading[]) => some.reduce((sum, one) => sum + one.confidence, 0) / some.length;
    expect(average(right) - average(wrong)).toBeGreaterThan(0.1);
  });

  it("takes well under a millisecond for a prompt", async () => {
    const prompts = promptsOf("standard", {}, { ...parts, demonstrations: undefined });
    const readAll = () => {
      for (const prompt of prompts) readPrompt(prompt);
    };
    readAll();
    expect((await leastCpuMs(readAll, { enough: prompts.length })) / prompts.length).toBeLessThan(1);
  });
});

describe("the example dataset", () => {
  it("is large, varied and free of duplicates", () => {
    expect(rows.length).toBeGreaterThanOrEqual(320);
    expect(labels.length).toBe(10);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    const bags = rows.map((row) => new Set(row.text.toLowerCase().match(/\p{L}+/gu) ?? []));
    let nearest = 0;
    for (let i = 0; i < bags.length; i++) {
      for (let j = i + 1; j < bags.length; j++) {
        const [a, b] = [bags[i] ?? new Set<string>(), bags[j] ?? new Set<string>()];
        const shared = [...a].filter((word) => b.has(word)).length;
        nearest = Math.max(nearest, shared / (a.size + b.size - shared));
      }
    }
    expect(nearest).toBeLessThan(0.6);
    const lengths = rows.map((row) => row.text.split(/\s+/).length);
    expect(Math.min(...lengths)).toBeLessThanOrEqual(6);
    expect(Math.max(...lengths)).toBeGreaterThanOrEqual(100);
  });
});
