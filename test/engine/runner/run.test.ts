import { afterEach, describe, expect, it } from "vitest";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import type { RunSummary } from "../../../src/engine/runner/events.ts";
import { alwaysRight, type LabOptions, labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
async function lab(options?: LabOptions): Promise<TestLab> {
  const opened = await openLab(options);
  labs.push(opened);
  return opened;
}
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

/** Right on the first rows of each ten, more of them under sandwich. */
const betterSandwich: Script = (_request, { trial }) => {
  const row = rowOf(trial?.example);
  const right = row % 10 < (trial?.layout === "sandwich" ? 9 : 5);
  return right ? labelOf(row) : labelOf(row + 1);
};

function withoutTimes(summary: RunSummary) {
  return summary.variants.map(({ id, trials, correct, status, reason }) => ({ id, trials, correct, status, reason }));
}

describe("a run", () => {
  it("asks every variant on every row, scores, and stores what it says", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n" });
    const engine = await opened.open();
    const { summary, events } = await runLab(engine, opened);
    expect(summary.status).toBe("finished");
    expect(summary.variants.map((variant) => [variant.layout, variant.trials, variant.accuracy])).toEqual([
      ["standard", 12, 1],
      ["sandwich", 12, 1],
    ]);
    expect(opened.asked).toHaveLength(24);
    expect(summary.requests).toEqual({ sent: 24, succeeded: 24, failed: 0, retried: 0, cached: 0 });
    expect(events[0]?.kind).toBe("started");
    expect(events.at(-1)?.kind).toBe("ended");
    const details = await engine.run({ run: summary.run });
    expect(details.summary).toEqual(summary);
    expect((await engine.runs({}))[0]?.verdict).toBe(summary.verdict.explanation);
  });

  it("asks nothing again when the answers are known", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n" });
    const engine = await opened.open();
    const first = await runLab(engine, opened);
    const again = await runLab(engine, opened);
    expect(opened.asked).toHaveLength(24);
    expect(again.summary.requests).toEqual({ sent: 0, succeeded: 0, failed: 0, retried: 0, cached: 24 });
    expect(withoutTimes(again.summary)).toEqual(withoutTimes(first.summary));
    expect(again.summary.variants.map((variant) => variant.latency)).toEqual([null, null]);
  });

  it("asks anew when told to, and keeps nothing then", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n" });
    const engine = await opened.open();
    await runLab(engine, opened, { cache: false });
    await runLab(engine, opened, { cache: false });
    expect(opened.asked).toHaveLength(48);
    expect((await engine.cacheStats({})).entries).toBe(0);
  });

  it("decides the same whatever the concurrency and the order of answers", async () => {
    const results: unknown[] = [];
    for (const concurrency of [1, 8, 64]) {
      const opened = await lab({ rows: 300, more: "sampling: { mode: adaptive, equivalence: 0.01 }\n" });
      const engine = await opened.open(async (request, options, call) => {
        // Later answers overtake earlier ones.
        await new Promise((resolve) => setTimeout(resolve, (call * 7919) % 5));
        return betterSandwich(request, options, call);
      });
      const { summary } = await runLab(engine, opened, { concurrency });
      const decisions = await engine.decisions({ run: summary.run });
      results.push({
        verdict: summary.verdict,
        variants: withoutTimes(summary),
        decisions: decisions.map(({ at: _at, ...rest }) => rest),
      });
      expect(summary.verdict.winner).toBe("sandwich/scripted:a");
      expect(opened.asked.length).toBeLessThan(600);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it("counts an answer that cannot be read as wrong, in a class of its own", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n", layouts: ["standard"] });
    const engine = await opened.open((request, options, call) =>
      rowOf(options.trial?.example) < 3 ? "I would rather not say." : alwaysRight(request, options, call),
    );
    const { summary } = await runLab(engine, opened);
    expect(summary.variants[0]).toMatchObject({ trials: 12, correct: 9, unparsable: 3, failed: 0 });
    const failed = await engine.requests({ limit: 50 });
    expect(failed.filter((row) => row.errorClass === "invalid")).toHaveLength(3);
  });

  it("leaves a row out for every layout when one cannot have it for reasons of transport", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\nlimits: { retries: 0 }\n" });
    const engine = await opened.open((request, options, call) =>
      options.trial?.layout === "standard" && options.trial.example === "r5"
        ? { kind: "unavailable", reason: "server", status: 500, message: "boom", retryAfterMs: undefined, body: "oops" }
        : alwaysRight(request, options, call),
    );
    const { summary } = await runLab(engine, opened);
    expect(summary.variants.map((variant) => variant.trials)).toEqual([11, 11]);
    expect(summary.notes.join()).toContain("could not be had");
    const [failed] = await engine.requests({ limit: 5, status: "failed" });
    expect(failed).toMatchObject({ errorClass: "unavailable", errorMessage: "boom", rawResponse: "oops" });
  });

  it("takes the mean of repeats as the trial's score", async () => {
    const opened = await lab({ rows: 4, layouts: ["standard"], more: "sampling: { mode: full, repeats: 2 }\n" });
    const engine = await opened.open((_request, { trial }) =>
      trial?.repeat === 0 ? labelOf(rowOf(trial.example)) : "red",
    );
    const { summary } = await runLab(engine, opened);
    // Rows 0 and 3 are red, so both repeats are right there; on the two others half of them.
    expect(summary.variants[0]).toMatchObject({ trials: 4, correct: 3 });
    expect(opened.asked).toHaveLength(8);
  });

  it("stops at a budget of calls, and says so", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\nlimits: { maxCalls: 7 }\n" });
    const engine = await opened.open();
    const { summary } = await runLab(engine, opened);
    expect(summary).toMatchObject({
      status: "stopped",
      stopped: { kind: "budget", reason: "the budget of 7 calls is used up" },
    });
    expect(opened.asked).toHaveLength(7);
  });

  it("loses no answer that is paid for, however quickly they come", async () => {
    const opened = await lab({
      rows: 120,
      models: ["builtin:reader"],
      layouts: ["standard", "recency", "sandwich", "minimal-system", "question-first"],
      more: "limits: { maxCalls: 200 }\n",
    });
    const engine = await opened.open();
    const { summary } = await runLab(engine, opened);
    expect(summary.requests).toMatchObject({ sent: 200, succeeded: 200 });
  });

  it("will not start with a budget of money and a model without a price", async () => {
    const opened = await lab({ more: "limits: { maxCost: 1 }\n", models: ["openai:nobody-knows-me"] });
    const engine = await opened.open();
    await expect(engine.start({ file: opened.file, options: {} })).rejects.toThrow(
      "price of openai:nobody-knows-me is unknown",
    );
    expect(await engine.runs({})).toEqual([]);
  });

  it("ends at once when a model can never work, keeping what there is", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n" });
    const engine = await opened.open(() => ({
      kind: "rejected",
      reason: "auth",
      status: 401,
      message: "the key is wrong",
    }));
    const { summary } = await runLab(engine, opened);
    expect(summary).toMatchObject({
      status: "stopped",
      stopped: { kind: "rejected", reason: "scripted:a: the key is wrong" },
    });
    expect(opened.asked.length).toBeLessThanOrEqual(16);
  });

  it("ends soon at an address where nobody answers", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\n" });
    const engine = await opened.open(() => ({
      kind: "unavailable",
      reason: "connection",
      status: undefined,
      message: "connection refused",
      retryAfterMs: undefined,
      body: undefined,
    }));
    const { summary } = await runLab(engine, opened);
    expect(summary).toMatchObject({ status: "stopped", stopped: { kind: "unavailable" } });
    expect(opened.asked.length).toBeLessThan(10);
  });

  it("lets the other models finish when one is unreachable", async () => {
    const opened = await lab({
      models: ["scripted:a", "scripted:b"],
      layouts: ["standard"],
      more: "sampling: { mode: full }\n",
    });
    const engine = await opened.open((request, options, call) =>
      request.model === "b"
        ? {
            kind: "unavailable",
            reason: "connection",
            status: undefined,
            message: "refused",
            retryAfterMs: undefined,
            body: undefined,
          }
        : alwaysRight(request, options, call),
    );
    const { summary } = await runLab(engine, opened);
    expect(summary.variants.map((variant) => [variant.model, variant.trials])).toEqual([
      ["scripted:a", 12],
      ["scripted:b", 0],
    ]);
    expect(summary.stopped.reason).toContain("scripted:b");
  });
});

describe("a run that was stopped", () => {
  it("finishes what is in flight, and resumes without asking anything twice", async () => {
    const opened = await lab({ rows: 60, more: "sampling: { mode: full }\n" });
    let stopped = false;
    const engine = await opened.open(async (request, options, call) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (call === 20 && !stopped) void engine.stop({ run, now: false });
      return alwaysRight(request, options, call);
    });
    const { run } = await engine.start({ file: opened.file, options: { cache: false } });
    const first = await engine.finished(run);
    stopped = true;
    expect(first.status).toBe("interrupted");
    const before = opened.asked.length;
    expect(before).toBeLessThan(120);
    await engine.resume({ run });
    const second = await engine.finished(run);
    expect(second.status).toBe("finished");
    expect(new Set(opened.asked).size).toBe(120);
    expect(opened.asked).toHaveLength(120);
    expect(second.variants.map((variant) => variant.trials)).toEqual([60, 60]);
  });

  it("will not resume when the data changed", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\nlimits: { maxCalls: 5 }\n" });
    const engine = await opened.open();
    const { summary } = await runLab(engine, opened);
    await opened.write("data.csv", "id,text,label\nr0,changed,red\n");
    await expect(engine.resume({ run: summary.run })).rejects.toThrow("changed since run");
  });

  it("asks again for trials that could not be had, when told to", async () => {
    const opened = await lab({ more: "sampling: { mode: full }\nlimits: { retries: 0 }\n" });
    let down = true;
    const engine = await opened.open((request, options, call) =>
      down && options.trial?.example === "r5"
        ? {
            kind: "unavailable",
            reason: "server",
            status: 500,
            message: "boom",
            retryAfterMs: undefined,
            body: undefined,
          }
        : alwaysRight(request, options, call),
    );
    const { summary } = await runLab(engine, opened);
    expect(summary.variants.map((variant) => variant.trials)).toEqual([11, 11]);
    down = false;
    await engine.resume({ run: summary.run, retryErrors: true });
    const again = await engine.finished(summary.run);
    expect(again.variants.map((variant) => variant.trials)).toEqual([12, 12]);
  });
});
