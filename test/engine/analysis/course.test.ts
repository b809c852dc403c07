import { describe, expect, it } from "vitest";
import { type CourseInput, courseOf } from "../../../src/engine/analysis/course.ts";

/** Two variants of four rows, one request a trial, two of them ending in each step; "b" is dropped after two rows. */
const input: CourseInput = {
  timeline: { stepMs: 1000, steps: 3, answered: [2, 1, 2], reused: [0, 1, 0], failed: [0, 0, 0] },
  trials: {
    variant: Uint32Array.of(0, 1, 0, 1, 0, 0),
    position: Uint32Array.of(0, 0, 1, 1, 2, 3),
    score: Float64Array.of(1, 0, 0, 1, Number.NaN, 1),
  },
  variants: [
    { id: "a", index: 0, rows: 4 },
    { id: "b", index: 1, rows: 2 },
  ],
  workedMs: 3000,
};

describe("the course of a stored run", () => {
  it("counts trials in the stored order, ends a dropped variant's line, and leaves out what could not be had", () => {
    const course = courseOf(input);
    expect(course.at).toEqual([1000, 2000, 3000]);
    expect(course.rate).toEqual([2, 2, 2]);
    expect(course.accuracy).toEqual({ a: [1, 0.5, 2 / 3], b: [0, null, null] });
  });

  it("leaves out time in which nobody worked on the run, but no wait of the run itself", () => {
    const timeline = {
      ...input.timeline,
      steps: 10,
      answered: [2, 0, 1, 0, 0, 0, 0, 0, 0, 2],
      reused: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      failed: new Array<number>(10).fill(0),
    };
    const course = courseOf({ ...input, timeline, workedMs: 4000 });
    expect(course.rate).toEqual([2, 0, 2, 2]);
    expect(course.at).toEqual([1000, 2000, 3000, 4000]);
  });

  it("is empty before the first answer", () => {
    const none = { stepMs: 100, steps: 0, answered: [], reused: [], failed: [] };
    expect(courseOf({ ...input, timeline: none }).at).toEqual([]);
  });
});
