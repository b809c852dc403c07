import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { priceOf } from "../../../src/engine/plan/prices.ts";
import {
  buildPreview,
  layoutAsText,
  type PreviewModel,
  type PreviewOptions,
  type PreviewSource,
  previewAll,
} from "../../../src/engine/preview/preview.ts";
import { foldSystem } from "../../../src/engine/prompt/foldSystem.ts";
import { toMessages } from "../../../src/engine/prompt/prompt.ts";
import type { ContextSpec, LayoutSpec, PromptSpec } from "../../../src/engine/spec/experiment.ts";
import { fullParts, labelOutput, labels, row } from "../layout/fixtures.ts";

const pool = Array.from({ length: 4 }, (_, i) => ({ input: `Sample message ${i}`, output: labels[i % 3] as string }));
const text = (value: string) => ({ text: value, file: undefined });
const prompt: PromptSpec = {
  role: text(fullParts.texts.role as string),
  instructions: text(fullParts.texts.instructions as string),
  definitions: text(fullParts.texts.definitions as string),
  examples: { source: { kind: "inline", pairs: pool }, count: 4, select: "first" },
  context: text("{{passage}}"),
  segment: text("{{text}}"),
  question: text("Which intent is it?"),
  quickCheck: undefined,
  output: labelOutput,
};
const layouts: readonly LayoutSpec[] = [
  { kind: "named", name: "standard" },
  { kind: "named", name: "sandwich" },
  { kind: "hybrid", name: "sandwich+recency", of: ["sandwich", "recency"] },
];
const passage = "The lobby is blue. Lost cards are blocked at once. Lunch is at noon.";

function source(
  context: Pick<ContextSpec, "maxTokens" | "trim"> = { maxTokens: undefined, trim: "hybrid" },
): PreviewSource {
  return {
    experiment: {
      prompt,
      dataset: { seed: 1 },
      layouts,
      models: ["openai:gpt-4.1-mini", "ollama:gemma3"],
      context,
      parameters: { style: ["plain", "xml"], temperature: [0] },
    },
    labels,
    demonstrations: pool,
    examples: [row({ text: "I lost my card", passage }, "a"), row({ text: "Where is my refund", passage }, "b")],
  };
}

const preview = (options: Partial<PreviewOptions> = {}, given = source()) =>
  buildPreview(given, { layout: "standard", ...options });
const allText = (model: PreviewModel) =>
  model.messages.flatMap(({ pieces }) => pieces.map((piece) => piece.text)).join("");
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("buildPreview", () => {
  it("shows the first example under the first values of the parameters and the first model", () => {
    const model = preview();
    expect(model).toMatchObject({
      schema: "layoutlab/preview@1",
      layout: "standard",
      style: "plain",
      layouts: ["standard", "sandwich", "sandwich+recency"],
      model: "openai:gpt-4.1-mini",
      parameters: { style: "plain", temperature: 0 },
      example: { index: 0, count: 2, id: "a" },
    });
    expect(allText(model)).toContain("Text:\nI lost my card");
  });

  it("is plain JSON", () => {
    const model = preview({ price: priceOf, locate: () => undefined });
    expect(JSON.parse(JSON.stringify(model))).toEqual(JSON.parse(JSON.stringify({ ...model })));
    expect(structuredClone(model)).toEqual(model);
  });

  it("counts tokens that add up", () => {
    const { messages, tokens, metrics, prefix } = preview();
    const pieces = messages.flatMap((message) => message.pieces);
    expect(sum(pieces.map((piece) => piece.tokens))).toBe(metrics.promptTokens);
    expect(sum(Object.values(tokens.byPart))).toBe(metrics.promptTokens);
    expect(tokens.system + tokens.user).toBe(metrics.promptTokens);
    expect(tokens.total).toBe(metrics.promptTokens + tokens.framing);
    const before = pieces.slice(
      0,
      pieces.findIndex((piece) => !piece.fixed),
    );
    expect(prefix).toMatchObject({ tokens: sum(before.map((piece) => piece.tokens)), end: { message: 1, piece: 0 } });
  });

  it("finds an example by id, and stays at the last when the dataset became shorter", () => {
    expect(preview({ exampleId: "b" }).example.index).toBe(1);
    expect(preview({ example: 99 }).example.index).toBe(1);
    expect(preview({ example: -5 }).example.index).toBe(0);
  });

  it("tells what is wrong in a line", () => {
    const failure = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        if (error instanceof UserError) return error.code;
        throw error;
      }
      return undefined;
    };
    expect(failure(() => preview({ exampleId: "zzz" }))).toBe("unknown-example");
    expect(failure(() => preview({ layout: "sandwhich" }))).toBe("unknown-layout");
    expect(failure(() => preview({}, { ...source(), examples: [] }))).toBe("no-examples");
  });

  it("shows layouts that the file does not list", () => {
    expect(preview({ layout: "static-first" }).layout).toBe("static-first");
  });

  it("passes on where parts are written", () => {
    const range = { start: { line: 3, column: 5 }, end: { line: 3, column: 9 } };
    const { places } = preview({ locate: (part) => (part === "role" ? range : undefined) });
    expect(places).toEqual({ role: range });
  });
});

describe("the cost of a call", () => {
  it("is worked out from the price, with and without the cached prefix", () => {
    const model = preview({ price: () => ({ prompt: 1_000_000, cached: 100_000, completion: 0 }) });
    expect(model.cost).toMatchObject({ kind: "known", call: model.tokens.total, cachedTokens: 0 });
  });

  it("counts on the cache only from its least length on", () => {
    const long = source();
    const role = text("You label messages with great care. ".repeat(300));
    const given = { ...long, experiment: { ...long.experiment, prompt: { ...prompt, role } } };
    const { cost, prefix } = preview({ price: priceOf }, given);
    if (cost.kind !== "known") throw new Error(cost.reason);
    expect(prefix.tokens).toBeGreaterThan(1024);
    expect(cost.cachedTokens).toBeGreaterThanOrEqual(1024);
    expect(cost.cachedTokens % 128).toBe(0);
    expect(cost.cachedCall).toBeLessThan(cost.call);
  });

  it("is unknown with a reason when the price is", () => {
    expect(preview().cost).toEqual({ kind: "unknown", reason: "the price of openai:gpt-4.1-mini is not known" });
  });
});

describe("what would be trimmed", () => {
  const whole = preview().tokens.total;

  it("is marked piece by piece, and the rest is what is sent", () => {
    const model = preview({}, source({ maxTokens: whole - 5, trim: "importance" }));
    const trimmed = model.messages.flatMap(({ pieces }) => pieces.filter((piece) => piece.trimmed));
    expect(trimmed.map((piece) => [piece.part, piece.item])).toEqual([["examples", 3]]);
    expect(model.trim).toMatchObject({
      fits: true,
      demonstrationsDropped: 1,
      summary: `left out to fit ${whole - 5} tokens: 1 of 4 examples`,
    });
    expect(model.tokens.total).toBeLessThanOrEqual(whole - 5);
    expect(layoutAsText(model)).not.toContain("Sample message 3");
    expect(allText(model)).toContain("Sample message 3");
  });

  it("goes through the context sentence by sentence once the examples are gone", () => {
    const without = preview({}, { ...source(), demonstrations: [] }).tokens.total;
    const model = preview({}, source({ maxTokens: without - 4, trim: "importance" }));
    const context = model.messages.flatMap(({ pieces }) => pieces.filter((piece) => piece.part === "context"));
    expect(context.some((piece) => piece.trimmed && piece.text.includes("Lunch"))).toBe(true);
    expect(context.some((piece) => !piece.trimmed && piece.text.includes("Lost cards"))).toBe(true);
    expect(context.map((piece) => piece.text).join("")).toContain(passage);
    const headings = model.messages.flatMap(({ pieces }) => pieces.filter((each) => each.part === "examples"));
    expect(headings.every((piece) => piece.trimmed)).toBe(true);
  });

  it("says when nothing can help, and trims nothing", () => {
    const model = preview({}, source({ maxTokens: 20, trim: "hybrid" }));
    expect(model.trim).toMatchObject({ fits: false, demonstrationsDropped: 0 });
    expect(model.trim.summary).toBe(`${whole} tokens do not fit into 20, whatever may be dropped`);
    expect(model.sent).toBeUndefined();
  });
});

describe("several layouts", () => {
  it("are shown side by side for one example", () => {
    const all = previewAll(source(), { exampleId: "b" });
    expect(all.map((each) => each.layout)).toEqual(["standard", "sandwich", "sandwich+recency"]);
    expect(all.every((each) => each.example.id === "b")).toBe(true);
    expect(previewAll(source(), { layouts: ["recency"] })).toHaveLength(1);
  });

  it("differ as text only where parts moved", () => {
    const [standard, sandwich] = previewAll(source(), {}).map(layoutAsText);
    expect(standard).toMatch(/^──── system ────\nYou label messages/);
    expect(standard?.split("\n").sort().filter(Boolean)).not.toEqual(sandwich?.split("\n").sort().filter(Boolean));
    expect(standard?.indexOf("Instructions:")).toBeLessThan(standard?.indexOf("──── user") as number);
    expect(sandwich?.indexOf("Instructions:")).toBeGreaterThan(sandwich?.indexOf("──── user") as number);
  });
});

describe("a model without a system role", () => {
  it("is shown what it gets: all in the first user message", () => {
    const model = preview({ systemRole: false });
    expect(model.messages.map(({ role }) => role)).toEqual(["user"]);
    const folded = foldSystem(toMessages({ messages: preview().messages }));
    expect(allText(model)).toBe(folded[0]?.content);
    expect(folded).toHaveLength(1);
    expect(model.tokens.system).toBe(0);
    expect(model.placing).toEqual(preview().placing);
  });
});

describe("what several examples or several questions make of a prompt", () => {
  const packing = { segmentsPerRequest: 2 };
  const packed = () => {
    const given = source();
    return { ...given, experiment: { ...given.experiment, packing, tools: [], sampling: { seed: 7 } } };
  };

  it("shows the whole request of a packed prompt, and which examples it carries", () => {
    const model = preview({ example: 1 }, packed());
    expect(allText(model)).toMatch(/\[1\] [\s\S]*\[2\] /);
    expect(model.pack?.members.map(({ id }) => id).toSorted()).toEqual(["a", "b"]);
    expect(model.pack?.members[(model.pack?.number ?? 0) - 1]?.id).toBe("b");
    expect(preview({ example: 0 }, packed()).messages).toEqual(model.messages);
  });

  it("splits a packed prompt that would be too long, as a run does", () => {
    const whole = preview({}, packed()).tokens.total;
    const given = packed();
    const tight = {
      ...given,
      experiment: { ...given.experiment, context: { maxTokens: whole - 1, trim: "none" as const } },
    };
    expect(preview({}, tight).pack).toBeUndefined();
  });

  it("does not pack where a run does not", () => {
    const given = packed();
    const replayed = { ...given, experiment: { ...given.experiment, models: ["replay:out.jsonl"] } };
    expect(preview({}, replayed).pack).toBeUndefined();
    expect(preview({ parameters: { packing: 1 } }, packed()).pack).toBeUndefined();
  });

  it("shows each question of a chain, with names for answers that are not there yet", () => {
    const given = source();
    const hop = (id: string, question: string) => ({
      id,
      question,
      stopWhen: undefined,
      output: undefined,
      overrides: {},
    });
    const chain = [hop("topic", "What is it about?"), hop("intent", "It is about {{topic}}. Which intent?")];
    const chained = { ...given, experiment: { ...given.experiment, chain } };
    const first = preview({}, chained);
    expect(allText(first)).toContain("What is it about?");
    expect(first.chain).toMatchObject({ hop: 0, hops: [{ id: "topic" }, { id: "intent" }] });
    const second = preview({ hop: 1 }, chained);
    expect(allText(second)).toContain("It is about ‹topic›. Which intent?");
    expect(preview({ hop: 9 }, chained).chain?.hop).toBe(1);
  });
});

describe("what a layout would say of itself", () => {
  it("names the parts that are there, in the order in which they are sent", () => {
    expect(preview().placing).toEqual({
      system: ["role", "instructions", "definitions", "examples", "output"],
      user: ["context", "segment", "question"],
      style: "plain" as const,
      examplesAs: "text",
      repeat: 1,
    });
  });

  it("says what a static-first layout comes out as", () => {
    const given = source();
    const static1 = { ...given.experiment, layouts: [{ kind: "named" as const, name: "static-first" }] };
    const { placing } = preview({ layout: "static-first" }, { ...given, experiment: static1 });
    expect([placing.system, placing.user]).toEqual([
      ["role", "instructions", "definitions", "examples", "output", "question"],
      ["context", "segment"],
    ]);
  });
});
