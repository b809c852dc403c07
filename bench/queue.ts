/**
 * Schedules under rate limits: how close the queue comes to the exact lower bound, and how many requests the server
 * refuses, beside two simple ways to do without it. Time is virtual, the server keeps its own books. Then the queue's own
 * cost in real time. `node bench/queue.ts`
 */
import { systemClock } from "../src/base/clock.ts";
import { type Random, seededRandom } from "../src/base/random.ts";
import { lowerBoundMs } from "../src/engine/queue/lowerBound.ts";
import type { PoolOptions } from "../src/engine/queue/pool.ts";
import type { SentReply, WindowKind } from "../src/engine/queue/queue.ts";
import { openQueue } from "../src/engine/queue/smartQueue.ts";
import { answer, SimulatedServer } from "../test/engine/queue/simulatedServer.ts";
import { VirtualClock } from "../test/support/virtualClock.ts";

interface Scenario {
  readonly name: string;
  readonly counts: readonly number[];
  readonly kind: WindowKind;
  readonly perModel: boolean;
  readonly requests: number;
  readonly failures: number;
}

interface Result {
  readonly ratio: number;
  readonly refused: number;
}

type Scheduler = (world: World) => Promise<void>;

interface World {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly server: SimulatedServer;
  readonly random: Random;
  readonly models: readonly { readonly id: string; readonly count: number }[];
}

const windowMs = 60_000;
const concurrency = 100;
const never = new AbortController().signal;

/** The queue, told the limit and perhaps its kind. */
function smart(told: "kind" | "limit" | "nothing", mode: "smart" | "sequential" = "smart"): Scheduler {
  return async ({ scenario, clock, server, random, models }) => {
    const terms = {
      ...(told === "nothing" ? {} : { requests: scenario.requests, windowMs }),
      ...(told === "kind" ? { kind: scenario.kind } : {}),
      concurrency,
    };
    const everyone: readonly PoolOptions[] = [{ models: ["*"], ...terms }];
    const each: readonly PoolOptions[] = models.map(({ id }) => ({ models: [id], ...terms }));
    const queue = openQueue({
      clock,
      random,
      mode,
      pools: told === "nothing" ? [] : scenario.perModel ? each : everyone,
    });
    const done = models.flatMap(({ id, count }) =>
      Array.from({ length: count }, () =>
        queue.add({ model: id, run: "run", variant: "only", tokens: 100, send: () => server.send(id) }, never),
      ),
    );
    await Promise.all(done);
    queue.dispose();
  };
}

/** At most so many starts in any window, as p-queue's strict mode and most limiters do; each request retried by itself. */
function strictLimiter(alone: boolean): Scheduler {
  return async ({ scenario, clock, server, random, models }) => {
    const work = (model: string, limiter: () => Promise<void>) => async () => {
      for (let n = 0; ; n++) {
        await limiter();
        const { outcome } = await server.send(model);
        if (outcome.kind === "answered" || n === 20) return;
        const after = outcome.kind === "rateLimited" ? outcome.retryAfterMs : undefined;
        await sleep(clock, after ?? 5_000 * (0.8 + 0.4 * random()));
      }
    };
    const shared = slidingLimiter(clock, scenario.requests);
    const batches = models.map(({ id, count }) => {
      const limiter = scenario.perModel ? slidingLimiter(clock, scenario.requests) : shared;
      return Array.from({ length: count }, () => work(id, limiter));
    });
    if (!alone) {
      await Promise.all(batches.flat().map((job) => job()));
      return;
    }
    for (const batch of batches) await Promise.all(batch.map((job) => job()));
  };
}

function slidingLimiter(clock: VirtualClock, requests: number): () => Promise<void> {
  const starts: number[] = [];
  return async () => {
    const at = Math.max(clock.monotonic(), (starts.at(-requests) ?? Number.NEGATIVE_INFINITY) + windowMs);
    starts.push(at);
    await sleep(clock, at - clock.monotonic());
  };
}

function sleep(clock: VirtualClock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

async function measure(scenario: Scenario, scheduler: Scheduler, seed: number): Promise<Result> {
  const clock = new VirtualClock();
  let shortest = Number.POSITIVE_INFINITY;
  const server = new SimulatedServer({
    clock,
    random: seededRandom("server", seed),
    limit: { kind: scenario.kind, requests: scenario.requests, windowMs, perModel: scenario.perModel },
    delayMs: 100,
    latencyMs: (random) => {
      const ms = 400 + 1_200 * random() ** 2;
      shortest = Math.min(shortest, ms);
      return ms;
    },
    failures: scenario.failures,
  });
  const models = scenario.counts.map((count, index) => ({ id: `cloud:${index}`, count }));
  await clock.until(scheduler({ scenario, clock, server, random: seededRandom("queue", seed), models }));
  const loads = scenario.perModel
    ? models.map(
        ({ id }) => server.arrivals.filter(({ model }) => model === id).length - (server.refusedBy.get(id) ?? 0),
      )
    : [server.arrivals.length - server.refused];
  const limits = { requests: scenario.requests, tokens: undefined, windowMs, kind: scenario.kind, concurrency };
  const bounds = loads.map((requests) =>
    lowerBoundMs({ requests, tokens: 0, latencyMs: shortest, busyMs: requests * shortest }, limits),
  );
  return { ratio: server.lastReplyAt / Math.max(...bounds), refused: server.refused };
}

const schedulers: Readonly<Record<string, Scheduler>> = {
  "kind told": smart("kind"),
  "kind learned": smart("limit"),
  "nothing told": smart("nothing"),
  "queue, sequential": smart("kind", "sequential"),
  "strict sliding limiter": strictLimiter(false),
  "one model after another": strictLimiter(true),
};

async function schedules(): Promise<void> {
  const sizes = [
    { name: "54", counts: [18, 18, 18], shared: 15, each: 15, failures: 0 },
    { name: "5,000", counts: [1_600, 1_300, 1_000, 700, 400], shared: 500, each: 200, failures: 0.05 },
  ];
  for (const { name, counts, shared, each, failures } of sizes) {
    print(`\n${name} requests, makespan / lower bound, refusals (${failures * 100} % retryable failures)`);
    print(["", ...Object.keys(schedulers)].map((head) => head.padEnd(24)).join(""));
    for (const perModel of [false, true]) {
      for (const kind of ["fixed", "sliding", "bucket"] as const) {
        const scenario = { name, counts, kind, perModel, failures, requests: perModel ? each : shared };
        const cells = [`${perModel ? "per model" : "shared"}, ${kind}`];
        for (const scheduler of Object.values(schedulers)) {
          const { ratio, refused } = await measure(scenario, scheduler, 1);
          cells.push(`${ratio.toFixed(3)}, ${refused}`);
        }
        print(cells.map((cell) => cell.padEnd(24)).join(""));
      }
    }
  }
}

/** What the queue itself costs: tasks that answer at once, with and without limits. */
async function cost(): Promise<void> {
  print("\ncost of the queue itself, real time");
  const reply: SentReply = { outcome: answer(10) };
  for (const count of [10_000, 170_000]) {
    for (const [name, pools] of [
      ["no limit", [{ models: ["*"], concurrency: 64 }]],
      [
        "two pools, requests and tokens",
        [
          { models: ["*"], concurrency: 64, requests: 1e6, tokens: 1e9, windowMs: 1_000 },
          { id: "own", models: ["cloud:1"], requests: 1e6, windowMs: 1_000 },
        ],
      ],
    ] as const) {
      const queue = openQueue({ clock: systemClock, random: seededRandom(1), pools });
      const before = process.cpuUsage();
      const started = performance.now();
      const all: Promise<unknown>[] = [];
      for (let i = 0; i < count; i++) {
        const task = { model: `cloud:${i % 5}`, run: "run", variant: `v${i % 4}`, tokens: 10, send: async () => reply };
        all.push(queue.add(task, never));
      }
      await Promise.all(all);
      const { user, system } = process.cpuUsage(before);
      const each = (user + system) / count;
      const wall = performance.now() - started;
      print(
        `${count.toLocaleString("en")} tasks, ${name}: ${each.toFixed(1)} µs CPU each, ${wall.toFixed(0)} ms in all`,
      );
      queue.dispose();
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const began = process.cpuUsage();
await schedules();
const { user, system } = process.cpuUsage(began);
print(`\n${((user + system) / 1e6).toFixed(1)} s CPU for all schedules`);
await cost();
