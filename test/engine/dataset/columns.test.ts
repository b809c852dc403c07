import { describe, expect, it } from "vitest";
import { expectedCandidates, guessExpected, guessId, guessText } from "../../../src/engine/dataset/columns.ts";

describe("guessing columns", () => {
  it.each(["__expected", "target", "ideal", "label", "answer", "expected", "category", "intent"])(
    "takes %s for the right answer",
    (name) => {
      expect(guessExpected(["text", name])).toBe(name);
    },
  );

  it("prefers the more telling name, and never a column that the prompt shows", () => {
    expect(guessExpected(["category", "label"])).toBe("label");
    expect(guessExpected(["category", "label"], new Set(["label"]))).toBe("category");
    expect(guessExpected(["text", "kind"])).toBeUndefined();
    expect(expectedCandidates(["text", "Label", "category"])).toEqual(["Label", "category"]);
  });

  it("minds case only where nothing fits otherwise", () => {
    expect(guessExpected(["text", "Label"])).toBe("Label");
    expect(guessId(["ID", "id"])).toBe("id");
  });

  it("takes the text by its name, or as the only column left", () => {
    expect(guessText(["id", "note", "message", "label"], ["id", "label"])).toBe("message");
    expect(guessText(["id", "note", "label"], ["id", "label"])).toBe("note");
    expect(guessText(["id", "note", "title", "label"], ["id", "label"])).toBeUndefined();
  });
});
