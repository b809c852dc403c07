import { describe, expect, it } from "vitest";
import { lowerBoundMs } from "../../../src/engine/queue/lowerBound.ts";
import type { WindowKind } from "../../../src/engine/queue/queue.ts";
import type { QueueOptions } from "../../../src/engine/queue/smartQueue.ts";
import type { ServerOptions } from "./simulatedServer.ts";
import { never, openWorld, type World } from "./world.ts";

const windowMs = 60_000;
const threeModels = ["cloud:a", "cloud:b", "cloud:c"];
const kinds: readonly WindowKind[] = ["fixed", "sliding", "bucket"];

async function run(
  work: Readonly<Record<string, number>>,
  server: Partial<ServerOptions>,
  queue: Partial<QueueOptions>,
  seed = 1,
): Promise<World> {
  const world = openWorld({ delayMs: 100, ...server }, queue, seed);
  await world.finish(Object.entries(work).flatMap(([model, count]) => world.add(model, count)));
  return world;
}

const each18 = Object.fromEntries(threeModels.map((model) => [model, 18]));
const told = (requests: number, kind?: WindowKind) => [{ models: ["*"], requests, windowMs, concurrency: 50, kind }];

describe("54 requests of three models at 15 a window", () => {
  it.each(kinds)(
    "leave in four windows or less with no slot wasted, whatever the server's window is (%s)",
    async (kind) => {
      const world = await run(each18, { limit: { kind, requests: 15, windowMs } }, { pools: told(15, kind) });
      const { stats } = world.queue.snapshot();
      expect(world.server.refused).toBe(0);
      expect(stats.windows).toBeLessThanOrEqual(4);
      expect(stats).toMatchObject({ slotsUsed: 54, slotsWasted: 0, utilisation: 1 });
      expect(stats.makespanMs / stats.lowerBoundMs).toBeLessThan(1.02);
    },
  );

  it("fill what a model leaves free with the next one's, and promote that one", async () => {
    const world = await run(each18, { limit: { kind: "fixed", requests: 15, windowMs } }, { pools: told(15, "fixed") });
    const { stats } = world.queue.snapshot();
    expect(stats.composition.map(({ byModel }) => byModel)).toEqual([
      { "cloud:a": 15 },
      { "cloud:a": 3, "cloud:b": 12 },
      { "cloud:b": 6, "cloud:c": 9 },
      { "cloud:c": 9 },
    ]);
    expect(stats.crossModelFills).toBe(12 + 9);
    expect(stats.savedMs).toBeGreaterThan(1.9 * windowMs);
  });

  it("take six windows one model after another", async () => {
    const limit = { kind: "fixed", requests: 15, windowMs } as const;
    const world = await run(each18, { limit }, { pools: told(15, "fixed"), mode: "sequential" });
    const { stats } = world.queue.snapshot();
    expect(world.server.refused).toBe(0);
    expect(stats).toMatchObject({ windows: 6, slotsUsed: 54, slotsWasted: 24, crossModelFills: 0, savedMs: 0 });
    expect(stats.makespanMs).toBeGreaterThan(5 * windowMs);
  });

  it("do the same with three in flight", async () => {
    const pools = [{ models: ["*"], requests: 15, windowMs, concurrency: 3, kind: "fixed" as const }];
    const world = await run(each18, { limit: { kind: "fixed", requests: 15, windowMs } }, { pools });
    expect(world.server.maxInFlight).toBeLessThanOrEqual(3);
    expect(world.queue.snapshot().stats).toMatchObject({ windows: 4, slotsUsed: 54, slotsWasted: 0 });
  });
});

describe("schedules at a tenth of the bench's size", () => {
  const counts = { "cloud:a": 160, "cloud:b": 130, "cloud:c": 100, "cloud:d": 70, "cloud:e": 40 };
  const latencyMs = 500;
  const cases = kinds.flatMap((kind) =>
    [false, true].flatMap((perModel) => [true, false].map((tellKind) => ({ kind, perModel, tellKind }))),
  );

  it.each(cases)("stay near the lower bound without a refusal: %o", async ({ kind, perModel, tellKind }) => {
    const requests = perModel ? 20 : 50;
    const terms = { requests, windowMs, concurrency: 100, kind: tellKind ? kind : undefined };
    const pools = perModel
      ? Object.keys(counts).map((model) => ({ models: [model], ...terms }))
      : [{ models: ["*"], ...terms }];
    for (const seed of [1, 2, 3]) {
      const limit = { kind, requests, windowMs, perModel };
      const world = await run(counts, { limit, latencyMs, failures: 0.05 }, { pools }, seed);
      const { server } = world;
      expect(server.refused).toBe(0);
      const loads = perModel
        ? Object.keys(counts).map((id) => server.arrivals.filter(({ model }) => model === id).length)
        : [server.arrivals.length];
      const bounds = loads.map((sent) =>
        lowerBoundMs(
          { requests: sent, tokens: 0, latencyMs, busyMs: sent * 20 },
          { requests, tokens: undefined, windowMs, kind, concurrency: 100 },
        ),
      );
      // The last failures cost a back-off that the bound does not know of.
      expect(server.lastReplyAt / Math.max(...bounds)).toBeLessThan(1.035);
    }
  });

  it("uses the rest of a fixed window that had begun before", async () => {
    const limit = { kind: "fixed", requests: 50, windowMs, phaseMs: 45_000 } as const;
    const world = await run({ "cloud:a": 100 }, { limit, latencyMs }, { pools: told(50, "fixed") });
    expect(world.server.refused).toBe(0);
    expect(world.server.lastReplyAt).toBeLessThan(17_000);
  });

  it("tries a reset time out with one request when the kind was not told", async () => {
    const limit = { kind: "fixed", requests: 50, windowMs, phaseMs: 45_000 } as const;
    const world = await run({ "cloud:a": 100 }, { limit, latencyMs }, { pools: told(50) });
    expect(world.server.refused).toBe(0);
    expect(world.server.lastReplyAt).toBeLessThan(18_000);
  });

  it("is not taken in by a server whose reset is only the time to the next slot", async () => {
    const sent: number[] = [];
    const world = openWorld({}, { pools: told(5) });
    let worst = 0;
    const send = async () => {
      const now = world.clock.monotonic();
      sent.push(now);
      const recent = sent.filter((at) => at > now - windowMs);
      worst = Math.max(worst, recent.length);
      await new Promise<void>((resolve) => world.clock.after(3_000, resolve));
      const { outcome } = await world.server.send("cloud:a");
      const limits = {
        requestsLimit: 5,
        requestsRemaining: Math.max(0, 5 - recent.length),
        requestsResetMs: (recent[0] ?? now) + windowMs - now,
      };
      return { outcome, limits };
    };
    const tasks = [];
    for (let i = 0; i < 30; i++) {
      tasks.push(...world.add("cloud:a", 1, { send }));
      await world.clock.advance(4_000);
    }
    await world.finish(tasks);
    expect(worst).toBeLessThanOrEqual(6);
  });
});

describe("limits that were not told", () => {
  it.each(kinds)("are learned from headers, with the kind of window (%s)", async (kind) => {
    const limit = { kind, requests: 30, windowMs } as const;
    const world = openWorld({ limit, delayMs: 50 });
    const tasks = [];
    for (let i = 0; i < 150; i++) {
      tasks.push(...world.add("cloud:a", 1));
      await world.clock.advance(700);
    }
    await world.finish(tasks);
    expect(world.server.refused).toBe(0);
    const { learned } = world.queue.snapshot().pools[0] ?? {};
    expect(learned).toMatchObject({ requests: 30, kind });
    expect(learned?.windowMs).toBeGreaterThan(0.98 * windowMs);
    expect(learned?.windowMs).toBeLessThan(1.06 * windowMs);
  });

  it("are found to be each model's own", async () => {
    const limit = { kind: "bucket", requests: 100, windowMs, perModel: true } as const;
    const world = await run({ "cloud:a": 300, "cloud:b": 300 }, { limit, delayMs: 50 }, {});
    expect(world.changes).toContainEqual(expect.objectContaining({ model: "cloud", what: "limits are per model" }));
    expect(world.server.lastReplyAt).toBeLessThan(2.4 * windowMs);
    // Nobody had told any of it.
    expect(world.server.refused).toBeLessThanOrEqual(10);
  });

  it("are found to be shared", async () => {
    const limit = { kind: "fixed", requests: 100, windowMs } as const;
    const world = await run({ "cloud:a": 300, "cloud:b": 300 }, { limit, delayMs: 50 }, {});
    expect(world.changes.filter(({ what }) => what === "limits are per model")).toEqual([]);
    expect(world.server.refused).toBe(0);
    expect(world.server.lastReplyAt).toBeLessThan(5.1 * windowMs);
  });

  it("are learned for each scope apart where only a concurrency was told for all", async () => {
    const limit = { kind: "fixed", requests: 20, windowMs } as const;
    const world = openWorld({ limit, delayMs: 50 }, { pools: [{ id: "all", models: ["*"], concurrency: 5 }] });
    const free = async () => ({ outcome: (await world.server.send("free:b", 0)).outcome });
    await world.finish([...world.add("cloud:a", 10), ...world.add("free:b", 5, { send: free })]);
    const learned = world.queue.snapshot().pools.map((pool) => [pool.id, pool.learned.requests]);
    expect(learned).toEqual([
      ["all", undefined],
      ["cloud limits", 20],
      ["free limits", undefined],
    ]);
    expect(world.server.maxInFlight).toBe(5);
  });

  it.each(["sliding", "bucket"] as const)(
    "do not rest on a kind that was told wrongly (%s, told fixed)",
    async (kind) => {
      const limit = { kind, requests: 50, windowMs } as const;
      const world = await run({ "cloud:a": 400 }, { limit, failures: 0.05 }, { pools: told(50, "fixed") });
      expect(world.server.refused).toBeLessThanOrEqual(5);
    },
  );

  it("take others on the same account into account", async () => {
    const limit = { kind: "fixed", requests: 100, windowMs } as const;
    const world = openWorld({ limit, delayMs: 20 }, { pools: told(100) });
    for (let i = 0; i < 400; i++) world.clock.after(i * 500, () => void world.server.send("cloud:a"));
    const mine = world.add("cloud:a", 200);
    await world.finish(mine);
    // Others' own requests may be refused; ours hardly ever are.
    const attempts = (await Promise.all(mine)).reduce((sum, one) => sum + one.attempts, 0);
    expect(attempts - 200).toBeLessThanOrEqual(10);
  });
});

describe("tokens", () => {
  it.each(kinds)("keep within a limit of tokens, and near its bound (%s)", async (kind) => {
    const limit = { kind, tokens: 10_000, windowMs } as const;
    const pools = [{ models: ["*"], tokens: 10_000, windowMs, kind, concurrency: 50 }];
    const world = openWorld({ limit, delayMs: 50, latencyMs: 300 }, { pools });
    const sizes = Array.from({ length: 280 }, (_, index) => 100 + ((index * 37) % 200));
    await world.finish(sizes.flatMap((tokens) => world.add("cloud:a", 1, { tokens })));
    expect(world.server.refused).toBe(0);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const bound = lowerBoundMs(
      { requests: 280, tokens: total, latencyMs: 300, busyMs: 0 },
      { requests: undefined, tokens: 10_000, windowMs, kind, concurrency: 50 },
    );
    expect(world.server.lastReplyAt / bound).toBeLessThan(1.03);
  });

  it("learns what estimates are worth from the usage that is reported", async () => {
    const limit = { kind: "sliding", tokens: 10_000, windowMs } as const;
    const pools = [{ models: ["*"], tokens: 10_000, windowMs, kind: "sliding" as const, concurrency: 2 }];
    const world = openWorld({ limit, headers: false, latencyMs: 300 }, { pools });
    const actual = 200;
    const send = () => world.server.send("cloud:a", actual);
    const tasks = Array.from({ length: 200 }, () =>
      world.queue.add({ model: "cloud:a", run: "run", variant: "v", tokens: 100, send }, never),
    );
    await world.finish(tasks);
    expect(world.server.refused).toBeLessThanOrEqual(2);
  });
});

describe("real time", () => {
  it("keeps schedules when the wall clock jumps", async () => {
    const limit = { kind: "sliding", requests: 10, windowMs } as const;
    const world = openWorld({ limit, headers: false }, { pools: told(10, "sliding") });
    const tasks = world.add("cloud:a", 35);
    for (const jump of [3_600_000, -7_200_000, 86_400_000]) {
      await world.clock.advance(20_000);
      world.clock.jumpWall(jump);
    }
    await world.finish(tasks);
    expect(world.server.refused).toBe(0);
    expect(world.clock.monotonic()).toBeLessThan(3.1 * windowMs);
  });
});
