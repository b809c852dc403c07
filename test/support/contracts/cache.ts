import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Answered, Cache, CacheMode } from "../../../src/engine/cache/cache.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";
import type { CacheEntry } from "../../../src/engine/store/store.ts";

export function anAnswer(text: string, change: Partial<Answered> = {}): Answered {
  return {
    kind: "answered",
    text,
    toolCalls: [],
    usage: { promptTokens: 10, completionTokens: 2, cachedTokens: undefined },
    timing: { latencyMs: 300, firstTokenMs: undefined, loadMs: undefined },
    finish: "stop",
    servedModel: undefined,
    tokenConfidence: undefined,
    ...change,
  };
}

/** A cache under test, and how an entry gets where the runner puts it: into the store, with the request it answers. */
export interface OpenCache {
  readonly cache: Cache;
  keep(entry: CacheEntry): Promise<void>;
  close(): Promise<void>;
}

/** What every cache promises. `open` gives an empty one. */
export function cacheContract(name: string, open: (mode: CacheMode) => Promise<OpenCache>): void {
  describe(name, () => {
    let opened: OpenCache;
    const use = async (mode: CacheMode) => {
      await opened.close();
      opened = await open(mode);
      return opened.cache;
    };
    const ask = async (key: string, outcome: Outcome) => {
      const entry = opened.cache.entryFor(key, "m", "x", outcome);
      if (entry) await opened.keep(entry);
      return entry;
    };

    beforeEach(async () => {
      opened = await open("on");
    });
    afterEach(() => opened.close());

    it("gives back an answer as it was, many keys at once", async () => {
      const answer = anAnswer("yes", { toolCalls: [{ id: "1", tool: "t", params: { a: [1] } }], tokenConfidence: 0.5 });
      await ask("a", answer);
      await ask("b", anAnswer("no"));
      const found = await opened.cache.get(["a", "b", "c"]);
      expect([...found.keys()].sort()).toEqual(["a", "b"]);
      expect(found.get("a")).toEqual(answer);
      expect(opened.cache.counters()).toMatchObject({ hits: 2, misses: 1, kept: 2 });
    });

    it("keeps only complete, good answers", async () => {
      const tool = { id: "1", tool: "t", params: {} };
      const kept = async (outcome: Outcome) => (await ask("k", outcome)) !== undefined;
      expect(await kept(anAnswer("yes"))).toBe(true);
      expect(await kept(anAnswer("", { finish: "toolCalls", toolCalls: [tool] }))).toBe(true);
      expect(await kept(anAnswer("half an ans", { finish: "length" }))).toBe(false);
      expect(await kept(anAnswer("no", { finish: "filter" }))).toBe(false);
      expect(await kept(anAnswer(" \n"))).toBe(false);
      expect(await kept(anAnswer("", { finish: "toolCalls" }))).toBe(false);
      expect(await kept({ kind: "cancelled" })).toBe(false);
      expect(await kept({ kind: "rateLimited", message: "slow down", retryAfterMs: 1 })).toBe(false);
      expect(await kept({ kind: "filtered", message: "" })).toBe(false);
    });

    it("reads and writes as its mode says", async () => {
      for (const [mode, reads, writes] of [
        ["on", true, true],
        ["read", true, false],
        ["write", false, true],
        ["off", false, false],
      ] as const) {
        const cache = await use(mode);
        await opened.keep({ key: "old", model: "m", experiment: "x", answer: JSON.stringify(anAnswer("old")) });
        expect((await cache.get(["old"])).size).toBe(reads ? 1 : 0);
        expect(await cache.coverage(["old", "other"])).toBe(reads ? 1 : 0);
        expect(cache.entryFor("new", "m", "x", anAnswer("new")) !== undefined).toBe(writes);
      }
    });

    it("lets one caller ask and gives the answer to whoever comes meanwhile", async () => {
      let asked = 0;
      const gate = deferred<Outcome>();
      const first = opened.cache.share("k", () => {
        asked++;
        return gate.promise;
      });
      const others = [1, 2, 3].map(() =>
        opened.cache.share("k", async () => {
          asked++;
          return anAnswer("second");
        }),
      );
      const apart = opened.cache.share("other", async () => anAnswer("apart"));
      gate.resolve(anAnswer("first"));
      expect(await first).toEqual({ outcome: anAnswer("first"), shared: false });
      for (const other of others) expect(await other).toEqual({ outcome: anAnswer("first"), shared: true });
      expect((await apart).shared).toBe(false);
      expect(asked).toBe(1);
      expect(opened.cache.counters().shared).toBe(3);
      // Later callers look it up; what is not in flight is asked.
      expect((await opened.cache.share("k", async () => anAnswer("third"))).shared).toBe(false);
    });

    it("shares no failure: the waiting ask in turn, one at a time", async () => {
      let inFlight = 0;
      let most = 0;
      const answers: (() => Promise<Outcome>)[] = [
        async () => ({ kind: "cancelled" }),
        () => Promise.reject(new Error("broken")),
        async () => anAnswer("at last"),
        async () => anAnswer("never asked"),
      ];
      const results = await Promise.allSettled(
        answers.map((answer) =>
          opened.cache.share("k", async () => {
            most = Math.max(most, ++inFlight);
            await Promise.resolve();
            inFlight--;
            return answer();
          }),
        ),
      );
      expect(most).toBe(1);
      expect(results).toMatchObject([
        { status: "fulfilled", value: { outcome: { kind: "cancelled" }, shared: false } },
        { status: "rejected" },
        { status: "fulfilled", value: { outcome: { text: "at last" }, shared: false } },
        { status: "fulfilled", value: { outcome: { text: "at last" }, shared: true } },
      ]);
    });

    it("shares nothing where it does not read: two equal requests are two samples", async () => {
      for (const mode of ["off", "write"] as const) {
        const cache = await use(mode);
        const both = await Promise.all(["a", "b"].map((text) => cache.share("k", async () => anAnswer(text))));
        expect(both.map(({ shared }) => shared)).toEqual([false, false]);
      }
    });
  });
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}
