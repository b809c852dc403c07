import { describe, expect, it } from "vitest";
import { bytes, dollars, duration, integer, interval, percent } from "../../src/cli/render/numbers.ts";
import { openProgress } from "../../src/cli/render/progress.ts";
import { table } from "../../src/cli/render/table.ts";
import type { RunEvent, RunView } from "../../src/engine/runner/events.ts";

describe("numbers", () => {
  it.each([
    [percent(0.81234), "81.2 %"],
    [percent(Number.NaN), "–"],
    [interval([0.784, 0.84]), "[78.4, 84.0]"],
    [integer(1234567.4), "1,234,567"],
    [dollars(null), "unknown"],
    [dollars(0), "$0"],
    [dollars(0.000123), "$0.00012"],
    [dollars(12.345), "$12.35"],
    [duration(0.4), "< 1 ms"],
    [duration(0), "0 ms"],
    [duration(1500), "1.5 s"],
    [duration(59_999), "1 min 0 s"],
    [duration(119_999), "2 min 0 s"],
    [duration(3_725_000), "1 h 2 min"],
    [bytes(999), "999 B"],
    [bytes(536_870_912), "536.9 MB"],
  ])("%s reads %s", (shown, wanted) => {
    expect(shown).toBe(wanted);
  });
});

describe("a table", () => {
  it("aligns numbers to the right and leaves no space at the ends", () => {
    expect(
      table(
        [{ title: "name" }, { title: "n", align: "right" }, { title: "" }],
        [
          ["a", "1"],
          ["long one", "1,000", "x"],
        ],
      ),
    ).toBe("name          n\na             1\nlong one  1,000  x");
  });

  it("gives East Asian letters and emoji two columns", () => {
    const [, wide, narrow] = table(
      [{ title: "a" }, { title: "b" }],
      [
        ["日本", "x"],
        ["abcd", "x"],
      ],
    ).split("\n");
    expect(wide).toBe("日本  x");
    expect(narrow).toBe("abcd  x");
  });
});

describe("progress", () => {
  function screen(isTTY: boolean) {
    const written: string[] = [];
    return { written, isTTY, columns: 60, write: (text: string) => void written.push(text) };
  }

  function view(change: Partial<RunView> = {}): RunView {
    const variant = {
      index: 0,
      id: "a/m",
      layout: "a",
      model: "m",
      trials: 10,
      correct: 5,
      accuracy: 0.5,
      interval: [0.2, 0.8],
      evidence: 0,
      status: "active",
      reason: "",
    } as const;
    return {
      run: "r",
      name: "n",
      file: "f",
      status: "running",
      mode: "full",
      startedAt: 0,
      elapsedMs: 6_000,
      examples: 20,
      trialsPlanned: 20,
      trialsDone: 10,
      requests: { sent: 10, succeeded: 10, failed: 0, retried: 0, cached: 0 },
      ratePerSecond: 2,
      inFlight: 0,
      cost: 0,
      tokens: { prompt: 0, completion: 0, cached: 0 },
      leftMs: 5_000,
      variants: [variant],
      queue: {
        pools: [],
        stats: {
          windows: 0,
          slotsUsed: 0,
          slotsWasted: 0,
          utilisation: 0,
          crossModelFills: 0,
          makespanMs: 0,
          lowerBoundMs: 0,
          savedMs: 0,
          composition: [],
        },
      },
      waiting: [],
      decisions: 0,
      stopReason: undefined,
      ...change,
    } as RunView;
  }

  const progress = (change?: Partial<RunView>): RunEvent => ({ kind: "progress", view: view(change) });
  const dropped: RunEvent = {
    kind: "decided",
    run: "r",
    model: "m",
    decision: {
      sequence: 0,
      row: 5,
      variant: "a/m",
      kind: "dropped",
      reason: "After 5 rows a was behind.",
      numbers: {},
    },
  };

  it("rewrites one line on a terminal, never wider than it, and steps aside for what is told", () => {
    const out = screen(true);
    const shown = openProgress(out, { quiet: false });
    shown.on(progress());
    shown.on(dropped);
    shown.on(progress({ trialsDone: 20 }));
    shown.end();
    const clear = "\r\u001b[K";
    expect(out.written[0]).toContain(`${clear}████████░░░░░░░░ 10/20 trials · 2.0/s · 1 of 1 variants in`);
    for (const text of out.written) expect(text.replaceAll(clear, "").trimEnd().length).toBeLessThan(60);
    expect(out.written.slice(1, 3)).toEqual([clear, "After 5 rows a was behind.\n"]);
    expect(out.written.at(-1)).toBe(clear);
  });

  it("prints a plain line now and then elsewhere", () => {
    const out = screen(false);
    const shown = openProgress(out, { quiet: false });
    for (let elapsedMs = 0; elapsedMs < 12_000; elapsedMs += 100) shown.on(progress({ elapsedMs }));
    shown.end();
    expect(out.written).toHaveLength(2);
    expect(out.written.join("")).not.toContain("\u001b");
  });

  it("says why nothing moves", () => {
    const out = screen(false);
    const shown = openProgress(out, { quiet: false });
    const waiting = (reason: RunView["waiting"][number]["reason"]) =>
      progress({ elapsedMs: 60_000 * ++minute, waiting: [{ model: "m", count: 3, reason }] });
    let minute = 0;
    shown.on(waiting({ kind: "requests", pool: "p", freeInMs: 42_000 }));
    shown.on(waiting({ kind: "circuitOpen", freeInMs: 1_000 }));
    shown.on(waiting({ kind: "otherModelLoaded", model: "x" }));
    expect(out.written[0]).toContain("rate limit, next in 42.0 s");
    expect(out.written[1]).toContain("m is down, probe in 1.0 s");
    expect(out.written[2]).toContain("m waits for x");
  });

  it("is silent when told to be", () => {
    const out = screen(true);
    const shown = openProgress(out, { quiet: true });
    shown.on(progress());
    shown.on(dropped);
    shown.end();
    expect(out.written).toEqual([]);
  });
});
