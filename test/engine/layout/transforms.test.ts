import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtinLayouts, standardLayout } from "../../../src/engine/layout/builtin.ts";
import type { Arrangement } from "../../../src/engine/layout/layout.ts";
import { applyTransforms, conflictsOf, transformNamed, transforms } from "../../../src/engine/layout/transforms.ts";
import { type PartName, partNames } from "../../../src/engine/spec/experiment.ts";

const anyTransform = fc.constantFrom(...transforms);

/** Arrangements as authors may declare them: every part at most once, the segment in the user message. */
const anyArrangement: fc.Arbitrary<Arrangement> = fc
  .record({
    order: fc.shuffledSubarray([...partNames], { minLength: partNames.length }),
    places: fc.array(fc.constantFrom("system", "user", "nowhere"), { minLength: 9, maxLength: 9 }),
  })
  .map(({ order, places }) => {
    const at = (place: string) =>
      order.filter((part, i) => (part === "segment" || part === "context" ? "user" : places[i]) === place);
    return { ...standardLayout, name: "declared", system: at("system"), user: at("user") };
  });

const parts = (a: Arrangement): PartName[] => [...a.system, ...a.user];
const countOf = (a: Arrangement, part: PartName) => parts(a).filter((each) => each === part).length;
const shape = ({ system, user, examplesAs, repeat, fixedFirst }: Arrangement) => ({
  system,
  user,
  examplesAs,
  repeat,
  fixedFirst: fixedFirst ?? false,
});

describe("each transform", () => {
  for (const transform of transforms) {
    it(`${transform.name} applied to standard gives the built-in layout of that name`, () => {
      const builtin = builtinLayouts.find((layout) => layout.name === transform.name);
      expect(builtin).toBeDefined();
      expect(shape(transform.apply(standardLayout))).toEqual(shape(builtin as Arrangement));
    });

    it(`${transform.name} changes nothing when applied again`, () => {
      fc.assert(
        fc.property(anyArrangement, (arrangement) => {
          const once = transform.apply(arrangement);
          expect(transform.apply(once)).toEqual(once);
        }),
      );
    });

    it(`${transform.name} loses no part and doubles none but what it says it adds`, () => {
      fc.assert(
        fc.property(anyArrangement, (arrangement) => {
          const after = transform.apply(arrangement);
          for (const part of partNames) {
            const [was, is] = [countOf(arrangement, part), countOf(after, part)];
            if (transform.adds.includes(part)) expect([was, was + 1]).toContain(is);
            else expect(is).toBe(was);
          }
        }),
      );
    });

    it(`${transform.name} keeps context and segment in place, in the user message`, () => {
      fc.assert(
        fc.property(anyArrangement, (arrangement) => {
          const core = (a: Arrangement) => a.user.filter((part) => part === "context" || part === "segment");
          expect(core(transform.apply(arrangement))).toEqual(core(arrangement));
        }),
      );
    });
  }
});

describe("composition", () => {
  it("does not depend on the order in which agreeing transforms are applied to a built-in layout", () => {
    fc.assert(
      fc.property(fc.constantFrom(...builtinLayouts), anyTransform, anyTransform, (base, first, second) => {
        const own = transformNamed(base.name);
        const all = own === undefined ? [first, second] : [own, first, second];
        fc.pre(conflictsOf(all).length === 0);
        expect(shape(second.apply(first.apply(base)))).toEqual(shape(first.apply(second.apply(base))));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same hybrid for every order of its members, on any arrangement", () => {
    fc.assert(
      fc.property(
        anyArrangement,
        fc
          .shuffledSubarray([...transforms])
          .chain((chosen) => fc.tuple(fc.constant(chosen), fc.shuffledSubarray(chosen, { minLength: chosen.length }))),
        (base, [one, other]) => {
          expect(applyTransforms(base, one)).toEqual(applyTransforms(base, other));
        },
      ),
    );
  });

  it("meets every member's own aim when nothing conflicts", () => {
    fc.assert(
      fc.property(fc.subarray([...transforms]), (chosen) => {
        fc.pre(conflictsOf(chosen).length === 0);
        const all = applyTransforms(standardLayout, chosen);
        for (const transform of chosen) expect(shape(transform.apply(all))).toEqual(shape(all));
      }),
    );
  });

  it("puts the output format before the closing quick check in sandwich with recency", () => {
    const hybrid = applyTransforms(
      standardLayout,
      transforms.filter((each) => ["sandwich", "recency"].includes(each.name)),
    );
    expect(hybrid.user).toEqual(["instructions", "context", "segment", "question", "output", "quickCheck"]);
    expect(hybrid.system).toEqual(["role", "definitions", "examples"]);
  });
});

describe("conflicts", () => {
  const conflict = (...names: string[]) => conflictsOf(transforms.filter((each) => names.includes(each.name)));

  it("are told as data with both names and a sentence", () => {
    expect(conflict("recency", "question-first")).toEqual([
      {
        conflict: ["recency", "question-first"],
        message: '"recency" puts the question after the text but "question-first" puts no question after the text',
      },
    ]);
  });

  it("stand between every two that pull a part both ways", () => {
    const pairs = transforms.flatMap((a, i) =>
      transforms.slice(i + 1).flatMap((b) => (conflictsOf([a, b]).length > 0 ? [`${a.name} ${b.name}`] : [])),
    );
    expect(pairs).toEqual([
      "recency question-first",
      "recency static-first",
      "sandwich instructions-last",
      "sandwich static-first",
      "instructions-last static-first",
      "question-first question-both",
      "question-both static-first",
    ]);
  });

  it("do not depend on the order of the two", () => {
    fc.assert(
      fc.property(anyTransform, anyTransform, (a, b) => {
        expect(conflictsOf([a, b]).length).toBe(conflictsOf([b, a]).length);
      }),
    );
  });
});
