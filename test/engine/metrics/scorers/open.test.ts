import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openScorers, scorerTitles } from "../../../../src/engine/metrics/scorers/open.ts";
import type { AnyScorer, ScoreInput, SlowScorer } from "../../../../src/engine/metrics/scorers/scorer.ts";
import { builtinScorers } from "../../../../src/engine/spec/names.ts";
import { input } from "./input.ts";

const spec = (type: string, options: Record<string, unknown> = {}) => ({ type, options });
const quick = builtinScorers.filter((name) => !["sql", "script", "judge"].includes(name));
const nobody = (type: string): SlowScorer => {
  throw new Error(`${type} needs the world`);
};
const open = (...specs: ReturnType<typeof spec>[]) => openScorers(specs, nobody);
const names = (...specs: ReturnType<typeof spec>[]) => open(...specs).map(({ name }) => name);
const score = (scorer: AnyScorer | undefined, of: ScoreInput) => {
  if (scorer === undefined || !("score" in scorer)) throw new Error("it is slow");
  return scorer.score(of);
};

describe("openScorers", () => {
  it("opens every scorer that an experiment may name and that needs nobody's help", () => {
    expect(open(...quick.map((name) => spec(name)))).toHaveLength(quick.length);
  });

  it("keeps the order and tells scorers of one kind apart", () => {
    expect(names(spec("ranked", { k: 1 }), spec("ranked", { k: 3 }), spec("mrr"))).toEqual(["top-1", "top-3", "mrr"]);
    expect(names(spec("json", { field: "city" }), spec("json"))).toEqual(["json:city", "json"]);
    expect(names(spec("regex", { pattern: "a" }), spec("regex", { pattern: "b" }))).toEqual(["regex", "regex #2"]);
    expect(
      scorerTitles([spec("sql"), spec("judge"), spec("judge"), spec("similarity", { measure: "tokenF1" })]),
    ).toEqual(["sql", "judge", "judge #2", "token-f1"]);
  });

  it("passes options on", () => {
    const [near] = open(spec("number", { tolerance: 2 }));
    expect(score(near, input("5", "6", { value: 5 })).value).toBe(1);
    const [pattern] = open(spec("regex", { pattern: "^a", flags: "gi" }));
    expect([1, 2].map(() => score(pattern, input("Abc", undefined)).value)).toEqual([1, 1]);
    const [fields] = open(spec("json", { fields: ["a"] }));
    expect(score(fields, input("", '{"a":1,"b":2}', { value: { a: 1 } })).value).toBe(1);
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
    expect(() => open(wrong)).toThrow(expect.objectContaining({ line: expect.stringContaining(line) }));
  });

  it("leaves kinds that need the world to whoever has it", () => {
    const asked: string[] = [];
    const [scorer] = openScorers([spec("judge", { model: "a:b" })], (type, options, name) => {
      asked.push(`${type} ${options.needed("model")}`);
      return { name, phase: "judge", judge: async () => ({ kind: "scored", value: 0.5, note: { kind: "judged" } }) };
    });
    expect(asked).toEqual(["judge a:b"]);
    expect(scorer?.name).toBe("judge");
  });

  it("takes a recorded score for the score", () => {
    const [scorer] = open(spec("label"));
    expect(score(scorer, input("wrong", "right", { recorded: { correct: 1 } }))).toEqual({
      value: 1,
      detail: "as recorded",
    });
  });

  it("scores anything between 0 and 1, the same each time", () => {
    const scorers = open(...quick.map((name) => spec(name)));
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.jsonValue(), (said, expected, value) => {
        for (const scorer of scorers) {
          const first = score(scorer, input(said, expected, { value }));
          expect(first.value).toBeGreaterThanOrEqual(0);
          expect(first.value).toBeLessThanOrEqual(1);
          expect(score(scorer, input(said, expected, { value }))).toEqual(first);
        }
      }),
    );
  });
});
