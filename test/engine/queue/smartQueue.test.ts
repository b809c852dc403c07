import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import type { Settled } from "../../../src/engine/queue/queue.ts";
import { openQueue } from "../../../src/engine/queue/smartQueue.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";
import { queueContract } from "../../support/contracts/queue.ts";
import { answer } from "./simulatedServer.ts";
import { never, openWorld, type World } from "./world.ts";

queueContract("the smart queue", (clock) =>
  openQueue({ clock, random: seededRandom(1), settings: { concurrency: 1, maxConcurrency: 1 } }),
);

const threeModels = ["cloud:a", "cloud:b", "cloud:c"];
const oneAtATime = [{ models: ["*"], concurrency: 1 }];

/** Adds a task that notes its name when it is sent and answers after `ms`. */
function noting(world: World, sent: string[]) {
  return (
    name: string,
    model: string,
    rest: { run?: string; variant?: string; share?: number; outcomes?: Outcome[]; ms?: number } = {},
  ) =>
    world.queue.add(
      {
        model,
        run: rest.run ?? "run",
        variant: rest.variant ?? "variant",
        tokens: 1,
        ...(rest.share === undefined ? {} : { share: rest.share }),
        send: ({ number }) => {
          sent.push(name);
          const outcome = rest.outcomes?.[number - 1] ?? answer(1);
          return new Promise((resolve) => world.clock.after(rest.ms ?? 20, () => resolve({ outcome })));
        },
      },
      never,
    );
}

function unavailable(retryAfterMs?: number): Outcome {
  return { kind: "unavailable", reason: "server", status: 503, message: "down", retryAfterMs, body: undefined };
}

describe("order", () => {
  it("sends retries first, then the current model's tasks, then the next ones'", async () => {
    const world = openWorld({}, { pools: oneAtATime });
    const sent: string[] = [];
    const add = noting(world, sent);
    await world.finish([
      add("a1", "cloud:a"),
      add("a2", "cloud:a", { outcomes: [unavailable(10)] }),
      add("b1", "other:b"),
      add("a3", "cloud:a"),
      add("a4", "cloud:a"),
      add("b2", "other:b"),
    ]);
    // The provider asked for 10 ms, in which another model's task has its turn.
    expect(sent).toEqual(["a1", "a2", "b1", "a2", "a3", "a4", "b2"]);
  });

  it("alternates the variants of a model, each in its own order", async () => {
    const world = openWorld({}, { pools: oneAtATime });
    const sent: string[] = [];
    const add = noting(world, sent);
    const names = ["u1", "u2", "u3", "v1", "v2", "w1"];
    await world.finish(names.map((name) => add(name, "cloud:a", { variant: name.slice(0, 1) })));
    expect(sent).toEqual(["u1", "v1", "w1", "u2", "v2", "u3"]);
  });

  it("serves runs in turn, by their shares", async () => {
    const world = openWorld({}, { pools: oneAtATime });
    const sent: string[] = [];
    const add = noting(world, sent);
    const tasks = [];
    for (let i = 0; i < 6; i++) tasks.push(add("first", "cloud:a", { run: "first" }));
    for (let i = 0; i < 6; i++) tasks.push(add("second", "cloud:b", { run: "second", share: 2 }));
    await world.finish(tasks);
    const early = sent.slice(0, 9);
    expect(early.filter((name) => name === "first")).toHaveLength(3);
    expect(early.filter((name) => name === "second")).toHaveLength(6);
  });

  it("shares slots among models by weights when it is given them", async () => {
    const world = openWorld({}, { pools: oneAtATime, weights: { "cloud:b": 3 } });
    const sent: string[] = [];
    const add = noting(world, sent);
    const tasks = [];
    for (const model of ["cloud:a", "cloud:b"]) for (let i = 0; i < 8; i++) tasks.push(add(model, model));
    await world.finish(tasks);
    expect(sent.slice(0, 8).filter((name) => name === "cloud:b")).toHaveLength(6);
  });

  it("keeps a small run's wait short beside a long one's backlog", async () => {
    const world = openWorld({}, { pools: oneAtATime });
    const sent: string[] = [];
    const add = noting(world, sent);
    const long = Array.from({ length: 200 }, () => add("long", "cloud:a", { run: "long" }));
    await world.clock.advance(1_000);
    const small = Array.from({ length: 5 }, () => add("small", "cloud:b", { run: "small" }));
    const at = sent.length;
    await world.finish(small);
    expect(sent.slice(at).filter((name) => name === "long").length).toBeLessThanOrEqual(6);
    await world.finish(long);
  });
});

describe("one model at a time", () => {
  const local = (model: string) => ({
    scope: "box",
    local: !model.startsWith("cloud"),
    replayed: false,
    maxConcurrency: 2,
  });

  it("finishes a local model's work before it loads another, and unloads between and at the end", async () => {
    const unloaded: string[] = [];
    const sent: string[] = [];
    const unload = async (model: string) => {
      unloaded.push(model);
    };
    const world = openWorld({}, { facts: local, unload });
    const add = noting(world, sent);
    const names = ["gpu:a", "gpu:b", "gpu:a", "gpu:b", "gpu:a"];
    await world.finish(names.map((name) => add(name, name)));
    expect(sent).toEqual(["gpu:a", "gpu:a", "gpu:a", "gpu:b", "gpu:b"]);
    expect(unloaded).toEqual(["gpu:a"]);
    world.queue.dispose();
    await world.queue.idle();
    expect(unloaded).toEqual(["gpu:a", "gpu:b"]);
  });

  it("waits a moment for more work before it swaps models", async () => {
    const sent: string[] = [];
    const world = openWorld({}, { facts: local });
    const add = noting(world, sent);
    const first = add("gpu:a", "gpu:a");
    const other = add("gpu:b", "gpu:b");
    await world.clock.until(first);
    await world.clock.advance(50);
    expect(world.queue.waiting()).toEqual([
      { model: "gpu:b", count: 1, reason: { kind: "otherModelLoaded", model: "gpu:a" } },
    ]);
    await world.finish([add("gpu:a", "gpu:a"), other]);
    expect(sent).toEqual(["gpu:a", "gpu:a", "gpu:b"]);
  });

  it("ends a turn that lasts too long when another model waits", async () => {
    const sent: string[] = [];
    const world = openWorld({}, { facts: local });
    const add = noting(world, sent);
    const tasks = [];
    for (let i = 0; i < 40; i++) tasks.push(add("gpu:a", "gpu:a", { ms: 60_000 }));
    tasks.push(add("gpu:b", "gpu:b"));
    await world.finish(tasks);
    expect(sent.indexOf("gpu:b")).toBeGreaterThan(5);
    expect(sent.indexOf("gpu:b")).toBeLessThan(16);
    expect(sent.at(-1)).toBe("gpu:a");
  });

  it("goes on to the next model when the loaded one is paused", async () => {
    const sent: string[] = [];
    const world = openWorld({}, { facts: local });
    const add = noting(world, sent);
    const held = [add("gpu:a", "gpu:a", { ms: 50 }), add("gpu:a", "gpu:a", { ms: 50 }), add("gpu:a", "gpu:a")];
    await world.clock.advance(10);
    world.queue.pause("gpu:a");
    await world.finish([add("gpu:b", "gpu:b")]);
    world.queue.resume("gpu:a");
    await world.finish(held);
    expect(sent).toEqual(["gpu:a", "gpu:a", "gpu:b", "gpu:a"]);
  });

  it("lets a model probe again when its circuit's time is over, though another was the last to work", async () => {
    const sent: string[] = [];
    const settings = { breaker: { failures: 1, openMs: 60_000, healthyAfter: 1, probes: 3 } };
    const world = openWorld({}, { facts: local, settings });
    const add = noting(world, sent);
    const down = add("gpu:a", "gpu:a", { outcomes: [unavailable()] });
    await world.clock.advance(10);
    await world.finish([add("gpu:b", "gpu:b"), down]);
    expect(sent).toEqual(["gpu:a", "gpu:b", "gpu:a"]);
  });

  it("says when a model could not be unloaded, and goes on", async () => {
    const world = openWorld({}, { facts: local, unload: () => Promise.reject(new Error("stuck")) });
    const add = noting(world, []);
    await world.finish([add("gpu:a", "gpu:a"), add("gpu:b", "gpu:b")]);
    expect(world.changes).toContainEqual(
      expect.objectContaining({ model: "gpu:a", what: "could not be unloaded", reason: "stuck" }),
    );
  });
});

describe("every waiting task can say why", () => {
  it("for requests, tokens and concurrency", async () => {
    const pools = [
      { id: "requests", models: ["cloud:a"], requests: 1, windowMs: 60_000, kind: "sliding" as const },
      { id: "tokens", models: ["cloud:b"], tokens: 100, windowMs: 60_000, kind: "sliding" as const },
      { id: "slots", models: ["cloud:c"], concurrency: 1 },
    ];
    const world = openWorld({ headers: false }, { pools });
    const tasks = threeModels.flatMap((model) => world.add(model, 3, { tokens: 60 }));
    await world.clock.advance(500);
    expect(world.queue.waiting()).toMatchObject([
      { model: "cloud:a", count: 2, reason: { kind: "requests", pool: "requests" } },
      { model: "cloud:b", count: 2, reason: { kind: "tokens", pool: "tokens" } },
      { model: "cloud:c", count: 2, reason: { kind: "concurrency", pool: "slots", inFlight: 1 } },
    ]);
    const [requests] = world.queue.waiting();
    expect(requests?.reason).toHaveProperty("freeInMs", expect.closeTo(60_000 - 500, -4));
    await world.finish(tasks);
  });

  it("for a back-off and for what the provider asked", async () => {
    const world = openWorld();
    const add = noting(world, []);
    const task = add("a", "cloud:a", { outcomes: [unavailable(), unavailable(30_000)] });
    await world.clock.advance(100);
    expect(world.queue.waiting()).toMatchObject([{ model: "cloud:a", count: 1, reason: { kind: "backoff" } }]);
    await world.clock.advance(6_500);
    expect(world.queue.waiting()).toMatchObject([{ model: "cloud:a", count: 1, reason: { kind: "retryAfter" } }]);
    expect((await world.clock.until(task)).attempts).toBe(3);
  });
});

describe("pools", () => {
  it("needs the consent of every pool a model is in", async () => {
    const pools = [
      { id: "all", models: ["*"], requests: 10, windowMs: 60_000 },
      { id: "own", models: ["cloud:a"], requests: 3, windowMs: 60_000 },
    ];
    const world = openWorld({ headers: false }, { pools });
    const tasks = [...world.add("cloud:a", 6), ...world.add("cloud:b", 6)];
    await world.clock.advance(59_000);
    const inFirst = (model: string) => world.server.arrivals.filter((one) => one.model === model).length;
    expect([inFirst("cloud:a"), inFirst("cloud:b")]).toEqual([3, 6]);
    await world.finish(tasks);
  });

  it("gives models of one scope a pool together, and others one of their own", async () => {
    const world = openWorld();
    await world.finish([...world.add("cloud:a", 1), ...world.add("cloud:b", 1), ...world.add("other:c", 1)]);
    const pools = world.queue.snapshot().pools.map(({ id, models }) => [id, models.map(({ model }) => model)]);
    expect(pools).toEqual([
      ["cloud", ["cloud:a", "cloud:b"]],
      ["other", ["other:c"]],
    ]);
  });

  it("matches model ids by globs, taking every other sign as it is", async () => {
    const pools = [
      { id: "turbo", models: ["cloud:gpt-3.5*"], requests: 1 },
      { id: "rest", models: ["cloud:gpt-?x5"], requests: 2 },
    ];
    const world = openWorld({}, { pools });
    await world.finish(["cloud:gpt-3.5-turbo", "cloud:gpt-3x5"].flatMap((model) => world.add(model, 1)));
    expect(world.queue.snapshot().pools.map(({ id, models }) => [id, models.length])).toEqual([
      ["turbo", 1],
      ["rest", 1],
    ]);
  });

  it("changes limits while it runs, and says so", async () => {
    const pools = [{ id: "all", models: ["*"], requests: 1, windowMs: 60_000, concurrency: 1 }];
    const world = openWorld({ headers: false }, { pools });
    const tasks = world.add("cloud:a", 10);
    await world.clock.advance(2_000);
    expect(world.server.arrivals).toHaveLength(1);
    world.queue.retune("all", { requests: 10, concurrency: 5 });
    await world.clock.advance(4_000);
    expect(world.server.arrivals).toHaveLength(10);
    await world.finish(tasks);
    expect(world.changes).toContainEqual(expect.objectContaining({ model: "all", reason: "retuned" }));
    expect(() => world.queue.retune("none", {})).toThrow('no pool "none"');
  });

  it("tells of each model how quick it is, its weight, and why so many may be in flight", async () => {
    const world = openWorld({ headers: false }, { weights: { "cloud:a": 3 } });
    await world.finish([...world.add("cloud:a", 40), ...world.add("cloud:b", 40)]);
    const [pool] = world.queue.snapshot().pools;
    expect(pool?.concurrencyReason).toMatch(/round went well/);
    expect(pool?.models.map(({ model, weight }) => [model, weight])).toEqual([
      ["cloud:a", 3],
      ["cloud:b", 1],
    ]);
    for (const { latency } of pool?.models ?? []) {
      expect(latency?.p50).toBeGreaterThan(0);
      expect(latency?.p95).toBeGreaterThanOrEqual(latency?.p50 ?? Number.POSITIVE_INFINITY);
    }
  });

  it("asks a model at once whose circuit a person closes", async () => {
    const world = openWorld({}, { settings: { retries: 0 } });
    let down = true;
    const send = async () =>
      down
        ? {
            outcome: {
              kind: "unavailable",
              reason: "server",
              status: 500,
              message: "no",
              retryAfterMs: undefined,
              body: undefined,
            } as const,
          }
        : { outcome: answer(1) };
    await world.finish(world.add("cloud:a", 5, { send }));
    down = false;
    const tasks = world.add("cloud:a", 3, { send });
    await world.clock.advance(10);
    const before = world.queue.snapshot().pools[0]?.models[0];
    expect(before).toMatchObject({ circuit: "open", queued: 3 });
    expect(before?.circuitFreeInMs).toBeGreaterThan(50_000);
    world.queue.reset("cloud:a");
    await world.clock.advance(10);
    expect((await Promise.all(tasks)).every(({ reply }) => reply.outcome.kind === "answered")).toBe(true);
    expect(world.changes).toContainEqual(expect.objectContaining({ what: "circuit closed", reason: "asked for" }));
  });

  it("does not charge a slot for what a cache answered", async () => {
    const world = openWorld({}, { pools: [{ id: "all", models: ["*"], requests: 2, windowMs: 60_000 }] });
    const cached = async () => ({ outcome: answer(1), cached: true });
    const settled = await world.finish(world.add("cloud:a", 50, { send: cached }));
    expect(world.clock.monotonic()).toBe(0);
    expect(settled.every(({ attempts }) => attempts === 0)).toBe(true);
    expect(world.queue.snapshot().pools[0]).toMatchObject({ windowUsed: 0, concurrencyNow: 3 });
  });

  it("lets small requests pass a big one for a window, and no longer", async () => {
    const pools = [{ models: ["*"], tokens: 100, windowMs: 10_000, kind: "sliding" as const, concurrency: 10 }];
    const world = openWorld({ headers: false, latencyMs: 10 }, { pools });
    let feeding = true;
    const feed = () => {
      if (!feeding) return;
      world.add("cloud:small", 1, { tokens: 20 });
      world.clock.after(1_000, feed);
    };
    feed();
    await world.clock.advance(5_000);
    const [big] = world.add("cloud:big", 1, { tokens: 100, run: "another" });
    const settled = await world.clock.until(big as Promise<Settled>, 60_000);
    feeding = false;
    expect(settled.queuedMs).toBeLessThan(21_000);
  });
});

describe("whatever happens", () => {
  const outcome = fc.constantFrom<Outcome["kind"] | "hangs">(
    "answered",
    "unavailable",
    "rateLimited",
    "filtered",
    "hangs",
  );
  const task = fc.record({
    model: fc.constantFrom("cloud:a", "cloud:b", "gpu:c", "gpu:d"),
    run: fc.constantFrom("one", "two"),
    variant: fc.constantFrom("u", "v"),
    tokens: fc.integer({ min: 0, max: 300 }),
    outcomes: fc.array(outcome, { maxLength: 3 }),
    addAt: fc.integer({ min: 0, max: 100_000 }),
    abortAt: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
  });
  const replies: Record<Exclude<Outcome["kind"], "tooLong" | "rejected" | "cancelled">, Outcome> = {
    answered: answer(10),
    unavailable: unavailable(),
    rateLimited: { kind: "rateLimited", message: "slow down", retryAfterMs: undefined },
    filtered: { kind: "filtered", message: "no" },
  };

  it("every task settles exactly once, in order within its variant, and the limits hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { maxLength: 40 }),
        fc.constantFrom("smart", "sequential"),
        async (tasks, mode) => {
          const world = openWorld(
            {},
            {
              mode: mode as "smart" | "sequential",
              pools: [{ models: ["cloud:*"], requests: 4, tokens: 500, windowMs: 20_000, concurrency: 2 }],
              facts: (model) => ({ scope: "box", local: model.startsWith("gpu"), replayed: false, maxConcurrency: 2 }),
              settings: { timeoutMs: 30_000 },
            },
          );
          const firstSends = new Map<string, number[]>();
          const cloudSends: number[] = [];
          let inFlight = 0;
          const done = tasks.map(async (one, index) => {
            await new Promise<void>((resolve) => world.clock.after(one.addAt, resolve));
            const stop = new AbortController();
            if (one.abortAt !== undefined) world.clock.after(one.abortAt, () => stop.abort());
            const key = `${one.model} ${one.run} ${one.variant}`;
            const settled = await world.queue.add(
              {
                ...one,
                send: async ({ number, signal }) => {
                  if (number === 1) firstSends.set(key, [...(firstSends.get(key) ?? []), one.addAt * 1_000 + index]);
                  let leave = () => {};
                  if (one.model.startsWith("cloud")) {
                    cloudSends.push(world.clock.monotonic());
                    inFlight++;
                    expect(inFlight).toBeLessThanOrEqual(2);
                    leave = () => {
                      inFlight--;
                      leave = () => {};
                    };
                  }
                  const kind = one.outcomes[number - 1] ?? "answered";
                  await new Promise<void>((resolve) => {
                    signal.addEventListener("abort", () => {
                      leave();
                      resolve();
                    });
                    if (kind !== "hangs") world.clock.after(700, resolve);
                  });
                  leave();
                  return { outcome: kind === "hangs" ? replies.unavailable : replies[kind as keyof typeof replies] };
                },
              },
              stop.signal,
            );
            return settled;
          });
          const settled = await world.clock.until(Promise.all(done));
          expect(settled).toHaveLength(tasks.length);
          await world.clock.until(world.queue.idle());
          for (const order of firstSends.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
          cloudSends.forEach((at, n) => {
            const fifth = cloudSends[n + 4];
            if (fifth !== undefined) expect(fifth - at).toBeGreaterThanOrEqual(20_000);
          });
          for (const { models, inFlight: flying } of world.queue.snapshot().pools) {
            expect(flying).toBe(0);
            for (const model of models) expect([model.queued, model.inFlight]).toEqual([0, 0]);
          }
          expect(world.queue.waiting()).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
