import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openScorers, scorerNames } from "../../../../src/engine/metrics/scorers/open.ts";
import { builtinScorers } from "../../../../src/engine/spec/names.ts";
import { input } from "./input.ts";

const spec = (type: string, options: Record<string, unknown> = {}) => ({ type, options });
const names = (...specs: ReturnType<typeof spec>[]) => openScorers(specs).map(({ name }) => name);

describe("openScorers", () => {
  it("opens every scorer that an experiment may name and that needs nobody's help", () => {
    expect([...scorerNames].sort()).toEqual(
      builtinScorers.filter((name) => !["sql", "script", "judge"].includes(name)).sort(),
    );
    expect(openScorers(scorerNames.map((name) => spec(name)))).toHaveLength(scorerNames.length);
  });

  it("keeps the order and tells scorers of one kind apart", () => {
    expect(names(spec("ranked", { k: 1 }), spec("ranked", { k: 3 }), spec("mrr"))).toEqual(["top-1", "top-3", "mrr"]);
    expect(names(spec("json", { field: "city" }), spec("json"))).toEqual(["json:city", "json"]);
    expect(names(spec("regex", { pattern: "a" }), spec("regex", { pattern: "b" }))).toEqual(["regex", "regex #2"]);
  });

  it("passes options on", () => {
    const [near] = openScorers([spec("number", { tolerance: 2 })]);
    expect(near?.score(input("5", "6", { value: 5 })).value).toBe(1);
    const [pattern] = openScorers([spec("regex", { pattern: "^a", flags: "gi" })]);
    expect([1, 2].map(() => pattern?.score(input("Abc", undefined)).value)).toEqual([1, 1]);
    const [fields] = openScorers([spec("json", { fields: ["a"] })]);
    expect(fields?.score(input("", '{"a":1,"b":2}', { value: { a: 1 } })).value).toBe(1);
  });

  it.each([
    [spec("lable"), 'there is no scorer "lable": did you mean label? use one of label, exact,'],
    [spec("label", { strict: true }), 'scorer label has no option "strict": it takes no options'],
    [spec("number", { tolerence: 1 }), 'scorer number has no option "tolerence": use tolerance, relative'],
    [
      spec("number", { tolerance: -1 }),
      "scorer number: tolerance has a value it cannot take: write a number of at least 0",
    ],
    [spec("ranked", { k: "3" }), "scorer ranked: k has a value it cannot take: write a number of at least 1"],
    [spec("regex", { pattern: "(" }), "scorer regex: Invalid regular expression"],
    [spec("json", { fields: [] }), "scorer json: fields has a value it cannot take: write a list of names"],
  ])("says what is wrong with %o", (wrong, line) => {
    expect(() => openScorers([wrong])).toThrow(expect.objectContaining({ line: expect.stringContaining(line) }));
  });

  it("leaves kinds that need the world to whoever has it", () => {
    const judge = { name: "judge", score: () => ({ value: 0.5 }) };
    const [scorer] = openScorers([spec("judge")], ({ type }) => (type === "judge" ? judge : undefined));
    expect(scorer?.score(input("a", "b")).value).toBe(0.5);
  });

  it("takes a recorded score for the score", () => {
    const [scorer] = openScorers([spec("label")]);
    expect(scorer?.score(input("wrong", "right", { recorded: { correct: 1 } }))).toEqual({
      value: 1,
      detail: "as recorded",
    });
  });

  it("scores anything between 0 and 1, the same each time", () => {
    const scorers = openScorers(scorerNames.map((name) => spec(name)));
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.jsonValue(), (said, expected, value) => {
        for (const scorer of scorers) {
          const score = scorer.score(input(said, expected, { value }));
          expect(score.value).toBeGreaterThanOrEqual(0);
          expect(score.value).toBeLessThanOrEqual(1);
          expect(scorer.score(input(said, expected, { value }))).toEqual(score);
        }
      }),
    );
  });
});
