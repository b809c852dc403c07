import { isDeepStrictEqual } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import type { SimulatorOptions } from "../../../src/engine/simulator/options.ts";
import { type LabOptions, labelOf, runLab } from "../../support/engine.ts";
import { fastClock, openSimulatedLab, rowIn, type SimulatedLab } from "../../support/simulatedLab.ts";

const labs: SimulatedLab[] = [];
async function lab(options: LabOptions, simulated?: SimulatorOptions, clock = fastClock(50)): Promise<SimulatedLab> {
  const opened = await openSimulatedLab(options, simulated, clock);
  labs.push(opened);
  return opened;
}
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

/** The most often that one prompt was answered, and so paid for. */
const mostPaid = ({ simulator }: SimulatedLab) => Math.max(...Object.values(simulator.stats().answeredBodies));

describe("a run over a server in trouble", () => {
  const full = "sampling: { mode: full }\n";
  it.each<readonly [what: string, limits: string, simulated: SimulatorOptions]>([
    ["refuses with a time to come back", "", { faults: { rateLimited: 0.3, retryAfterSeconds: 1 } }],
    [
      "has a limit nobody told, and names no time",
      "retries: 8",
      { limits: [{ requests: 8, windowMs: 10_000, retryAfter: false }] },
    ],
    ["answers so many at once", "retries: 8", { concurrency: 2, latency: { first: { kind: "fixed", ms: 20 } } }],
    ["fails now and then", "retries: 8", { faults: { serverError: 0.2, unavailable: 0.1 } }],
    ["hangs", "timeout: 20s, retries: 6", { faults: { hang: 0.08 } }],
    ["cuts connections in the middle of a stream", "stream: on, retries: 8", { faults: { cut: 0.2 } }],
    ["cuts connections in the middle of a body", "retries: 8", { faults: { cut: 0.2 } }],
    [
      "sends what is no answer",
      "retries: 8",
      { faults: { malformedJson: 0.06, wrongSchema: 0.06, wrongContentType: 0.06, empty: 0.06 } },
    ],
    ["sends ten megabytes", "retries: 8", { faults: { huge: 0.1 } }],
  ])("that %s gets every answer, and pays for none twice", async (_, limits, simulated) => {
    const opened = await lab({ rows: 30, more: `${full}limits: { preset: aggressive, ${limits} }\n` }, simulated);
    const { summary } = await runLab(await opened.openEngine(), opened);
    expect(summary.status).toBe("finished");
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [30, 1],
      [30, 1],
    ]);
    const stats = opened.simulator.stats();
    const troubles = stats.refused + Object.values(stats.faults).reduce((sum, count) => sum + count, 0);
    expect(troubles).toBeGreaterThan(0);
    expect(summary.requests).toMatchObject({ succeeded: 60, failed: 0 });
    expect(summary.requests.sent).toBe(stats.requests);
    // What was cut off or drowned on its way was answered as far as the server knows.
    if (simulated.faults?.cut === undefined && simulated.faults?.huge === undefined) expect(mostPaid(opened)).toBe(1);
  });

  it("keeps what failed with its prompt, and goes on", async () => {
    const opened = await lab(
      { rows: 20, more: `${full}limits: { preset: aggressive, retries: 0 }\n`, layouts: ["standard"] },
      { faults: { malformedJson: 0.3 } },
    );
    const engine = await opened.openEngine();
    const { summary } = await runLab(engine, opened);
    const failed = await engine.requests({ limit: 50, status: "failed" });
    expect(failed.length).toBe(summary.requests.failed);
    expect(failed.length).toBeGreaterThan(0);
    for (const row of failed) {
      expect(row).toMatchObject({ errorClass: "unavailable", errorMessage: expect.stringContaining("not valid JSON") });
      expect(row.rawResponse?.length).toBeGreaterThan(0);
    }
    expect(summary.metrics.errors).toEqual({ unavailable: failed.length });
    expect(summary.metrics.models[0]).toMatchObject({ failed: failed.length, successRate: 1 - failed.length / 20 });
  });

  it("is not disturbed by a wall clock that jumps", async () => {
    const fast = fastClock(50);
    let looks = 0;
    const jumping = { ...fast, now: () => fast.now() + (++looks % 40 < 20 ? 86_400_000 : -86_400_000) };
    const opened = await lab({ rows: 40, more: full }, { faults: { rateLimited: 0.1, retryAfterSeconds: 1 } }, fast);
    const { summary } = await runLab(await opened.openEngine({ clock: jumping }), opened);
    expect(summary.status).toBe("finished");
    expect(summary.variants.map(({ accuracy }) => accuracy)).toEqual([1, 1]);
    expect(mostPaid(opened)).toBe(1);
  });
});

describe("answers that do not meet their schema", () => {
  const json = `sampling: { mode: full }
scoring: [{ type: json, fields: [label] }]
`;
  const output =
    "output: { type: json, schema: { type: object, properties: { label: { type: string } }, required: [label] } }";
  const asJson = async (opened: SimulatedLab) => {
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(opened.file, "utf8");
    await opened.write("lab.layout.yaml", text.replace(/output: \{.*\}/, output));
  };

  it("are asked for once more, with what is wrong", async () => {
    const opened = await lab(
      { rows: 10, layouts: ["standard"], more: json },
      {
        answer: (messages) => {
          const again = messages.at(-1)?.content.includes("could not be used") === true;
          const asked = messages.find(({ content }) => content.includes("item number"))?.content ?? "";
          return again ? JSON.stringify({ label: labelOf(rowIn(asked)) }) : '{"colour": "red"}';
        },
      },
    );
    await asJson(opened);
    const engine = await opened.openEngine();
    const { summary } = await runLab(engine, opened);
    expect(summary.variants[0]).toMatchObject({ trials: 10, unparsable: 0 });
    expect(summary.requests.sent).toBe(20);
    const [row] = await engine.requests({ limit: 1 });
    expect(row).toMatchObject({ state: "completed", attempts: 2, errorClass: undefined });
    // Both calls are paid for, so both are counted.
    expect(row?.promptTokens).toBeGreaterThan(1.5 * (row?.promptTokensEstimated ?? 0));
  });

  it("count as unreadable when the model insists", async () => {
    const opened = await lab({ rows: 5, layouts: ["standard"], more: json }, { answer: () => '{"colour": "red"}' });
    await asJson(opened);
    const engine = await opened.openEngine();
    const { summary } = await runLab(engine, opened);
    expect(summary.variants[0]).toMatchObject({ trials: 5, unparsable: 5, accuracy: 0 });
    const [row] = await engine.requests({ limit: 1 });
    expect(row).toMatchObject({ errorClass: "invalid", attempts: 2 });
    expect(row?.validationErrors).toContain("label");
  });
});

describe("three models that share fifteen requests a window", () => {
  // Short windows of the machine's own time: on a faster clock its delays would be as much longer.
  const windowMs = 800;
  const more = `sampling: { mode: full }
limits: { pools: [{ models: ["*"], requestsPerMinute: 1125, concurrency: 15, window: ${windowMs}ms, kind: fixed }] }
`;
  it.each([
    ["smart", 4],
    ["sequential", 6],
  ] as const)("leave in as few windows as can be: %s, %d", async (queue, windows) => {
    const round = async () => {
      const opened = await lab(
        { rows: 18, layouts: ["standard"], models: ["openai:a", "openai:b", "openai:c"], more },
        { limits: [{ requests: 15, windowMs, kind: "fixed" }] },
        systemClock,
      );
      const { summary } = await runLab(await opened.openEngine(), opened, { queue });
      const stats = opened.simulator.stats();
      expect(stats.answered).toBe(54);
      expect(summary.queue.slotsUsed).toBeGreaterThanOrEqual(54);
      // As the server saw them, in windows of its own clock.
      const seen = new Set(stats.acceptedAt.map((at) => Math.floor(at / windowMs))).size;
      const wasted = queue === "smart" ? summary.queue.slotsWasted : 0;
      return { refused: stats.refused, windows: summary.queue.windows, wasted, seen };
    };
    const best = { refused: 0, windows, wasted: 0, seen: windows };
    // Requests of one burst may meet the end of a server's window on their way, and a machine may pause: a few rounds are looked at.
    const rounds = [await round()];
    while (!isDeepStrictEqual(rounds.at(-1), best) && rounds.length < 4) rounds.push(await round());
    expect(rounds.at(-1)).toEqual(best);
  });
});

describe("a model that is dead", () => {
  const models = ["openai:a", "openai:b", "openai:c"];
  const more = `sampling: { mode: full }
limits: { preset: aggressive, pools: [
  { models: ["openai:a"], requestsPerMinute: 30, window: 20s, kind: fixed },
  { models: ["openai:b"], requestsPerMinute: 30, window: 20s, kind: fixed },
  { models: ["openai:c"], requestsPerMinute: 30, window: 20s, kind: fixed } ] }
`;
  const limits = [{ requests: 10, windowMs: 20_000, kind: "fixed", perModel: true }] as const;

  /** When the last trial of the models that live was stored, on the lab's clock, since the run began. */
  async function livingDone(opened: SimulatedLab, of: readonly string[]) {
    const engine = await opened.openEngine();
    const since = opened.clock.monotonic();
    let last = 0;
    const seen = new Map<number, string>();
    engine.on("run", (event) => {
      if (event.kind === "started") for (const { index, model } of event.view.variants) seen.set(index, model);
      if (event.kind === "trials" && event.trials.some(({ variant }) => seen.get(variant) !== "openai:c"))
        last = opened.clock.monotonic() - since;
    });
    const { run } = await engine.start({ file: opened.file, options: { models: of } });
    const summary = await engine.finished(run);
    return { engine, run, summary, tookMs: last };
  }

  it("keeps the others from nothing, leaves its rows to a resumed run, and is asked then", async () => {
    const options = { rows: 50, layouts: ["standard"], models, more };
    // On this clock a pause of the machine is fifty times as long: the best of a few rounds is what the dead model costs.
    let alone = Number.POSITIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    let opened: SimulatedLab;
    let beside: Awaited<ReturnType<typeof livingDone>>;
    let round = 0;
    do {
      alone = Math.min(alone, (await livingDone(await lab(options, { limits }), ["openai:a", "openai:b"])).tookMs);
      opened = await lab(options, { limits, deadModels: [{ model: "c", how: "unavailable" }] });
      beside = await livingDone(opened, models);
      least = Math.min(least, beside.tookMs);
      round += 1;
    } while (least >= alone * 1.05 && round < 4);
    expect(least).toBeLessThan(alone * 1.05);
    const { summary } = beside;
    expect(summary.stopped.kind).toBe("unavailable");
    expect(summary.status).toBe("stopped");
    expect(summary.variants.map(({ trials }) => trials).slice(0, 2)).toEqual([50, 50]);
    const { byModel } = await beside.engine.requestStats({ run: beside.run });
    const dead = byModel.find(({ model }) => model === "openai:c");
    expect(dead?.pending).toBeGreaterThan(0);
    // Only what had used up its retries by then is given up for good.
    expect(dead?.failed).toBeLessThan(20);

    await opened.restart({});
    await beside.engine.resume({ run: beside.run, retryErrors: true });
    const again = await beside.engine.finished(beside.run);
    expect(again.status).toBe("finished");
    expect(again.variants.map(({ trials }) => trials)).toEqual([50, 50, 50]);
  });
});

it("uses the machine's own clock as well", async () => {
  const opened = await lab({ rows: 12, more: "sampling: { mode: full }\n" }, {}, systemClock);
  const { summary } = await runLab(await opened.openEngine(), opened);
  expect(summary.metrics.latency?.count).toBe(24);
  expect(summary.metrics.throughput?.callsPerSecond).toBeGreaterThan(0);
});
