import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAnswer } from "../../../src/engine/response/answer.ts";
import { completion } from "../../../src/engine/response/complete.ts";
import type { OutputPart, OutputType } from "../../../src/engine/spec/experiment.ts";

const labels = ["card_lost", "card_arrival"];
const part = (type: OutputType, confidence = false): OutputPart => ({
  type,
  labels: "auto",
  schema: undefined,
  confidence,
  maxCandidates: 5,
  text: undefined,
});
const complete = (type: OutputType, text: string, confidence = false) =>
  completion(part(type, confidence), labels)?.(text);

describe("a streamed answer is complete", () => {
  it.each<[OutputType, string, boolean]>([
    ["label", "card_lost", false],
    ["label", "card_lost\n", true],
    ["label", "**Card lost**\n\nBecause", true],
    ["label", "The label is\n", false],
    ["label", '{"label": "card_lost"}', true],
    ["label", '{"label": "card_lost"', false],
    ["json", '{"a": {"b": 1}', false],
    ["json", '{"a": {"b": 1}}', true],
    ["json", '```json\n{"a": 1}\n', true],
    ["json", '```json\n{"a": 1}\n```', true],
    ["ranked", '["a", "b"', false],
    ["ranked", '["a", "b"]', true],
    ["number", "42", false],
    ["number", "42\n", true],
    ["number", "3 + 4\n", false],
    ["number", "First 3 apples\n", false],
    ["sql", "```sql\nSELECT 1\n", false],
    ["sql", "```sql\nSELECT 1\n```", true],
    ["sql", "SELECT 1;\n", false],
  ])("%s: %j is %s", (type, text, expected) => {
    expect(complete(type, text)).toBe(expected);
  });

  it("only with its confidence, when one was asked for", () => {
    expect(complete("label", "card_lost\n", true)).toBe(false);
    expect(complete("label", '{"answer": "card_lost", "confidence": 0.5}', true)).toBe(true);
  });

  it("never, when it is free text", () => {
    expect(completion(part("text"), [])).toBeUndefined();
    expect(completion(part("label"), [])).toBeUndefined();
  });

  it("says the same in the end as where it was left", () => {
    const rest = fc.constantFrom("", " ", "\n", "\n\nThe customer lost it.", "\nConfidence: 0.9");
    const answer = fc.constantFrom<[OutputType, string]>(
      ["label", "card_lost\n"],
      ["label", '{"label": "card_lost"}'],
      ["number", "42\n"],
      ["sql", "```sql\nSELECT 1\n```"],
    );
    fc.assert(
      fc.property(answer, rest, ([type, text], more) => {
        expect(complete(type, text)).toBe(true);
        const read = (whole: string) => parseAnswer({ text: whole, tokenConfidence: undefined }, part(type), labels);
        expect(read(text + more)).toMatchObject({
          kind: "valid",
          prediction: (read(text) as { prediction: string }).prediction,
        });
      }),
    );
  });
});
