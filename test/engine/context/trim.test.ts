import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byImportance, sentencesOf } from "../../../src/engine/context/importance.ts";
import { approximateTokenizer, tokenCounter } from "../../../src/engine/context/tokenizer.ts";
import { type FitOptions, fitPrompt } from "../../../src/engine/context/trim.ts";
import { builtinLayouts } from "../../../src/engine/layout/builtin.ts";
import type { ExperimentParts } from "../../../src/engine/layout/parts.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { messageText, type Prompt } from "../../../src/engine/prompt/prompt.ts";
import { fullParts, row } from "../layout/fixtures.ts";

const counter = tokenCounter(approximateTokenizer);
const pool = Array.from({ length: 6 }, (_, i) => ({ input: `Example text ${i} of some length`, output: "refund" }));
const parts: ExperimentParts = {
  ...fullParts,
  texts: { ...fullParts.texts, context: "{{passage}}" },
  demonstrations: { kind: "pool", pool, count: 6, select: "first" },
};
const passage =
  "Parking is free on Sundays. Lost cards are replaced within a week. The lobby has new plants. " +
  "A lost card must be blocked first. Lunch is at noon.";
const example = row({ text: "I lost my card, what now?", passage });
const standard = compileLayout(builtinLayouts[0] as (typeof builtinLayouts)[number], parts);
const whole = counter.prompt(standard.assemble(example));
const textOf = (prompt: Prompt) => prompt.messages.map(messageText).join("\n");
const fitTo = (budget: number | undefined, trim: FitOptions["trim"] = "importance", layout = standard) =>
  fitPrompt(layout, example, { budget, trim, count: counter.prompt });
const bare = counter.prompt(standard.assemble(example, { demonstrations: 0, context: "" }));
const noExamples = counter.prompt(standard.assemble(example, { demonstrations: 0 }));

describe("fitPrompt", () => {
  it("leaves a prompt that fits as it is", () => {
    for (const budget of [undefined, whole, whole + 100]) {
      const { prompt, report } = fitTo(budget);
      expect(prompt).toEqual(standard.assemble(example));
      expect(report).toMatchObject({
        before: whole,
        after: whole,
        fits: true,
        demonstrations: { dropped: 0, of: 6 },
        context: [],
      });
    }
  });

  it("drops the last demonstrations first, and no more than needed", () => {
    const { prompt, report, cut } = fitTo(whole - 1);
    expect(report.demonstrations).toEqual({ dropped: 1, of: 6 });
    expect(report.context).toEqual([]);
    expect(textOf(prompt)).toContain("Example text 4");
    expect(textOf(prompt)).not.toContain("Example text 5");
    expect(prompt).toEqual(standard.assemble(example, cut));
  });

  it("then drops the context's least important sentences, in the order of the text", () => {
    const { prompt, report } = fitTo(noExamples - 10);
    expect(report.demonstrations.dropped).toBe(6);
    expect(textOf(prompt)).toContain("A lost card must be blocked first.");
    expect(report.context.map((each) => each.trim())).toEqual(["The lobby has new plants.", "Lunch is at noon."]);
  });

  it("drops the earliest sentences with a sliding window", () => {
    const { report } = fitTo(noExamples - 10, "sliding-window");
    expect(report.context[0]).toContain("Parking");
    expect(report.context.at(-1)).not.toContain("Lunch");
  });

  it("keeps the last quarter longest with hybrid", () => {
    const { report } = fitTo(noExamples - 5, "hybrid");
    expect(report.context.join("")).not.toContain("Lunch");
  });

  it("drops all that may go at once when aggressive", () => {
    const { prompt, report } = fitTo(whole - 1, "aggressive");
    expect(report).toMatchObject({ after: bare, demonstrations: { dropped: 6, of: 6 } });
    expect(report.context).toHaveLength(5);
    expect(textOf(prompt)).not.toContain("Context");
  });

  it("changes nothing when trimming is off or cannot help, and says that it does not fit", () => {
    for (const given of [fitTo(whole - 1, "none"), fitTo(bare - 1), fitTo(bare - 1, "aggressive")]) {
      expect(given.report).toMatchObject({ before: whole, after: whole, fits: false });
      expect(given.prompt).toEqual(standard.assemble(example));
    }
  });

  it("drops the least similar first when demonstrations are chosen by likeness", () => {
    const demonstrations = { kind: "pool", pool, count: 6, select: "nearest" } as const;
    const nearest = compileLayout(builtinLayouts[0] as (typeof builtinLayouts)[number], { ...parts, demonstrations });
    const like = row({ text: "text 3 please", passage: "" });
    const before = counter.prompt(nearest.assemble(like));
    const { prompt } = fitPrompt(nearest, like, { budget: before - 60, trim: "importance", count: counter.prompt });
    expect(textOf(prompt)).toContain("Example text 3");
  });

  it("under any layout and budget: fits or says not, keeps segment and question, and reports what is gone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...builtinLayouts),
        fc.integer({ min: 0, max: whole + 50 }),
        fc.constantFrom<FitOptions["trim"]>("none", "sliding-window", "importance", "hybrid", "aggressive"),
        (arrangement, budget, trim) => {
          const layout = compileLayout(arrangement, parts);
          const { prompt, report } = fitTo(budget, trim, layout);
          expect(report.after).toBe(counter.prompt(prompt));
          expect(report.fits).toBe(report.after <= budget);
          expect(textOf(prompt)).toContain("I lost my card, what now?");
          expect(textOf(prompt)).toContain("Which intent is it?");
          for (const sentence of report.context) expect(textOf(prompt)).not.toContain(sentence.trim());
        },
      ),
    );
  });
});

describe("sentences", () => {
  it("join to the text they were cut from", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab .!?\n\"'1。") }), (text) => {
        expect(sentencesOf(text).join("")).toBe(text);
      }),
    );
  });

  it("end at line breaks and at marks that white space follows", () => {
    expect(sentencesOf('It cost 3.50. "Why?" she asked!\n\nNo one knew')).toEqual([
      "It cost 3.50. ",
      '"Why?" ',
      "she asked!\n\n",
      "No one knew",
    ]);
  });

  it("that share rarer words with the decision are more important", () => {
    const sentences = ["the bus is late", "the card is lost", "the card is blue"];
    expect(byImportance(sentences, "lost card")).toEqual([0, 2, 1]);
  });
});
