import { expect, test } from "vitest";
import { checkReference, compute, isClose, reference } from "../../../bench/decisions/reference.ts";

test("the fixture is whole and every kind in it is computed", () => {
  expect(reference.cases).toHaveLength(133);
  expect(reference.count).toBe(133);
  expect([...new Set(reference.cases.map((c) => c.kind))].sort()).toEqual(Object.keys(compute).sort());
  expect(checkReference()).toEqual({ passed: 133, total: 133 });
});

test.each(reference.cases.map((c) => [c.id, c] as const))("%s", (_, c) => {
  const actual = compute[c.kind]?.(c.input);
  expect(isClose(actual, c.expected, c.tol), `${JSON.stringify(actual)} against ${JSON.stringify(c.expected)}`).toBe(
    true,
  );
});

test("what is off by more than the tolerance, missing or of another length is not close", () => {
  expect(isClose(1, 1.02, 0.01)).toBe(false);
  expect(isClose([1], [1, 2], 1)).toBe(false);
  expect(isClose({ a: 1 }, { a: 1, b: 2 }, 1)).toBe(false);
  expect(isClose({ a: [1.001] }, { a: [1] }, 0.01)).toBe(true);
});
