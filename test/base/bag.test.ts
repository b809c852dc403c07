import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bag } from "../../src/base/bag.ts";

describe("a bag", () => {
  it("holds what a set would, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }))), (steps) => {
        const items = Array.from({ length: 10 }, () => ({}));
        const bag = new Bag();
        const set = new Set<object>();
        for (const [comes, which] of steps) {
          const item = items[which] ?? {};
          if (comes) {
            bag.add(item);
            set.add(item);
          } else {
            bag.delete(item);
            set.delete(item);
          }
          expect(bag.size).toBe(set.size);
          expect(new Set(bag)).toEqual(set);
        }
      }),
    );
  });

  it("may be emptied while it is walked through", () => {
    const items = [{}, {}, {}];
    const bag = new Bag();
    for (const item of items) bag.add(item);
    let seen = 0;
    for (const item of bag) {
      bag.delete(item);
      seen += 1;
    }
    expect([seen, bag.size]).toEqual([3, 0]);
  });
});
