import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldsOf, readAll } from "./reading.ts";

describe("JSON lines", () => {
  it("reads an object a line, blank lines skipped, numbers and truth kept", async () => {
    const { records } = await readAll('{"a": 1, "b": true, "c": null}\n\n{"a": "x"}', "jsonl");
    expect(records).toEqual([
      { row: 1, line: 1, fields: { a: 1, b: true, c: null } },
      { row: 2, line: 3, fields: { a: "x" } },
    ]);
  });

  it("gives nested values as JSON text, and the leaves of maps by their path", async () => {
    expect(
      await fieldsOf('{"q": "?", "choices": {"A": "bank", "B": {"C": 2}}, "answers": ["x", "y"]}', "jsonl"),
    ).toEqual([
      {
        q: "?",
        choices: '{"A":"bank","B":{"C":2}}',
        "choices.A": "bank",
        "choices.B": '{"C":2}',
        "choices.B.C": 2,
        answers: '["x","y"]',
      },
    ]);
  });

  it("tells broken lines and reads on", async () => {
    const { records, troubles } = await readAll('{"a": 1}\n{"a": \n[1]\n{"a": 2}\n', "jsonl");
    expect(records.map((each) => each.row)).toEqual([1, 4]);
    expect(troubles.map(({ row, line, message }) => [row, line, message.replace(/\(.*\)/, "(…)")])).toEqual([
      [2, 2, "row 2 is not valid JSON (…)"],
      [3, 3, "row 3 is not a JSON object"],
    ]);
  });
});

describe("a JSON list", () => {
  it("reads its objects with their lines", async () => {
    const { records } = await readAll('[\n  {"a": "]}"},\n  {\n    "a": {"b": [1, "\\"}"]}\n  }\n]\n', "json");
    expect(records.map(({ row, line, fields }) => [row, line, fields["a"]])).toEqual([
      [1, 2, "]}"],
      [2, 3, '{"b":[1,"\\"}"]}'],
    ]);
  });

  it.each([
    ["{}", "the file does not hold a list of objects"],
    ["[1]", "the list holds something that is not an object"],
    ['[{"a": 1}', "the list is never closed"],
    ['[{"a": 1', "an object is never closed"],
    ["[] x", "something follows the end of the list"],
  ])("gives up on %s", async (content, message) => {
    await expect(readAll(content, "json")).rejects.toMatchObject({ message });
  });

  it("tells an object that is not valid JSON and reads on", async () => {
    const { records, troubles } = await readAll('[{"a": 1}, {a: 2},\n {"a": 3}]', "json");
    expect(records.map((each) => each.fields["a"])).toEqual([1, 3]);
    expect(troubles.map((each) => [each.row, each.line])).toEqual([[2, 1]]);
  });

  it("gives what JSON.parse gives, for any objects in any pieces, in both formats", async () => {
    const object = fc.dictionary(
      fc.string({ maxLength: 5 }).filter((key) => key !== "__proto__"),
      fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(object, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), async (objects, size) => {
        // JSON has no negative zero.
        const expected: unknown = JSON.parse(JSON.stringify(objects));
        expect(await fieldsOf(JSON.stringify(objects, null, 1), "json", size)).toEqual(expected);
        expect(await fieldsOf(objects.map((each) => JSON.stringify(each)).join("\n"), "jsonl", size)).toEqual(expected);
      }),
    );
  });
});
