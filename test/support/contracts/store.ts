import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { PromptMessage } from "../../../src/engine/prompt/prompt.ts";
import type {
  CacheEntry,
  Store,
  TrialFilter,
  TrialRecord,
  TrialRow,
  TrialSort,
} from "../../../src/engine/store/store.ts";
import { aCompletion, anExample, aRequest, aRun, aTrial } from "./storeRows.ts";

/** A clock that stands still until it is told otherwise. */
export class HandClock implements Clock {
  time = 1_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass and calls back what is due. */
  pass(ms: number): void {
    this.time += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.time) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  get timers(): number {
    return this.#timers.size;
  }
}

/** What every store promises. `open` gives an empty one. */
export function storeContract(name: string, open: (clock: Clock) => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    let clock: HandClock;

    beforeEach(async () => {
      clock = new HandClock();
      store = await open(clock);
    });
    afterEach(() => store.close());

    describe("runs", () => {
      it("gives back what was stored, as the caller's own copy", async () => {
        const run = aRun({ order: Uint32Array.from({ length: 1000 }, (_, i) => 999 - i) });
        await store.runs.create(run);
        const found = await store.runs.get(run.id);
        expect(found).toEqual(run);
        found?.order.fill(0);
        expect((await store.runs.get(run.id))?.order[0]).toBe(999);
      });

      it("keeps a view of a larger buffer to its own part", async () => {
        const whole = Uint32Array.of(9, 8, 7, 6);
        await store.runs.create(aRun({ order: whole.subarray(1, 3) }));
        expect((await store.runs.get("run-1"))?.order).toEqual(Uint32Array.of(8, 7));
      });

      it("keeps what graphics cards held, in the order of time, for as long as the run is kept", async () => {
        await store.runs.create(aRun());
        const at = (time: number, device: string) => ({ at: time, device, usedBytes: 2 ** 33, totalBytes: 2 ** 34 });
        await store.gpuSamples.add("run-1", [at(20, "nvidia:1"), at(20, "nvidia:0")]);
        await store.gpuSamples.add("run-1", [{ ...at(10, "ollama"), totalBytes: undefined }]);
        await store.gpuSamples.add("none", [at(5, "nvidia:0")]);
        expect(await store.gpuSamples.list("run-1")).toEqual([
          { ...at(10, "ollama"), totalBytes: undefined },
          at(20, "nvidia:0"),
          at(20, "nvidia:1"),
        ]);
        expect(await store.gpuSamples.list("none")).toEqual([]);
        await store.runs.delete("run-1");
        await store.runs.create(aRun());
        expect(await store.gpuSamples.list("run-1")).toEqual([]);
      });

      it("knows nothing of a run that was never made", async () => {
        expect(await store.runs.get("none")).toBeUndefined();
        expect(await store.runs.decisions("none")).toEqual([]);
        expect(await store.requests.unfinished("none")).toEqual([]);
        expect((await store.trials.scores("none")).score).toHaveLength(0);
        expect(await store.trials.page({ run: "none" }, "score", true, 10)).toEqual({ rows: [], next: undefined });
        expect(await store.trials.count({ run: "none" })).toBe(0);
      });

      it("refuses a second run of the same id and keeps the first", async () => {
        await store.runs.create(aRun());
        await expect(store.runs.create(aRun({ name: "other" }))).rejects.toThrow();
        expect((await store.runs.get("run-1"))?.name).toBe("intents");
      });

      it("changes the named fields only, and can take a field back", async () => {
        await store.runs.create(aRun());
        await store.runs.update("run-1", {
          status: "finished",
          endedAt: 2000,
          verdict: "{}",
          summary: "x".repeat(9000),
        });
        await store.runs.update("run-1", { owner: undefined });
        expect(await store.runs.get("run-1")).toEqual(
          aRun({ status: "finished", endedAt: 2000, verdict: "{}", summary: "x".repeat(9000), owner: undefined }),
        );
        const joined = { index: 2, id: "late/m:a", layout: "late", model: "m:a", parameters: {} };
        const change = { experiment: "y".repeat(9000), variants: [joined], settings: { samplers: "{}" } };
        await store.runs.update("run-1", change);
        expect(await store.runs.get("run-1")).toMatchObject({ status: "finished", verdict: "{}", ...change });
        await expect(store.runs.update("none", { status: "failed" })).rejects.toThrow(/no run none/);
      });

      it("lists the newest first, by file, status, or the start of the id", async () => {
        await store.runs.create(aRun({ id: "a-1", createdAt: 1 }));
        await store.runs.create(aRun({ id: "a_2", createdAt: 3, file: "other.yaml" }));
        await store.runs.create(aRun({ id: "b-1", createdAt: 2, status: "finished" }));
        const ids = async (filter?: Parameters<Store["runs"]["list"]>[0]) =>
          (await store.runs.list(filter)).map(({ id }) => id);
        expect(await ids()).toEqual(["a_2", "b-1", "a-1"]);
        expect(await ids({ limit: 2 })).toEqual(["a_2", "b-1"]);
        expect(await ids({ prefix: "a_" })).toEqual(["a_2"]);
        expect(await ids({ file: "other.yaml" })).toEqual(["a_2"]);
        expect(await ids({ status: "finished" })).toEqual(["b-1"]);
      });

      it("stores the rows of a dataset once and gives them in the order asked", async () => {
        const examples = Array.from({ length: 4500 }, (_, i) => anExample(i));
        await store.runs.putExamples("hash", examples);
        await store.runs.putExamples("hash", [anExample(0, { id: "changed" })]);
        expect(await store.runs.examples("hash", [4499, 0, 77])).toEqual([examples[4499], examples[0], examples[77]]);
        expect(await store.runs.examples("hash", [9999])).toEqual([]);
        expect(await store.runs.examples("unknown", [0])).toEqual([]);
      });

      it("takes a decision once, though a resumed run says it again", async () => {
        await store.runs.create(aRun());
        const decision = (model: string, sequence: number) => ({
          sequence,
          model,
          row: 20,
          variant: "recency",
          kind: "dropped",
          reason: "worse",
          numbers: { logWealth: 3.2, opponent: "standard", pValue: null },
          at: 5,
        });
        await store.runs.addDecisions("run-1", [decision("a", 0), decision("b", 0)]);
        await store.runs.addDecisions("run-1", [decision("a", 0), decision("a", 1)]);
        expect(await store.runs.decisions("run-1")).toEqual([decision("a", 0), decision("b", 0), decision("a", 1)]);
      });

      it("deletes a run with all that belongs to it, and nothing else", async () => {
        for (const id of ["run-1", "run-2"]) {
          await store.runs.create(aRun({ id }));
          await store.requests.record(aRequest(1, { run: id }), aCompletion(), [
            aTrial(0, { run: id, prediction: long }),
          ]);
          await store.requests.enqueue([aRequest(2, { run: id })]);
        }
        await store.runs.putExamples("dataset-1", [anExample(2)]);
        await store.cache.put([anEntry(1)]);
        await store.runs.delete("run-1");
        expect(await store.runs.get("run-1")).toBeUndefined();
        expect(await store.requests.list({ limit: 10 })).toHaveLength(2);
        expect((await store.requests.stats()).byStatus).toEqual({ pending: 1, processing: 0, completed: 1, failed: 0 });
        expect(await store.trials.aggregates("run-1")).toEqual([]);
        expect((await store.trials.atPosition("run-2", 0))[0]).toMatchObject({ prediction: long, row: 3 });
        const [request] = await store.requests.list({ run: "run-2", limit: 1 });
        expect(await store.requests.messages(request?.id ?? 0)).toEqual(aRequest(1).messages);
        expect((await store.cache.stats()).entries).toBe(1);
        // A run of the same id starts anew.
        await store.runs.create(aRun());
        expect(await store.trials.aggregates("run-1")).toEqual([]);
        await store.requests.enqueue([aRequest(1)]);
        await store.runs.delete("none");
      });
    });

    describe("requests", () => {
      beforeEach(() => store.runs.create(aRun()));

      it("gives ids in the order of the rows and keeps every field", async () => {
        const rich = aRequest(7, {
          complexity: "high",
          priority: 2.5,
          context: '{"dropped":["examples"]}',
          responseSchema: '{"type":"object"}',
          promptTokensEstimated: 812,
          trials: [
            [3, 0],
            [4, 1],
          ],
        });
        const ids = await store.requests.enqueue([aRequest(1), rich]);
        expect(ids).toHaveLength(2);
        const { messages, ...rest } = rich;
        expect(await store.requests.get(ids[1] ?? 0)).toEqual({
          ...rest,
          id: ids[1],
          state: "pending",
          createdAt: clock.time,
          updatedAt: clock.time,
          publishedAt: undefined,
          leaseOwner: undefined,
          leaseUntil: undefined,
        });
        expect(await store.requests.messages(ids[1] ?? 0)).toEqual(messages);
        expect(await store.requests.get(12345)).toBeUndefined();
        await expect(store.requests.messages(12345)).rejects.toThrow("12345");
      });

      it("gives back any messages as they were sent", async () => {
        const piece = fc.record({
          text: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("long ".repeat(900)), fc.constant('"\\\n\u0000')),
          part: fc.constantFrom("role", "segment", "question", "output"),
          fixed: fc.boolean(),
        });
        const message = fc.record({ role: fc.constantFrom("system", "user", "assistant"), pieces: fc.array(piece) });
        await fc.assert(
          fc.asyncProperty(fc.array(message), async (messages: readonly PromptMessage[]) => {
            const [id] = await store.requests.enqueue([aRequest(0, { messages })]);
            expect(await store.requests.messages(id ?? 0)).toEqual(messages);
          }),
          { numRuns: 60, seed: 1 },
        );
      });

      it("refuses rows of a run that does not exist, and stores none of them", async () => {
        await expect(store.requests.enqueue([aRequest(1), aRequest(2, { run: "gone" })])).rejects.toThrow(
          /no run gone/,
        );
        expect(await store.requests.list({ limit: 10 })).toEqual([]);
        expect((await store.requests.stats()).byStatus.pending).toBe(0);
      });

      it("lets a request be claimed once", async () => {
        const ids = await store.requests.enqueue([aRequest(1), aRequest(2)]);
        expect(await store.requests.claim(ids, "a", 1000)).toEqual(new Set(ids));
        expect(await store.requests.claim(ids, "b", 1000)).toEqual(new Set());
        expect(await store.requests.claim([999], "b", 1000)).toEqual(new Set());
        expect(await store.requests.get(ids[0] ?? 0)).toMatchObject({
          state: "processing",
          leaseOwner: "a",
          leaseUntil: clock.time + 1000,
        });
      });

      it("hands out the lowest priority first, then the oldest, within the filter", async () => {
        await store.runs.create(aRun({ id: "run-2" }));
        const [a, b, c, d] = await store.requests.enqueue([
          aRequest(1, { priority: 2 }),
          aRequest(2),
          aRequest(3, { run: "run-2", model: "ollama:gemma" }),
          aRequest(4),
        ]);
        const next = async (more: object) =>
          (await store.requests.claimNext({ owner: "w", leaseMs: 10, limit: 10, ...more })).map(({ id }) => id);
        expect(await next({ run: "run-2", models: ["openai:gpt"] })).toEqual([]);
        expect(await next({ models: ["unheard:of"] })).toEqual([]);
        expect(await next({ run: "none" })).toEqual([]);
        expect(await next({ models: ["ollama:gemma"] })).toEqual([c]);
        expect(await next({ limit: 2 })).toEqual([b, d]);
        expect(await next({})).toEqual([a]);
        expect(await next({})).toEqual([]);
      });

      it("gives a claimed request all that a sender needs", async () => {
        await store.requests.enqueue([aRequest(5)]);
        const [claimed] = await store.requests.claimNext({ owner: "w", leaseMs: 10, limit: 1 });
        expect(claimed).toMatchObject({
          prompt: aRequest(5).messages,
          request: aRequest(5).request,
          state: "processing",
          leaseOwner: "w",
        });
      });

      it("takes back what was released", async () => {
        const [id = 0] = await store.requests.enqueue([aRequest(1)]);
        await store.requests.claim([id], "a", 1000);
        await store.requests.release([id, id, 999]);
        expect(await store.requests.get(id)).toMatchObject({ state: "pending", leaseOwner: undefined });
        expect(await store.requests.claim([id], "b", 1000)).toEqual(new Set([id]));
        expect((await store.requests.stats()).byStatus).toEqual({ pending: 0, processing: 1, completed: 0, failed: 0 });
      });

      it("recovers what ran out of its lease or whose owner died, and spares what was renewed", async () => {
        const ids = await store.requests.enqueue([aRequest(1), aRequest(2), aRequest(3)]);
        const [a = 0, b = 0, c = 0] = ids;
        await store.requests.claim([a], "alive", 1000);
        await store.requests.claim([b], "silent", 1000);
        await store.requests.claim([c], "dead", 50_000);
        clock.pass(900);
        await store.requests.renew("alive", 1000);
        expect(await store.requests.recoverStale()).toBe(0);
        clock.pass(200);
        expect(await store.requests.recoverStale((owner) => owner === "dead")).toBe(2);
        const states = await Promise.all(ids.map(async (id) => (await store.requests.get(id))?.state));
        expect(states).toEqual(["processing", "pending", "pending"]);
        expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 2, processing: 1 });
      });

      it("lets no lease outlive its length when the clock goes back", async () => {
        const [id = 0] = await store.requests.enqueue([aRequest(1)]);
        await store.requests.claim([id], "a", 1000);
        clock.time -= 3_600_000;
        expect(await store.requests.recoverStale()).toBe(0);
        clock.pass(900);
        expect(await store.requests.recoverStale()).toBe(0);
        clock.pass(200);
        expect(await store.requests.recoverStale()).toBe(1);
      });

      it("ends a request with its trials and cache entry in one commit", async () => {
        const both = [
          [0, 0],
          [1, 0],
        ] as const;
        const [id = 0] = await store.requests.enqueue([{ ...aRequest(1), trials: both }]);
        await store.requests.claim([id], "a", 1000);
        const completion = aCompletion({
          toolCalls: [{ id: "t", tool: "lookup", params: { q: 1 } }],
          rawResponse: "raw ".repeat(5000),
          servedModel: "gpt-2026",
          firstTokenMs: 40,
          validationErrors: "[]",
        });
        await store.requests.complete(id, completion, { trials: [aTrial(0), aTrial(1)], cache: anEntry(1) });
        expect(await store.requests.get(id)).toMatchObject({
          ...completion,
          state: "completed",
          publishedAt: clock.time,
          leaseOwner: undefined,
          leaseUntil: undefined,
        });
        expect((await store.trials.atPosition("run-1", 1))[0]).toMatchObject({
          request: id,
          source: "call",
          // Half of the request each: 100 and 3 tokens, a quarter of a dollar.
          promptTokens: 50,
          completionTokens: 2,
          latencyMs: 120.5,
          cost: 0.125,
          rawResponse: completion.rawResponse,
        });
        expect(await store.cache.get([anEntry(1).key])).toEqual(new Map([[anEntry(1).key, anEntry(1).answer]]));
        await expect(store.requests.complete(9999, completion)).rejects.toThrow("9999");
      });

      it("keeps a failure whole, and counts it", async () => {
        const [id = 0] = await store.requests.enqueue([aRequest(1)]);
        const failure = aCompletion({
          status: "failed",
          errorClass: "unavailable",
          errorMessage: "503",
          parsedResponse: undefined,
          cost: undefined,
          promptTokens: undefined,
          completionTokens: undefined,
          cachedTokens: undefined,
        });
        await store.requests.complete(id, failure, { trials: [aTrial(0, { state: "void", score: undefined })] });
        expect(await store.requests.get(id)).toMatchObject(failure);
        expect(await store.requests.stats()).toEqual({
          byStatus: { pending: 0, processing: 0, completed: 0, failed: 1 },
          byModel: [{ model: "openai:gpt", pending: 0, processing: 0, completed: 0, failed: 1, successRate: 0 }],
          byTaskType: [{ taskType: "label", completed: 0, failed: 1, successRate: 0 }],
          byErrorClass: { unavailable: 1 },
          oldestPendingAt: undefined,
        });
      });

      it("hands a request that another process ended to its run, once", async () => {
        const [id = 0] = await store.requests.enqueue([aRequest(1)]);
        await store.requests.claim([id], "worker", 1000);
        await store.requests.complete(id, aCompletion());
        await store.requests.complete(id, aCompletion({ rawResponse: "late" }));
        const waiting = await store.requests.unpublished("run-1", 10);
        expect(waiting).toMatchObject([
          { id, rawResponse: "lost_card", prompt: aRequest(1).messages, trials: [[1, 0]] },
        ]);
        await store.requests.publish(id, [aTrial(0)]);
        await store.requests.publish(id, [aTrial(1)]);
        expect(await store.requests.unpublished("run-1", 10)).toEqual([]);
        expect(await store.trials.count({ run: "run-1" })).toBe(1);
        expect((await store.trials.atPosition("run-1", 0))[0]).toMatchObject({ request: id, latencyMs: 120.5 });
      });

      it("lets the run's own answer stand when two ended a request, and counts it once", async () => {
        const [id = 0] = await store.requests.enqueue([aRequest(1)]);
        await store.requests.complete(id, aCompletion({ cost: 1, rawResponse: "worker's" }));
        await store.requests.complete(id, aCompletion({ cost: 2, rawResponse: "own" }), { trials: [aTrial(0)] });
        await store.requests.complete(id, aCompletion({ cost: 4, rawResponse: "late" }), { trials: [aTrial(0)] });
        expect(await store.requests.get(id)).toMatchObject({ cost: 2, rawResponse: "own" });
        expect(await store.trials.aggregates("run-1")).toMatchObject([{ trials: 1, cost: 2, promptTokens: 100 }]);
        expect((await store.requests.stats()).byStatus.completed).toBe(1);
      });

      it("records an answer that needed no call", async () => {
        const id = await store.requests.record(aRequest(1), aCompletion({ source: "cache", cost: 0 }), [aTrial(0)]);
        expect(await store.requests.get(id)).toMatchObject({
          state: "completed",
          source: "cache",
          publishedAt: clock.time,
        });
        expect((await store.trials.atPosition("run-1", 0))[0]).toMatchObject({ request: id, latencyMs: undefined });
      });

      it("names what a run had not finished", async () => {
        const [a = 0, b = 0, c = 0] = await store.requests.enqueue([aRequest(1), aRequest(2), aRequest(3)]);
        await store.requests.claim([b], "x", 10);
        await store.requests.complete(c, aCompletion(), { trials: [aTrial(0)] });
        expect(await store.requests.unfinished("run-1")).toEqual([
          {
            id: a,
            key: "key-1",
            variant: 0,
            trials: [[1, 0]],
            attempts: 0,
            state: "pending",
            leaseOwner: undefined,
          },
          { id: b, key: "key-2", variant: 0, trials: [[2, 0]], attempts: 0, state: "processing", leaseOwner: "x" },
        ]);
      });

      it("forgets pending rows and no others", async () => {
        const [a = 0, b = 0] = await store.requests.enqueue([aRequest(1), aRequest(2)]);
        await store.requests.claim([b], "x", 10);
        await store.requests.forget([a, b, 999]);
        expect((await store.requests.list({ limit: 10 })).map(({ id }) => id)).toEqual([b]);
        expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 0, processing: 1 });
      });

      it("lists by run, status, error class and task type, page by page", async () => {
        await store.runs.create(aRun({ id: "run-2" }));
        const ids = await store.requests.enqueue([
          aRequest(1),
          aRequest(2, { run: "run-2" }),
          aRequest(3, { taskType: "sql" }),
          aRequest(4),
        ]);
        const [a = 0, b = 0, c = 0, d = 0] = ids;
        await store.requests.complete(a, aCompletion({ status: "failed", errorClass: "invalid" }));
        await store.requests.complete(b, aCompletion({ status: "failed", errorClass: "exception" }));
        const list = async (filter: object) =>
          (await store.requests.list({ limit: 10, ...filter })).map(({ id }) => id);
        expect(await list({})).toEqual(ids);
        expect(await list({ limit: 2 })).toEqual([a, b]);
        expect(await list({ after: b })).toEqual([c, d]);
        expect(await list({ run: "run-1" })).toEqual([a, c, d]);
        expect(await list({ status: "failed" })).toEqual([a, b]);
        expect(await list({ status: "failed", run: "run-1" })).toEqual([a]);
        expect(await list({ errorClass: "exception" })).toEqual([b]);
        expect(await list({ taskType: "sql" })).toEqual([c]);
        expect(await list({ run: "none" })).toEqual([]);
      });

      it("counts per model and task type, and knows how long the oldest has waited", async () => {
        await store.runs.create(aRun({ id: "run-2" }));
        const start = clock.time;
        await store.requests.enqueue([aRequest(1, { run: "run-2", priority: 9 })]);
        clock.pass(50);
        const [a = 0, b = 0] = await store.requests.enqueue([aRequest(2), aRequest(3), aRequest(4, { model: "m" })]);
        await store.requests.complete(a, aCompletion());
        await store.requests.complete(b, aCompletion({ status: "failed", errorClass: "invalid" }));
        const stats = await store.requests.stats();
        expect(stats.byStatus).toEqual({ pending: 2, processing: 0, completed: 1, failed: 1 });
        expect(stats.oldestPendingAt).toBe(start);
        expect(stats.byModel.map(({ model, successRate }) => [model, successRate])).toEqual([
          ["m", undefined],
          ["openai:gpt", 0.5],
        ]);
        expect((await store.requests.stats({ run: "run-1" })).oldestPendingAt).toBe(start + 50);
        expect((await store.requests.stats({ run: "none" })).byStatus.pending).toBe(0);
      });

      it("counts what a run has sent and got, attempt by attempt", async () => {
        await store.requests.record(aRequest(1), aCompletion({ attempts: 3 }), []);
        await store.requests.record(aRequest(2), aCompletion({ source: "cache", attempts: 0 }), []);
        const failure = { status: "failed", errorClass: "unavailable" } as const;
        await store.requests.record(aRequest(3), aCompletion({ ...failure, attempts: 2 }), []);
        // Refused before it was sent.
        await store.requests.record(aRequest(4), aCompletion({ ...failure, attempts: 0 }), []);
        await store.requests.enqueue([aRequest(5)]);
        expect(await store.requests.counts("run-1")).toEqual({
          sent: 5,
          succeeded: 1,
          failed: 2,
          retried: 3,
          cached: 1,
        });
        expect(await store.requests.counts("none")).toMatchObject({ sent: 0, cached: 0 });
      });

      it("cleans up what ended long ago; trials keep their scores", async () => {
        await store.requests.record(aRequest(1), aCompletion(), [aTrial(0, { expected: long })]);
        await store.requests.enqueue([aRequest(2)]);
        clock.pass(1000);
        const kept = await store.requests.record(aRequest(3), aCompletion(), [aTrial(1)]);
        expect(await store.requests.cleanup(clock.time)).toBe(1);
        expect((await store.requests.list({ limit: 10 })).map(({ key }) => key)).toEqual(["key-2", "key-3"]);
        expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 1, completed: 1 });
        expect(await store.requests.messages(kept)).toEqual(aRequest(3).messages);
        expect((await store.trials.atPosition("run-1", 0))[0]).toMatchObject({
          score: 1,
          expected: long,
          rawResponse: undefined,
          promptTokens: 100,
        });
        // What a sweep took away is written again when it is needed.
        expect(await store.requests.cleanup(clock.time + 1)).toBe(1);
        const [again = 0] = await store.requests.enqueue([aRequest(4)]);
        expect(await store.requests.messages(again)).toEqual(aRequest(4).messages);
      });

      it("never gives the number of a removed request to another", async () => {
        const first = await store.requests.record(aRequest(1), aCompletion(), [aTrial(0)]);
        await store.requests.cleanup(clock.time + 1);
        expect(await store.requests.record(aRequest(2), aCompletion(), [])).toBeGreaterThan(first);
      });

      it("says that the table changed, until nobody listens", async () => {
        let changes = 0;
        const listening = store.requests.onChange(() => changes++);
        await store.requests.enqueue([aRequest(1)]);
        expect(changes).toBe(1);
        await store.state.set("a", "b", "c");
        expect(changes).toBe(1);
        await Promise.all([store.requests.enqueue([aRequest(2)]), store.requests.enqueue([aRequest(3)])]);
        expect(changes).toBe(2);
        listening.dispose();
        listening.dispose();
        await store.requests.enqueue([aRequest(4)]);
        expect(changes).toBe(2);
        expect(clock.timers).toBe(0);
      });

      it("rejects only the write that fails", async () => {
        const [a, b, c] = await Promise.allSettled([
          store.requests.enqueue([aRequest(1)]),
          store.requests.record(aRequest(2, { run: "gone" }), aCompletion(), []),
          store.requests.record(aRequest(3), aCompletion(), [aTrial(0)]),
        ]);
        expect([a.status, b.status, c.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
        expect((await store.requests.list({ limit: 10 })).map(({ key }) => key)).toEqual(["key-1", "key-3"]);
        expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 1, completed: 1 });
        expect(await store.trials.aggregates("run-1")).toMatchObject([{ trials: 1, promptTokens: 100 }]);
      });
    });

    describe("trials", () => {
      beforeEach(() => store.runs.create(aRun({ order: Uint32Array.from({ length: 50 }, (_, i) => (i * 7) % 50) })));

      it("gives scores as columns in the order of positions, variants and repeats", async () => {
        await store.requests.record(aRequest(1), aCompletion(), [
          aTrial(2, { variant: 1, score: 0.5 }),
          aTrial(0, { variant: 1, repeat: 1, score: 0 }),
          aTrial(0, { variant: 1, state: "void", score: undefined }),
          aTrial(0),
        ]);
        expect(await store.trials.scores("run-1")).toEqual({
          variant: Uint32Array.of(0, 1, 1, 1),
          position: Uint32Array.of(0, 0, 0, 2),
          repeat: Uint32Array.of(0, 0, 1, 0),
          score: Float64Array.of(1, Number.NaN, 0, 0.5),
        });
      });

      it("replaces a trial of the same place and keeps the counts right", async () => {
        await store.requests.record(
          aRequest(1),
          aCompletion({ status: "failed", errorClass: "unavailable", cost: undefined }),
          [aTrial(0, { state: "void", score: undefined })],
        );
        await store.requests.record(aRequest(2), aCompletion(), [aTrial(0)]);
        expect(await store.trials.aggregates("run-1")).toMatchObject([{ trials: 1, scored: 1, void: 0, scoreSum: 1 }]);
      });

      it("never takes an unknown price for nothing", async () => {
        await store.requests.record(aRequest(1), aCompletion({ cost: 0.5 }), [aTrial(0)]);
        await store.requests.record(aRequest(2), aCompletion({ source: "cache", cost: undefined }), [aTrial(1)]);
        expect((await store.trials.aggregates("run-1"))[0]).toMatchObject({ cost: 0.5, fromCache: 1 });
        await store.requests.record(aRequest(3), aCompletion({ cost: undefined }), [aTrial(2)]);
        expect((await store.trials.aggregates("run-1"))[0]?.cost).toBeUndefined();
      });

      it("measures latency of calls only", async () => {
        await store.requests.record(aRequest(1), aCompletion({ latencyMs: 10 }), [aTrial(0)]);
        await store.requests.record(aRequest(2), aCompletion({ latencyMs: 20, source: "cache" }), [aTrial(1)]);
        await store.requests.record(aRequest(3), aCompletion({ latencyMs: 30, source: "replay" }), [aTrial(2)]);
        await store.requests.record(aRequest(4, { variant: 1 }), aCompletion({ latencyMs: 40 }), []);
        const { calls, reused } = await store.requests.measures("run-1");
        expect([...calls].map(([variant, { latencyMs }]) => [variant, [...latencyMs]])).toEqual([
          [0, [10]],
          [1, [40]],
        ]);
        expect(reused).toMatchObject({ answers: 1 });
      });

      it("measures waiting, first tokens and what a run's calls used", async () => {
        expect(await store.requests.measures("run-1")).toMatchObject({ span: undefined, tools: {} });
        const toolCalls = [{ id: "1", tool: "look", params: {} }];
        await store.requests.record(
          aRequest(1),
          aCompletion({ latencyMs: 10, firstTokenMs: 4, queuedMs: 7, cachedTokens: 100, toolCalls }),
          [aTrial(0)],
        );
        await store.requests.record(
          aRequest(2),
          aCompletion({ latencyMs: 20, firstTokenMs: undefined, toolCalls }),
          [],
        );
        const { calls, span, tools } = await store.requests.measures("run-1");
        expect(calls.get(0)).toMatchObject({ firstTokenMs: Float64Array.of(4), latencyMs: Float64Array.of(10, 20) });
        expect(calls.get(0)?.cachedTokens).toBeGreaterThanOrEqual(100);
        expect(span?.to).toBeGreaterThanOrEqual(span?.from ?? Number.POSITIVE_INFINITY);
        expect(tools).toEqual({ look: 2 });
      });

      it("counts what was expected against what was said", async () => {
        const trials = [
          aTrial(0),
          aTrial(1),
          aTrial(2, { prediction: "refund", score: 0 }),
          aTrial(3, { prediction: undefined, state: "unparsable", score: 0 }),
          aTrial(4, { prediction: long, expected: `${long}!`, score: 0 }),
          aTrial(5, { variant: 1 }),
        ];
        await store.requests.record(aRequest(1), aCompletion(), trials);
        expect(await store.trials.confusion("run-1", 0)).toEqual(
          [
            { expected: "lost_card", prediction: "lost_card", count: 2 },
            { expected: `${long}!`, prediction: long, count: 1 },
            { expected: "lost_card", prediction: "refund", count: 1 },
          ].sort((a, b) => b.count - a.count || (a.expected < b.expected ? -1 : 1)),
        );
      });

      it("reads all trials as columns, a packed request's cost in shares", async () => {
        await store.requests.record(aRequest(1), aCompletion({ cost: 0.5 }), [
          aTrial(0, { confidence: 0.75 }),
          aTrial(1, { prediction: long, expected: `${long}!`, score: 0 }),
        ]);
        await store.requests.record(aRequest(2), aCompletion({ source: "cache", cost: undefined }), [
          aTrial(2, { state: "void", prediction: undefined, score: undefined }),
        ]);
        const found = await store.trials.columns("run-1");
        expect(found).toMatchObject({
          count: 3,
          position: Uint32Array.of(0, 1, 2),
          state: Uint8Array.of(0, 0, 3),
          score: Float64Array.of(1, 0, Number.NaN),
          confidence: Float64Array.of(0.75, Number.NaN, Number.NaN),
          called: Uint8Array.of(1, 1, 0),
          cost: Float64Array.of(0.25, 0.25, Number.NaN),
          promptTokens: Float64Array.of(50, 50, 100),
          examples: ["example-0", "example-1", "example-2"],
        });
        const answer = (at: number | undefined) => found.answers[at ?? -1];
        expect(answer(found.prediction[0])).toBe("lost_card");
        expect(found.prediction[0]).toBe(found.expected[0]);
        expect(answer(found.prediction[1])).toBe(long.slice(0, 120));
        expect(found.prediction[1]).not.toBe(found.expected[1]);
        expect(found.prediction[2]).toBe(-1);
        expect((await store.trials.columns("none")).count).toBe(0);
      });

      it("lays ended requests over the run's time, none lost, in no more steps than asked", async () => {
        expect((await store.requests.timeline("run-1", 10)).steps).toBe(0);
        await store.requests.record(aRequest(1), aCompletion({ latencyMs: 100 }), []);
        await store.requests.record(aRequest(2), aCompletion({ latencyMs: 300, queuedMs: 40 }), []);
        await store.requests.record(aRequest(3), aCompletion({ source: "cache" }), []);
        await store.requests.record(aRequest(4), aCompletion({ status: "failed", errorClass: "unavailable" }), []);
        const found = await store.requests.timeline("run-1", 10);
        const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
        expect(found.steps).toBeGreaterThan(0);
        expect(found.steps).toBeLessThanOrEqual(10);
        expect([sum(found.answered), sum(found.reused), sum(found.failed)]).toEqual([2, 1, 1]);
        expect([sum(found.promptTokens), sum(found.cachedTokens), sum(found.cost)]).toEqual([200, 128, 0.5]);
        expect(found.latencyP95).toHaveLength(found.steps);
        if (found.steps === 1) expect([found.latencyP50[0], found.queuedP50[0]]).toEqual([200, 22]);
      });

      it("shows every variant's trial on one row, with the row's number in the file", async () => {
        await store.runs.putExamples("dataset-1", [anExample(7, { row: 99 })]);
        await store.requests.record(aRequest(1), aCompletion(), [
          aTrial(1, { variant: 1, scores: { json: 0.5 }, confidence: 0.9 }),
          aTrial(1),
          aTrial(2),
        ]);
        const rows = await store.trials.atPosition("run-1", 1);
        expect(rows.map(({ variant, row }) => [variant, row])).toEqual([
          [0, 99],
          [1, 99],
        ]);
        expect(rows[1]).toMatchObject({ scores: { json: 0.5 }, confidence: 0.9, exampleId: "example-1" });
      });

      it("re-scores in one commit: all or none", async () => {
        await store.requests.record(aRequest(1), aCompletion(), [aTrial(0), aTrial(1, { score: 0 })]);
        await store.trials.rescore([aTrial(0, { score: 0.25, scores: { json: 1 } }), aTrial(1, { prediction: "new" })]);
        expect((await store.trials.scores("run-1")).score).toEqual(Float64Array.of(0.25, 1));
        expect((await store.trials.atPosition("run-1", 0))[0]).toMatchObject({ scores: { json: 1 }, latencyMs: 120.5 });
        expect((await store.trials.aggregates("run-1"))[0]).toMatchObject({ trials: 2, scoreSum: 1.25 });
        await expect(store.trials.rescore([aTrial(0, { score: 0 }), aTrial(40)])).rejects.toThrow("40");
        expect((await store.trials.scores("run-1")).score[0]).toBe(0.25);
      });

      it("finds a text in the row's fields, the prediction or the raw response, whatever the case", async () => {
        await store.runs.putExamples("dataset-1", [
          anExample(0, { fields: { text: 'It "costs" 5 % more', note: null } }),
          anExample(7, { fields: { text: "ÉTÉ à la plage" } }),
          anExample(14, { fields: { text: "nothing_here" } }),
        ]);
        for (const position of [0, 1, 2]) {
          await store.requests.record(aRequest(position), aCompletion({ rawResponse: `Raw ${position}` }), [
            aTrial(position),
          ]);
        }
        await store.requests.record(aRequest(3), aCompletion({ rawResponse: `${long} needle` }), [
          aTrial(3, { prediction: "Refund" }),
        ]);
        const search = async (text: string) =>
          (await store.trials.page({ run: "run-1", search: text }, "position", false, 10)).rows.map(
            (row) => row.position,
          );
        expect(await search('"COSTS"')).toEqual([0]);
        expect(await search("5 %")).toEqual([0]);
        expect(await search("été")).toEqual([1]);
        expect(await search("g_h")).toEqual([2]);
        expect(await search("refUND")).toEqual([3]);
        expect(await search("raw 2")).toEqual([2]);
        expect(await search("NEEDLE")).toEqual([3]);
        // Names of fields are not their contents.
        expect(await search("note")).toEqual([]);
        expect(await search("%")).toEqual([0]);
        expect(await store.trials.count({ run: "run-1", search: "" })).toBe(4);
      });

      it("pages through any filter in any order, each trial once", async () => {
        await store.runs.create(aRun({ id: "run-2", order: Uint32Array.from({ length: 50 }, (_, i) => i) }));
        const trials = sampleTrials();
        for (const trial of trials) {
          const latencyMs = trial.position % 3 === 0 ? undefined : (trial.position * 31) % 17;
          await store.requests.record(
            aRequest(0, { run: "run-2", variant: trial.variant }),
            aCompletion({ latencyMs }),
            [trial],
          );
        }
        const filters: Omit<TrialFilter, "run">[] = [
          {},
          { outcome: "wrong" },
          { outcome: "right" },
          { variants: [1, 2], states: ["scored", "void"] },
          { expected: "a" },
          { prediction: long },
          { expected: long.slice(0, 120) },
          { positions: [3, 4, 40], outcome: "wrong" },
        ];
        const sorts: TrialSort[] = ["position", "score", "confidence", "latency", "tokens", "expected", "prediction"];
        for (const filter of filters) {
          const wanted = trials.filter((trial) => matches(trial, filter));
          expect(await store.trials.count({ run: "run-2", ...filter })).toBe(wanted.length);
          for (const sort of sorts) {
            for (const descending of [false, true]) {
              const rows: TrialRow[] = [];
              let after: string | undefined;
              do {
                const page = await store.trials.page({ run: "run-2", ...filter }, sort, descending, 13, after);
                expect(page.rows.length).toBeLessThanOrEqual(13);
                rows.push(...page.rows);
                after = page.next;
              } while (after !== undefined);
              expect(rows.map(placeOf)).toEqual(
                wanted
                  .map((trial) => ({ ...trial, latencyMs: latencyOf(trial) }))
                  .sort((x, y) => compare(x, y, sort, descending))
                  .map(placeOf),
              );
              // A far page is the same whether those before it were read or left out.
              const far = await store.trials.page({ run: "run-2", ...filter }, sort, descending, 5, undefined, 7);
              expect(far.rows.map(placeOf)).toEqual(rows.slice(7, 12).map(placeOf));
            }
          }
        }
        const streamed: string[] = [];
        for await (const row of store.trials.each({ run: "run-2", outcome: "wrong" })) streamed.push(placeOf(row));
        expect(streamed).toHaveLength(trials.filter((trial) => matches(trial, { outcome: "wrong" })).length);
      });

      it("adds up per variant what the rows say", async () => {
        const trials = sampleTrials().map((trial) => ({ ...trial, run: "run-1" }));
        for (const trial of trials) {
          await store.requests.record(aRequest(0, { variant: trial.variant }), aCompletion(), [trial]);
        }
        const aggregates = await store.trials.aggregates("run-1");
        expect(aggregates.map(({ variant }) => variant)).toEqual([0, 1, 2]);
        for (const { variant, scoreSum, cost, ...counts } of aggregates) {
          const own = trials.filter((trial) => trial.variant === variant);
          expect(counts).toEqual({
            trials: own.length,
            scored: own.filter(({ state }) => state === "scored").length,
            unparsable: own.filter(({ state }) => state === "unparsable").length,
            failed: 0,
            void: own.filter(({ state }) => state === "void").length,
            promptTokens: 100 * own.length,
            completionTokens: 3 * own.length,
            cachedTokens: 64 * own.length,
            fromCache: 0,
          });
          expect(scoreSum).toBeCloseTo(own.reduce((sum, { score }) => sum + (score ?? 0), 0));
          expect(cost).toBeCloseTo(0.25 * own.length);
        }
      });
    });

    it("keeps counts that agree with its rows, whatever is done in whatever order", async () => {
      await store.runs.create(aRun({ order: Uint32Array.from({ length: 8 }, (_, i) => i) }));
      const id = fc.integer({ min: 1, max: 12 });
      const place = fc.record({
        position: fc.integer({ min: 0, max: 7 }),
        variant: fc.integer({ min: 0, max: 1 }),
        score: fc.constantFrom(0, 0.5, 1, undefined),
      });
      const trialOf = ({
        position,
        variant,
        score,
      }: {
        position: number;
        variant: number;
        score: number | undefined;
      }) => aTrial(position, { variant, score, state: score === undefined ? "void" : "scored" });
      const completion = fc
        .record({
          source: fc.constantFrom("call" as const, "cache" as const),
          failed: fc.boolean(),
          cost: fc.constantFrom(1, 2, undefined),
        })
        .map(({ source, failed, cost }) =>
          aCompletion({ source, cost, ...(failed ? { status: "failed", errorClass: "invalid" } : {}) }),
        );
      const step = fc.oneof(
        id.map((n) => () => store.requests.enqueue([aRequest(n, { variant: n % 2 })])),
        id.map((n) => () => store.requests.claim([n, n + 1], "a", 10)),
        fc.constant(() => store.requests.claimNext({ owner: "b", leaseMs: 30, limit: 2 })),
        id.map((n) => () => store.requests.release([n])),
        id.map((n) => () => store.requests.forget([n])),
        fc.tuple(id, completion).map(
          ([n, end]) =>
            () =>
              store.requests.complete(n, end),
        ),
        fc.tuple(id, completion, place).map(
          ([n, end, at]) =>
            () =>
              store.requests.complete(n, end, { trials: [trialOf(at)] }),
        ),
        fc.tuple(id, place).map(
          ([n, at]) =>
            () =>
              store.requests.publish(n, [trialOf(at)]),
        ),
        fc.tuple(completion, place).map(
          ([end, at]) =>
            () =>
              store.requests.record(aRequest(0, { variant: at.variant }), end, [trialOf(at)]),
        ),
        place.map((at) => () => store.trials.rescore([trialOf(at)])),
        fc.constant(() => store.requests.recoverStale((owner) => owner === "b")),
        fc.constant(async () => clock.pass(11)),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          // Some at once, so that groups of commits with a failing one among them are part of it.
          for (let i = 0; i < steps.length; i += 3)
            await Promise.allSettled(steps.slice(i, i + 3).map((take) => take()));
          const rows = await store.requests.list({ limit: 1e6 });
          const count = (state: string) => rows.filter((row) => row.state === state).length;
          const stats = await store.requests.stats();
          expect(stats.byStatus).toEqual({
            pending: count("pending"),
            processing: count("processing"),
            completed: count("completed"),
            failed: count("failed"),
          });
          expect(stats.byErrorClass["invalid"] ?? 0).toBe(rows.filter((row) => row.errorClass === "invalid").length);
          const trials: TrialRow[] = [];
          for await (const trial of store.trials.each({ run: "run-1" })) trials.push(trial);
          for (const total of await store.trials.aggregates("run-1")) {
            const own = trials.filter(({ variant }) => variant === total.variant);
            const ended = rows.filter(({ variant, status }) => variant === total.variant && status !== undefined);
            const calls = ended.filter(({ source }) => source === "call");
            const unpriced = calls.some(({ status, cost }) => status === "completed" && cost === undefined);
            expect(total).toMatchObject({
              trials: own.length,
              void: own.filter(({ state }) => state === "void").length,
              scoreSum: own.reduce((sum, { score }) => sum + (score ?? 0), 0),
              promptTokens: 100 * ended.length,
              fromCache: ended.filter(({ source }) => source === "cache").length,
              cost: unpriced ? undefined : calls.reduce((sum, { cost }) => sum + (cost ?? 0), 0),
            });
          }
        }),
        { numRuns: 60, seed: 5 },
      );
    });

    describe("cache", () => {
      it("gives the answers it has, many keys at once", async () => {
        await store.cache.put([anEntry(1), anEntry(2, { answer: JSON.stringify({ text: long.repeat(20) }) })]);
        expect(await store.cache.get(["1", "2", "3"])).toEqual(
          new Map([
            ["1", anEntry(1).answer],
            ["2", JSON.stringify({ text: long.repeat(20) })],
          ]),
        );
        expect(await store.cache.get([])).toEqual(new Map());
        expect(await store.cache.has(["2", "9"])).toEqual(new Set(["2"]));
      });

      it("replaces an answer under the same key and counts it once", async () => {
        await store.cache.put([anEntry(1, { answer: "a" })]);
        await store.cache.touch(["1"]);
        await store.cache.put([anEntry(1, { answer: "bb", model: "other" })]);
        expect((await store.cache.get(["1"])).get("1")).toBe("bb");
        const stats = await store.cache.stats();
        expect(stats).toMatchObject({ entries: 1, byModel: [{ model: "other", entries: 1, hits: 0 }] });
        expect(stats.bytes).toBe((await store.cache.list({ limit: 1 }))[0]?.bytes);
      });

      it("lists by model and experiment, newest first, page by page", async () => {
        for (const n of [1, 2, 3]) {
          await store.cache.put([anEntry(n, { experiment: n === 2 ? "b" : "a" })]);
          clock.pass(10);
        }
        await store.cache.touch(["1", "1", "missing"]);
        expect(await store.cache.list({ limit: 1 })).toMatchObject([
          { key: "3", model: "m", experiment: "a", hits: 0 },
        ]);
        expect(await store.cache.list({ limit: 9, after: "2" })).toMatchObject([
          { key: "1", hits: 2, usedAt: clock.time, createdAt: clock.time - 30 },
        ]);
        expect((await store.cache.list({ limit: 9, experiment: "b" })).map(({ key }) => key)).toEqual(["2"]);
        expect(await store.cache.list({ limit: 9, model: "unknown" })).toEqual([]);
        expect((await store.cache.stats()).byModel).toMatchObject([
          { model: "m", experiment: "a", entries: 2, hits: 2 },
          { model: "m", experiment: "b", entries: 1, hits: 0 },
        ]);
      });

      it("deletes by key, model or experiment, or everything", async () => {
        const fill = () =>
          store.cache.put(Array.from({ length: 1200 }, (_, n) => anEntry(n, { model: n % 2 ? "m" : "n" })));
        await fill();
        expect(await store.cache.delete({ keys: ["1", "2", "none"] })).toBe(2);
        expect(await store.cache.delete({ keys: ["3"], model: "n" })).toBe(0);
        expect(await store.cache.delete({ model: "unknown" })).toBe(0);
        expect(await store.cache.delete({ model: "m" })).toBe(599);
        expect((await store.cache.stats()).entries).toBe(599);
        expect(await store.cache.delete({})).toBe(599);
        expect(await store.cache.stats()).toEqual({ entries: 0, bytes: 0, byModel: [] });
      });

      it("evicts the least recently used until it fits", async () => {
        for (const n of [1, 2, 3, 4]) {
          await store.cache.put([anEntry(n)]);
          clock.pass(10);
        }
        await store.cache.touch(["1"]);
        const { bytes } = await store.cache.stats();
        expect(await store.cache.evict(bytes)).toBe(0);
        expect(await store.cache.evict(bytes / 2)).toBe(2);
        expect(await store.cache.has(["1", "2", "3", "4"])).toEqual(new Set(["1", "4"]));
        expect(await store.cache.evict(0)).toBe(2);
      });

      it("streams every entry", async () => {
        const entries = Array.from({ length: 1100 }, (_, n) => anEntry(n));
        await store.cache.put(entries);
        const found: CacheEntry[] = [];
        for await (const entry of store.cache.each()) found.push(entry);
        expect(found).toEqual(entries);
      });
    });

    it("keeps small facts by scope and key", async () => {
      await store.state.set("breaker", "gpt", "open");
      await store.state.set("breaker", "gpt", "closed");
      await store.state.set("breaker", "gemma", "open");
      await store.state.set("limits", "gpt", "15");
      expect(await store.state.get("breaker", "gpt")).toBe("closed");
      expect(await store.state.get("breaker", "none")).toBeUndefined();
      expect(await store.state.list("breaker")).toEqual(
        new Map([
          ["gemma", "open"],
          ["gpt", "closed"],
        ]),
      );
      await store.state.delete("breaker", "gpt");
      await store.state.delete("limits");
      expect([...(await store.state.list("breaker")).keys()]).toEqual(["gemma"]);
      expect(await store.state.list("limits")).toEqual(new Map());
    });

    it("refuses work after it was closed, and commits what was asked for before", async () => {
      const asked = store.state.set("a", "b", "c");
      await store.close();
      await store.close();
      await asked;
      await expect(store.state.get("a", "b")).rejects.toThrow("closed");
      await expect(store.state.set("a", "b", "d")).rejects.toThrow("closed");
    });
  });
}

/** Longer than what stands in a trial's own row. */
const long = "A long answer of several sentences that no table row should carry. ".repeat(3);

function anEntry(n: number, change: Partial<CacheEntry> = {}): CacheEntry {
  return { key: String(n), model: "m", experiment: "x", answer: `{"text":"${n}"}`, ...change };
}

function sampleTrials(): TrialRecord[] {
  const trials: TrialRecord[] = [];
  for (let position = 0; position < 20; position++) {
    for (let variant = 0; variant < 3; variant++) {
      const n = (position * 13 + variant * 7) % 11;
      const state = n === 3 ? "void" : n === 4 ? "unparsable" : "scored";
      trials.push(
        aTrial(position, {
          run: "run-2",
          variant,
          repeat: position % 2,
          state,
          score: state === "void" ? undefined : state === "unparsable" ? 0 : n % 2 === 0 ? 1 : 0.5,
          confidence: n % 4 === 0 ? undefined : n / 11,
          prediction: state !== "scored" ? undefined : n > 7 ? long : ["a", "b", "É"][n % 3],
          expected: n === 5 ? undefined : n === 6 ? long.slice(0, 120) : n === 8 ? long : ["a", "b"][n % 2],
        }),
      );
    }
  }
  return trials;
}

function matches(trial: TrialRecord, filter: Omit<TrialFilter, "run">): boolean {
  return (
    (filter.variants === undefined || filter.variants.includes(trial.variant)) &&
    (filter.states === undefined || filter.states.includes(trial.state)) &&
    (filter.outcome === undefined ||
      (filter.outcome === "right") === (trial.score !== undefined && trial.score >= 1)) &&
    (filter.positions === undefined || filter.positions.includes(trial.position)) &&
    (filter.expected === undefined || filter.expected === trial.expected) &&
    (filter.prediction === undefined || filter.prediction === trial.prediction)
  );
}

function latencyOf(trial: TrialRecord): number | undefined {
  return trial.position % 3 === 0 ? undefined : (trial.position * 31) % 17;
}

function compare(
  x: TrialRecord & { readonly latencyMs: number | undefined },
  y: TrialRecord & { readonly latencyMs: number | undefined },
  sort: TrialSort,
  descending: boolean,
): number {
  const place = x.position - y.position || x.variant - y.variant || x.repeat - y.repeat;
  const sign = descending ? -1 : 1;
  const keys = { score: "score", confidence: "confidence", latency: "latencyMs" } as const;
  if (sort === "position") return sign * place;
  if (sort === "tokens") return place;
  if (sort === "expected" || sort === "prediction") {
    // In the order of code points of what stands in the row.
    const [a, b] = [(x[sort] ?? "").slice(0, 120), (y[sort] ?? "").slice(0, 120)];
    return a === b ? place : sign * (a < b ? -1 : 1);
  }
  const [a, b] = [x[keys[sort]] ?? -1, y[keys[sort]] ?? -1];
  return a === b ? place : sign * (a - b);
}

function placeOf({ position, variant, repeat }: TrialRecord): string {
  return `${position}/${variant}/${repeat}`;
}
