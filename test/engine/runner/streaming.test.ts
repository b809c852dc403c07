import { describe, expect, it } from "vitest";
import { streaming } from "../../../src/engine/runner/streaming.ts";
import type { OutputPart } from "../../../src/engine/spec/experiment.ts";

const output = (type: OutputPart["type"], confidence = false): OutputPart => ({
  type,
  labels: ["red", "green"],
  schema: undefined,
  confidence,
  maxCandidates: 5,
  text: undefined,
});
const cloud = { local: false, replayed: false };
const local = { local: true, replayed: false };
const labels = ["red", "green"];

describe("streaming", () => {
  it("is off where it is told to be, and where nothing is sent", () => {
    expect(streaming("off", local, output("text"), labels)).toBeUndefined();
    expect(streaming("on", { local: false, replayed: true }, output("text"), labels)).toBeUndefined();
  });

  it("stops local models as soon as the answer stands there", () => {
    const watch = streaming("auto", local, output("label"), labels);
    expect([watch?.("red"), watch?.("red\n")]).toEqual([false, true]);
    expect(streaming("auto", local, output("text"), [])?.("anything\n")).toBe(false);
  });

  it("reads long answers of others to their end, and asks for short ones whole", () => {
    expect(streaming("auto", cloud, output("label"), labels)).toBeUndefined();
    expect(streaming("auto", cloud, output("number"), [])).toBeUndefined();
    expect(streaming("auto", cloud, output("json"), [])?.('{"a": 1}')).toBe(false);
    expect(streaming("auto", cloud, output("label", true), labels)?.('{"answer": "red"}')).toBe(false);
  });

  it("stops everybody early when that is asked for", () => {
    expect(streaming("on", cloud, output("json"), [])?.('{"a": 1}')).toBe(true);
  });
});
