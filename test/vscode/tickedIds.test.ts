import { describe, expect, it } from "vitest";
import { TickedIds } from "../../src/vscode/commands/tickedIds.ts";

describe("ticks in a list that is renewed", () => {
  it("are what the editor reports", () => {
    const ticks = new TickedIds(["a"]);
    expect(ticks.report(["a", "b"])).toBe(false);
    expect(ticks.report([])).toBe(false);
    expect(ticks.all).toEqual([]);
  });

  it("stay when the list is drawn anew", () => {
    const ticks = new TickedIds(["a", "b"]);
    ticks.sent();
    expect(ticks.report([])).toBe(false);
    expect(ticks.all).toEqual(["a", "b"]);
    expect(ticks.report(["a", "b"])).toBe(false);
    expect(ticks.report(["b"])).toBe(false);
    expect(ticks.all).toEqual(["b"]);
  });

  it("are kept and sent again when they were made while the list was on its way", () => {
    const ticks = new TickedIds(["a"]);
    ticks.sent();
    expect(ticks.report(["a", "b"])).toBe(false);
    expect(ticks.report([])).toBe(false);
    expect(ticks.report(["a"])).toBe(true);
    expect(ticks.all).toEqual(["a", "b"]);
    ticks.sent();
    expect(ticks.report(["a", "b"])).toBe(false);
  });

  it("keeps one taken away while the list was on its way", () => {
    const ticks = new TickedIds(["a", "b"]);
    ticks.sent();
    ticks.report(["a"]);
    ticks.report([]);
    expect(ticks.report(["a", "b"])).toBe(true);
    expect(ticks.all).toEqual(["a"]);
  });

  it("are the person's again once the list is drawn, though no report told of it", () => {
    const ticks = new TickedIds([]);
    ticks.sent();
    ticks.drawn();
    ticks.report(["a"]);
    expect(ticks.report([])).toBe(false);
    expect(ticks.all).toEqual([]);
  });
});
