import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** Waits until the run has a queue to steer. */
async function started(engine: Engine, file: string): Promise<string> {
  const { run } = await engine.start({ file, options: { sampling: "full" } });
  await expect.poll(async () => (await engine.run({ run })).view?.queue.pools.length).toBe(1);
  return run;
}

const slow = "limits: { pools: [{ models: ['*'], requestsPerMinute: 2, concurrency: 1 }] }\n";

describe("steering a run that is going", () => {
  it("lets it off a limit that would have held it for many windows", async () => {
    lab = await openSimulatedLab({ rows: 12, more: slow });
    const engine = await lab.openEngine();
    const run = await started(engine, lab.file);
    await engine.retune({ run, pool: "*", change: { requestsPerMinute: null, concurrency: 8 } });
    const summary = await engine.finished(run);
    expect(summary.requests.succeeded).toBe(24);
    // At 2 a minute 24 requests take eleven minutes of this clock, on which the machine's own delays are fifty times as long.
    expect(summary.durationMs).toBeLessThan(9 * 60_000);
  });

  it("names the pools there are, and refuses figures that are none", async () => {
    lab = await openSimulatedLab({ rows: 12, more: slow });
    const engine = await lab.openEngine();
    const run = await started(engine, lab.file);
    await expect(engine.retune({ run, pool: "nope", change: {} })).rejects.toThrow(/no pool "nope"/);
    await expect(engine.retune({ run, pool: "*", change: { requestsPerMinute: 0 } })).rejects.toThrow("is 0");
    await expect(engine.retune({ run, pool: "*", change: { concurrency: Number.NaN } })).rejects.toThrow("is NaN");
    await expect(engine.retune({ run: "other", pool: "*", change: {} })).rejects.toThrow("not going");
    await engine.stop({ run, now: true });
    await engine.finished(run);
  });
});

describe("what is known of queues when none is going", () => {
  it("is nothing in a new store, and later what the last run's queue was like", async () => {
    lab = await openSimulatedLab({ rows: 6 });
    const engine = await lab.openEngine();
    expect(await engine.queueState({})).toEqual({ last: undefined, circuits: [], elsewhere: [] });
    const { summary } = await runLab(engine, lab);
    const { last, circuits } = await engine.queueState({});
    expect(last).toMatchObject({ run: summary.run, name: "lab" });
    const [model] = last?.pools.flatMap(({ models }) => models) ?? [];
    expect(model).toMatchObject({ model: "openai:a", circuit: "closed", queued: 0, inFlight: 0, failed: 0 });
    expect(model?.latency?.p95).toBeGreaterThanOrEqual(model?.latency?.p50 ?? Number.POSITIVE_INFINITY);
    expect(circuits).toEqual([]);
  });

  it("names a circuit that a run left open, until it is reset", async () => {
    lab = await openSimulatedLab({ rows: 6 }, { faults: { serverError: 1 } });
    const engine = await lab.openEngine();
    const { summary } = await runLab(engine, lab);
    expect(summary.stopped.kind).toBe("unavailable");
    const { circuits } = await engine.queueState({});
    expect(circuits).toMatchObject([{ model: "openai:a", kind: "open" }]);
    await engine.resetCircuit({ model: "openai:a" });
    expect((await engine.queueState({})).circuits).toEqual([]);
  });
});
