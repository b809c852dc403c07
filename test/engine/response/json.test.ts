import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fencedBlock, findJson, readJson } from "../../../src/engine/response/json.ts";

describe("readJson", () => {
  it("reads objects and arrays, alone or in one fence", () => {
    expect(readJson(' {"a": 1} ')).toEqual({ kind: "json", value: { a: 1 } });
    expect(readJson("[1, 2]")).toEqual({ kind: "json", value: [1, 2] });
    expect(readJson('Here it is:\n```json\n{"a": 1}\n```\nDone.')).toEqual({ kind: "json", value: { a: 1 } });
    expect(readJson('```\n["x"]\n```')).toEqual({ kind: "json", value: ["x"] });
  });

  it("leaves a text alone that does not set out to be JSON", () => {
    expect(readJson("card_arrival")).toEqual({ kind: "none" });
    expect(readJson("")).toEqual({ kind: "none" });
    expect(readJson('the answer is {"a": 1}')).toEqual({ kind: "none" });
  });

  it.each([
    ['{"a": x}', "syntax", 6],
    ["{'a': 1}", "syntax", 1],
    ['{"a": 1,}', "syntax", 8],
    ["[1, 2,]", "syntax", 6],
    ['{"a" 1}', "syntax", 5],
    ['{"a": 1 "b": 2}', "syntax", 8],
    ['{"a": "line\nbreak"}', "syntax", 11],
    ['{"a": "\\x"}', "syntax", 7],
    ["[01]", "syntax", 2],
    ["{]", "syntax", 1],
    ["[1}", "syntax", 2],
    ['{"a": 1', "truncated", 7],
    ['{"a": "never closed', "truncated", 19],
    ["[1, [2,", "truncated", 7],
    ["{", "truncated", 1],
    ['{"a": 1} and more', "trailing", 9],
    ["[1][2]", "trailing", 3],
  ])("says what is wrong with %s and where", (text, type, position) => {
    const reading = readJson(text);
    expect(reading).toMatchObject({ kind: "malformed", problem: { type, position, preview: text } });
    expect(reading.kind === "malformed" && reading.problem.message).not.toBe("");
  });

  it("shows the first 100 characters", () => {
    const reading = readJson(`{"a": ${"x".repeat(500)}`);
    expect(reading.kind === "malformed" && reading.problem.preview).toHaveLength(100);
  });

  it("agrees with JSON.parse on every text, sound or broken", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), fc.nat(3), (text, at, inserted, removed) => {
        const broken = `[${text.slice(0, at % (text.length + 1))}${inserted}${text.slice((at % (text.length + 1)) + removed)}]`;
        let value: unknown;
        let sound = true;
        try {
          value = JSON.parse(broken);
        } catch {
          sound = false;
        }
        const reading = readJson(broken);
        if (broken.includes("```")) return;
        expect(reading.kind).toBe(sound ? "json" : "malformed");
        if (reading.kind === "json") expect(reading.value).toEqual(value);
        if (reading.kind === "malformed") {
          expect(reading.problem.position).toBeGreaterThan(0);
          expect(reading.problem.position).toBeLessThanOrEqual(broken.trim().length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("findJson", () => {
  it("finds a value inside prose", () => {
    expect(findJson('Sure! {"label": "a"} is my answer {not this}')).toEqual({ label: "a" });
    expect(findJson('I think [maybe] it is {"a": [1]}.')).toEqual({ a: [1] });
    expect(findJson("nothing {here}")).toBeUndefined();
    expect(findJson("nothing")).toBeUndefined();
  });
});

describe("fencedBlock", () => {
  it("finds the only block of a language, also when it was cut off", () => {
    expect(fencedBlock("```sql\nSELECT 1\n```", /^sql$/)).toBe("SELECT 1");
    expect(fencedBlock("```sql\nSELECT 1", /^sql$/)).toBe("SELECT 1");
    expect(fencedBlock("```python\nx\n```\n```sql\nSELECT 1\n```", /^sql$/)).toBe("SELECT 1");
    expect(fencedBlock("```sql\nA\n```\n```sql\nB\n```", /^sql$/)).toBeUndefined();
    expect(fencedBlock("no fence", /^sql$/)).toBeUndefined();
  });
});
