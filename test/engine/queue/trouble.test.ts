import { describe, expect, it } from "vitest";
import type { CircuitState } from "../../../src/engine/queue/circuitBreaker.ts";
import type { SentReply } from "../../../src/engine/queue/queue.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";
import { answer } from "./simulatedServer.ts";
import { never, openWorld } from "./world.ts";

const refusal = (retryAfterMs?: number): Outcome => ({ kind: "rateLimited", message: "slow down", retryAfterMs });
const down = (retryAfterMs?: number): Outcome => ({
  kind: "unavailable",
  reason: "server",
  status: 500,
  message: "it broke",
  retryAfterMs,
  body: "the body",
});
const others: readonly Outcome[] = [
  { kind: "tooLong", message: "", limitTokens: 1 },
  { kind: "filtered", message: "" },
  { kind: "rejected", reason: "auth", status: 401, message: "" },
];

/** Replies in order, the last one for ever; notes when each was asked for. */
function scripted(world: ReturnType<typeof openWorld>, outcomes: readonly Outcome[]) {
  const at: number[] = [];
  const send = async (): Promise<SentReply> => {
    at.push(world.clock.monotonic());
    return { outcome: outcomes[Math.min(at.length, outcomes.length) - 1] ?? answer(1) };
  };
  return { at, send };
}

describe("retries", () => {
  it("sends again at once what the sender has mended, without a retry spent or a lesson learned", async () => {
    const world = openWorld();
    let sends = 0;
    const send = async (): Promise<SentReply> => {
      sends += 1;
      return sends <= 20 ? { outcome: down(), mended: true } : { outcome: answer(1) };
    };
    const [settled] = await world.finish(world.add("cloud:a", 1, { send }));
    expect(settled).toMatchObject({ attempts: 21, reply: { outcome: { kind: "answered" } } });
    expect(world.clock.monotonic()).toBe(0);
    expect(world.changes).toEqual([]);
  });

  it("sends what was unavailable twice more, after 5 and 10 s and a fifth either way", async () => {
    const world = openWorld();
    const { at, send } = scripted(world, [down()]);
    const [settled] = await world.finish(world.add("cloud:a", 1, { send }));
    expect(settled).toMatchObject({ attempts: 3, reply: { outcome: { kind: "unavailable", body: "the body" } } });
    const [first, second] = [(at[1] ?? 0) - (at[0] ?? 0), (at[2] ?? 0) - (at[1] ?? 0)];
    expect(first).toBeGreaterThanOrEqual(4_000);
    expect(first).toBeLessThanOrEqual(6_000);
    expect(second).toBeGreaterThanOrEqual(8_000);
    expect(second).toBeLessThanOrEqual(12_000);
    expect(settled?.queuedMs).toBeCloseTo(first + second);
  });

  it("waits as long as the server asks instead", async () => {
    const world = openWorld();
    const { at, send } = scripted(world, [down(700), answer(1)]);
    await world.finish(world.add("cloud:a", 1, { send }));
    expect(at).toEqual([0, 700]);
  });

  it("does not send again what would come out the same", async () => {
    for (const outcome of others) {
      const world = openWorld();
      const { at, send } = scripted(world, [outcome]);
      const [settled] = await world.finish(world.add("cloud:a", 1, { send }));
      expect(settled?.reply.outcome).toEqual(outcome);
      expect(at).toHaveLength(1);
    }
  });

  it("gives its slot to others while it backs off", async () => {
    const world = openWorld({}, { settings: { concurrency: 1, maxConcurrency: 1 } });
    const { send } = scripted(world, [down(), answer(1)]);
    const failing = world.add("cloud:a", 1, { send });
    await world.finish(world.add("cloud:b", 3));
    expect(world.clock.monotonic()).toBeLessThan(4_000);
    await world.finish(failing);
  });

  it("does not let the last back-offs hold up a run whose model is well", async () => {
    const world = openWorld({ latencyMs: 10 });
    await world.finish(world.add("cloud:a", 60));
    const { at, send } = scripted(world, [down(), answer(1)]);
    await world.finish(world.add("cloud:a", 1, { send }));
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeLessThan(350);
  });
});

describe("timeouts", () => {
  it("gives up a send that hangs and ignores its signal", async () => {
    const world = openWorld({}, { settings: { timeoutMs: 1_000, retries: 0 } });
    let signal: AbortSignal | undefined;
    const send = (attempt: { readonly signal: AbortSignal }) => {
      signal = attempt.signal;
      return new Promise<SentReply>(() => {});
    };
    const [settled] = await world.finish(world.add("cloud:a", 1, { send }));
    expect(settled?.reply.outcome).toMatchObject({ kind: "unavailable", reason: "timeout" });
    expect(world.clock.monotonic()).toBe(1_000);
    expect(signal?.reason).toHaveProperty("name", "TimeoutError");
  });

  it("drops what a given up send answers later", async () => {
    const world = openWorld({}, { settings: { timeoutMs: 1_000, retries: 1, backoffMs: 10 } });
    const send = ({ number }: { readonly number: number }) =>
      new Promise<SentReply>((resolve) =>
        world.clock.after(number === 1 ? 1_005 : 500, () => resolve({ outcome: answer(number) })),
      );
    const [settled] = await world.finish(world.add("cloud:a", 1, { send }));
    expect(settled).toMatchObject({ attempts: 2, reply: { outcome: { usage: { promptTokens: 2 } } } });
    await world.clock.advance(5_000);
    expect(world.queue.snapshot().pools[0]).toMatchObject({ inFlight: 0, models: [{ succeeded: 1 }] });
  });
});

describe("storms of refusals", () => {
  it.each([true, false])("get through, without wearing out retries (Retry-After: %s)", async (retryAfter) => {
    const limit = { kind: "sliding", requests: 5, windowMs: 10_000 } as const;
    const world = openWorld({ limit, headers: false, retryAfter, latencyMs: 200 }, { settings: { concurrency: 8 } });
    const settled = await world.finish(world.add("cloud:a", 60));
    expect(settled.every(({ reply }) => reply.outcome.kind === "answered")).toBe(true);
    expect(world.server.refused).toBeLessThan(retryAfter ? 60 : 90);
    expect(world.server.lastReplyAt).toBeLessThan(400_000);
  });

  it("cuts the concurrency once for each episode, and grows it again", async () => {
    const world = openWorld({ maxInFlight: 10, latencyMs: 500 }, { settings: { concurrency: 3, maxConcurrency: 64 } });
    await world.finish(world.add("cloud:a", 2_000));
    const cuts = world.changes.filter(({ reason }) => reason.startsWith("refused"));
    expect(cuts.length).toBeGreaterThan(0);
    expect(world.server.refused).toBeLessThan(80);
    const at = cuts.map((cut) => cut.at);
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15_000);
    expect(world.queue.snapshot().pools[0]?.concurrencyNow).toBeGreaterThan(6);
    // Ten at a time is what the server bears: half as long again as the ideal is what finding it out may cost.
    expect(world.server.lastReplyAt).toBeLessThan(1.5 * 2_000 * 50);
  });

  it("end: a model that refuses for ever is given up, with partial results kept", async () => {
    const world = openWorld();
    const { at, send } = scripted(world, [refusal()]);
    const settled = await world.finish(world.add("cloud:a", 500, { send }));
    expect(settled.every(({ reply }) => reply.outcome.kind === "rateLimited")).toBe(true);
    expect(at.length).toBeLessThan(40);
    const ended = world.clock.monotonic();
    expect(ended).toBeLessThan(15 * 60_000);
    const later = await Promise.all(world.add("cloud:a", 100, { send }));
    expect(later.every(({ attempts }) => attempts === 0)).toBe(true);
    await world.clock.advance(75_000);
    const [tried] = await world.finish(world.add("cloud:a", 1));
    expect(tried).toMatchObject({ attempts: 1, reply: { outcome: { kind: "answered" } } });
  });
});

describe("the circuit", () => {
  it("opens after five failures, and the other two models finish as if alone", async () => {
    const alone = openWorld({ latencyMs: 300 });
    await alone.finish(["cloud:b", "cloud:c"].flatMap((model) => alone.add(model, 300)));
    const world = openWorld({ latencyMs: 300, dead: ["cloud:a"] });
    const dead = world.add("cloud:a", 300);
    await world.finish(["cloud:b", "cloud:c"].flatMap((model) => world.add(model, 300)));
    expect(world.clock.monotonic()).toBeLessThan(1.05 * alone.clock.monotonic());
    const asked = world.server.arrivals.filter(({ model }) => model === "cloud:a");
    expect(asked.length).toBeLessThanOrEqual(8);
    const settled = await world.finish(dead);
    expect(settled.every(({ reply }) => reply.outcome.kind === "unavailable")).toBe(true);
  });

  it("gives up a dead model after one probe when nothing else is left, saying why", async () => {
    const world = openWorld({ dead: ["cloud:a"] });
    const settled = await world.finish(world.add("cloud:a", 100));
    expect(world.clock.monotonic()).toBeLessThan(61_000);
    const last = settled.at(-1);
    expect(last).toMatchObject({ attempts: 0, reply: { outcome: { kind: "unavailable", reason: "server" } } });
    expect(last?.reply.outcome).toHaveProperty("message", expect.stringMatching(/^not sent: .*it is down/));
    expect(world.changes).toContainEqual(expect.objectContaining({ what: expect.stringContaining("gave up 100") }));
  });

  it("gives it up after three probes while others still work", async () => {
    const world = openWorld({ dead: ["cloud:a"], latencyMs: 2_000 }, { settings: { maxConcurrency: 3 } });
    const others = world.add("cloud:b", 400);
    const dead = world.add("cloud:a", 100, { run: "another" });
    const settled = await world.finish(dead);
    expect(world.clock.monotonic()).toBeGreaterThan(180_000);
    expect(world.clock.monotonic()).toBeLessThan(190_000);
    expect(settled.at(-1)?.attempts).toBe(0);
    await world.finish(others);
  });

  it("fails at once what is added for a dead model, and tries again when its time is over", async () => {
    const world = openWorld({ dead: ["cloud:a"], latencyMs: 2_000 }, { settings: { maxConcurrency: 3 } });
    const others = world.add("cloud:b", 1_000);
    await world.finish(world.add("cloud:a", 20, { run: "another" }));
    const before = world.server.arrivals.length;
    const late = await Promise.all(world.add("cloud:a", 5));
    expect(late.every(({ attempts, reply }) => attempts === 0 && reply.outcome.kind === "unavailable")).toBe(true);
    expect(world.server.arrivals.length).toBe(before);
    await world.clock.advance(61_000);
    const [probe] = await world.finish(
      world.add("cloud:a", 1, { send: async () => ({ outcome: answer(1) }), run: "another" }),
    );
    expect(probe?.attempts).toBe(1);
    await world.finish(others);
  });

  it("sends one request at a time after the probe, until three were answered", async () => {
    const world = openWorld({}, { settings: { concurrency: 4, maxConcurrency: 4 } });
    let healthy = false;
    let inFlight = 0;
    const most: number[] = [];
    const send = async (): Promise<SentReply> => {
      inFlight++;
      most.push(inFlight);
      await new Promise<void>((resolve) => world.clock.after(100, resolve));
      inFlight--;
      return { outcome: healthy ? answer(1) : down() };
    };
    const tasks = world.add("cloud:a", 30, { send });
    await world.clock.advance(1_000);
    expect(world.queue.snapshot().pools[0]?.models[0]?.circuit).toBe("open");
    expect(world.queue.waiting()).toMatchObject([{ model: "cloud:a", reason: { kind: "circuitOpen" } }]);
    healthy = true;
    const sentBefore = most.length;
    await world.finish(tasks);
    expect(most.slice(sentBefore, sentBefore + 3)).toEqual([1, 1, 1]);
    expect(Math.max(...most.slice(sentBefore + 3))).toBe(4);
    expect(world.queue.snapshot().pools[0]?.models[0]?.circuit).toBe("closed");
  });

  it("does not open for a few quick failures among many requests under way", async () => {
    const world = openWorld({ failures: 0.08, latencyMs: 3_000 }, { pools: [{ models: ["*"], concurrency: 100 }] }, 3);
    await world.finish(world.add("cloud:a", 1_000));
    expect(world.changes.filter(({ what }) => what === "circuit open")).toEqual([]);
  });

  it("is remembered over a restart, as long as its time lasts", async () => {
    const saved = new Map<string, CircuitState>();
    const circuits = {
      load: (model: string) => saved.get(model),
      save: (model: string, state: CircuitState) => saved.set(model, state),
    };
    const first = openWorld({ dead: ["cloud:a"] }, { circuits });
    first.add("cloud:a", 20);
    await first.clock.advance(5_000);
    expect(saved.get("cloud:a")?.kind).toBe("open");
    first.queue.dispose();

    const second = openWorld({}, { circuits });
    second.clock.jumpWall(30_000);
    const tasks = second.add("cloud:a", 1);
    await second.clock.advance(20_000);
    expect(second.server.arrivals).toHaveLength(0);
    await second.finish(tasks);
    expect(second.clock.monotonic()).toBeLessThan(62_000);
  });
});

describe("many tasks", () => {
  it("on one signal are cancelled at once", async () => {
    const world = openWorld();
    const stop = new AbortController();
    const tasks = Array.from({ length: 5_000 }, () =>
      world.queue.add(
        { model: "cloud:a", run: "r", variant: "v", tokens: 1, send: () => world.server.send("cloud:a") },
        stop.signal,
      ),
    );
    const kept = world.queue.add(
      { model: "cloud:a", run: "r", variant: "v", tokens: 1, send: () => world.server.send("cloud:a") },
      never,
    );
    await world.clock.advance(100);
    stop.abort();
    const settled = await Promise.all(tasks);
    expect(settled.every(({ reply }) => reply.outcome.kind === "cancelled")).toBe(true);
    expect((await world.clock.until(kept)).reply.outcome.kind).toBe("answered");
  });
});
