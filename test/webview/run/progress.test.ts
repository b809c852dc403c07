import { describe, expect, it } from "vitest";
import { viewAt } from "../../../scripts/panels/host/runData.ts";
import { noHistory, withView } from "../../../src/webview/run/series.ts";
import { savedSoFar, waitWords } from "../../../src/webview/run/words.ts";

describe("the history of a run", () => {
  it("takes a view every so often and keeps its columns of one length", () => {
    let history = noHistory;
    for (let row = 1; row <= 340; row++) history = withView(history, viewAt(row));
    expect(history.at.length).toBe(340);
    for (const column of [history.rate, ...Object.values(history.accuracy)])
      expect(column.length).toBe(history.at.length);
  });

  it("stays small however long the run is, and still ends with the newest", () => {
    let history = noHistory;
    const view = viewAt(300);
    for (let ms = 0; ms < 5_000_000; ms += 500) history = withView(history, { ...view, elapsedMs: ms });
    expect(history.at.length).toBeLessThanOrEqual(481);
    expect(history.at[0]).toBe(0);
    expect(history.at.at(-1)).toBeGreaterThan(4_980_000);
  });

  it("keeps the very last view, fresh as it is", () => {
    const running = withView(noHistory, viewAt(100));
    const soon = { ...viewAt(100), elapsedMs: (running.at[0] ?? 0) + 10 };
    expect(withView(running, soon)).toBe(running);
    expect(withView(running, { ...soon, status: "finished" }).at.length).toBe(2);
  });

  it("begins anew when the clock goes back, as after a resume in another process", () => {
    const first = withView(withView(noHistory, viewAt(50)), viewAt(100));
    expect(withView(first, viewAt(10)).at).toEqual([6_400]);
  });

  it("ends a dropped variant's line", () => {
    const history = withView(withView(noHistory, viewAt(60)), viewAt(80));
    const [before, after] = history.accuracy["question-first/openai:gpt-4.1-mini"] ?? [];
    expect(before).toBeTypeOf("number");
    expect(after).toBeNull();
  });
});

describe("calls saved", () => {
  it("are those that dropped variants were spared so far, not what is still to come", () => {
    expect(savedSoFar(viewAt(60)).trials).toBe(0);
    expect(savedSoFar(viewAt(100)).trials).toBe(26);
    expect(savedSoFar(viewAt(340)).trials).toBe(340 - 74 + 340 - 182);
  });
});

describe("reasons for waiting", () => {
  it("name what is waited for and how long", () => {
    const plain = (text: string) => text.replaceAll("\u202f", " ");
    expect(plain(waitWords({ kind: "retryAfter", freeInMs: 12_000 }))).toBe(
      "the time the provider asked for; 12 s left",
    );
    expect(waitWords({ kind: "paused" })).toBe("you: the model is paused");
    expect(waitWords({ kind: "concurrency", pool: "openai", inFlight: 8 })).toBe("a free slot in openai (8 in flight)");
  });
});
