import { describe, expect, it } from "vitest";
import { jsonFieldScorer, jsonFieldsScorer } from "../../../../src/engine/metrics/scorers/jsonFields.ts";
import type { Scalar } from "../../../../src/engine/spec/experiment.ts";
import { input } from "./input.ts";

const answer = (value: unknown, expected: string | undefined, fields: Record<string, Scalar | null> = {}) =>
  input(JSON.stringify(value), expected, { value, fields });

describe("one field", () => {
  const score = (value: unknown, expected: string, path = "city.name") =>
    jsonFieldScorer("json", path).score(answer(value, expected));

  it("is compared with the expected answer, or with that field of it", () => {
    expect(score({ city: { name: "Bonn" } }, "bonn").value).toBe(1);
    expect(score({ city: { name: "Bonn" } }, '{"city": {"name": "Bonn"}, "more": 1}').value).toBe(1);
    expect(score({ city: { name: "Bonn" } }, "Köln")).toEqual({
      value: 0,
      detail: 'city.name: expected "Köln", got "Bonn"',
    });
    expect(score({}, "Köln").detail).toBe('city.name: expected "Köln", got nothing');
  });

  it("may stand in a list, and be a number, a truth or a list", () => {
    expect(score({ a: [{ b: 3 }] }, "3", "a[0].b").value).toBe(1);
    expect(score({ a: true }, "true", "a").value).toBe(1);
    expect(score({ a: [1, 2] }, "[1, 2]", "a").value).toBe(1);
    expect(score({ a: [2, 1] }, "[1, 2]", "a").value).toBe(0);
  });
});

describe("many fields", () => {
  const score = (value: unknown, expected: string | undefined, paths?: readonly string[], fields = {}) =>
    jsonFieldsScorer("json", paths).score(answer(value, expected, fields));

  it("give the share that is right, and name the others", () => {
    expect(score({ a: 1, b: "X", extra: 0 }, '{"a": 1, "b": "x"}')).toEqual({ value: 1 });
    expect(score({ a: 1, b: "y" }, '{"a": 1, "b": "x"}')).toEqual({ value: 0.5, detail: 'b: expected "x", got "y"' });
  });

  it("can be chosen, from the expected object or from columns", () => {
    expect(score({ a: 1, b: "y" }, '{"a": 1, "b": "x"}', ["a"]).value).toBe(1);
    expect(
      score({ total: 12.5, currency: "EUR" }, undefined, ["total", "currency"], { total: "12.50", currency: "EUR" })
        .value,
    ).toBe(1);
  });

  it("say when there is nothing to compare with", () => {
    expect(score({ a: 1 }, "no object").detail).toBe("the expected answer is no JSON object");
    expect(score({ a: 1 }, "{}").detail).toBe("there are no fields to compare");
    expect(score({ a: 1 }, undefined, ["b"]).value).toBe(0);
  });

  it("tell null from nothing", () => {
    expect(score({ a: null }, '{"a": null}').value).toBe(1);
    expect(score({}, '{"a": null}').value).toBe(0);
  });
});
