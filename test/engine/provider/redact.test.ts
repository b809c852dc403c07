import { describe, expect, it } from "vitest";
import { redact } from "../../../src/engine/provider/redact.ts";

describe("redact", () => {
  it("takes out the given key, wherever it stands", () => {
    expect(redact("key abc12345 and abc12345", "abc12345", undefined)).toBe("key [key] and [key]");
  });

  it.each([
    ["Incorrect API key provided: sk-proj-abcdEFGH1234567890.", "Incorrect API key provided: [key]"],
    ["Authorization: Bearer eyJhbGciOi.J9-x_1", "Authorization: Bearer [key]"],
    ["sk-abc***************wxyz", "[key]"],
    ["gsk_0123456789abcdef", "[key]"],
  ])("recognises what looks like a key: %s", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  it("leaves other words alone", () => {
    const text = "This is a risk-free basic test of the desk-top model gpt-4.1-mini";
    expect(redact(text)).toBe(text);
  });

  it("does not take out a secret so short that it would tear texts apart", () => {
    expect(redact("an answer", "an")).toBe("an answer");
  });
});
