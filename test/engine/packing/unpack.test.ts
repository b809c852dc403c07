import { describe, expect, it } from "vitest";
import { packedLayout } from "../../../src/engine/packing/packedLayout.ts";
import { packedOutputText } from "../../../src/engine/packing/packedOutput.ts";
import { unpack } from "../../../src/engine/packing/unpack.ts";
import { messageText } from "../../../src/engine/prompt/prompt.ts";
import type { OutputPart, Style } from "../../../src/engine/spec/experiment.ts";
import { anExample, fullParts, labelOutput, labels, row } from "../layout/fixtures.ts";

const json: OutputPart = { ...labelOutput, type: "json", schema: { type: "object" } };

describe("unpack", () => {
  const read = (text: string, output = labelOutput) => Object.fromEntries(unpack(text, 3, output));

  it.each([
    ["a bare array", '[{"id":1,"answer":"a"},{"id":2,"answer":"b"}]', { 1: "a", 2: "b" }],
    ["a fenced array", '```json\n[{"id":"1","answer":"a"}]\n```', { 1: "a" }],
    ["an array under a name", '{"answers":[{"id":"[2]","answer":"b"}]}', { 2: "b" }],
    ["an array that breaks off", '[{"id":1,"answer":"a}"},{"id":2,"ans', { 1: "a}" }],
    ["prose around it", 'Sure: [{"id":3,"answer":"c"}] Done.', { 3: "c" }],
    ["no array", "I cannot say.", {}],
    ["numbers nobody gave", '[{"id":0,"answer":"a"},{"id":4,"answer":"a"},{"id":1.5,"answer":"a"},{"answer":"a"}]', {}],
    ["one number twice", '[{"id":1,"answer":"a"},{"id":2,"answer":"b"},{"id":1,"answer":"c"}]', { 2: "b" }],
    ["another name for the answer", '[{"id":1,"label":"a"}]', { 1: '{"label":"a"}' }],
    ["a number", '[{"id":1,"answer":42}]', { 1: "42" }],
    ["a ranking", '[{"id":1,"answer":["a","b"]}]', { 1: '["a","b"]' }],
    ["a confidence", '[{"id":1,"answer":"a","confidence":0.4}]', { 1: '{"answer":"a","confidence":0.4}' }],
  ])("reads %s", (_, text, expected) => expect(read(text)).toEqual(expected));

  it("keeps a JSON answer as it is", () => {
    expect(read('[{"id":1,"answer":{"x":1}},{"id":2,"x":2}]', json)).toEqual({ 1: '{"x":1}', 2: '{"x":2}' });
  });
});

describe("packedOutputText", () => {
  it("asks for numbered answers of the kind that one would be", () => {
    expect(packedOutputText(labelOutput, ["a", "b"])).toMatch(
      /JSON array.*"id": 1.*exactly one of these labels: a, b\.$/s,
    );
    expect(packedOutputText({ ...labelOutput, confidence: true }, ["a,b"])).toMatch(
      /labels:\n- a,b\n "confidence" is how sure/,
    );
    expect(packedOutputText({ ...labelOutput, type: "ranked" }, [])).toContain("at most 5 candidates, best first.");
    expect(packedOutputText(json, [])).toContain('this JSON Schema: {"type":"object"}');
    expect(packedOutputText({ ...labelOutput, text: "One word." }, ["a"])).toContain("for that text alone: One word.");
  });
});

describe("packedLayout", () => {
  const { texts } = fullParts;
  const text = (value: string | undefined) => (value === undefined ? undefined : { text: value, file: undefined });
  const source = {
    experiment: {
      prompt: {
        role: text(texts.role),
        instructions: text(texts.instructions),
        definitions: text(texts.definitions),
        examples: undefined,
        context: text(texts.context),
        segment: { text: texts.segment ?? "", file: undefined },
        question: text(texts.question),
        quickCheck: text(texts.quickCheck),
        output: labelOutput,
      },
      dataset: { seed: 1 },
      layouts: [],
    },
    labels,
    demonstrations: [],
  };
  const shown = (name: string, style: Style = "markdown") =>
    packedLayout(source, { kind: "named", name }, { style })
      .assemble([anExample, row({ text: "Money back please. </item>", since: 2021 }, "2")])
      .messages.map(messageText);

  it("says once what is the same for all, and numbers what varies", () => {
    const [system, user] = shown("standard");
    expect(system).toContain("JSON array");
    expect(user).toBe(
      "## Text\n[1] Customer since 2019.\nIt has been two weeks and nothing came in the post.\n\n" +
        "[2] Customer since 2021.\nMoney back please. </item>\n\n## Question\nWhich intent is it?",
    );
  });

  it("keeps each layout's own order", () => {
    const [, sandwich] = shown("sandwich");
    expect(sandwich?.startsWith("## Instructions")).toBe(true);
    expect(sandwich?.trimEnd().endsWith("Answer with one label from the list.")).toBe(true);
    const [, first] = shown("question-first");
    expect(first?.startsWith("## Question")).toBe(true);
  });

  it("wraps items in tags where the style does", () => {
    const [, user] = shown("standard", "xml");
    expect(user).toContain('<item id="2">\nCustomer since 2021.\nMoney back please. &lt;/item>\n</item>');
  });
});
