import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerCache, type AnswerCacheOptions } from "../../../src/engine/cache/answerCache.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import type { Store } from "../../../src/engine/store/store.ts";
import { anAnswer, cacheContract } from "../../support/contracts/cache.ts";
import { HandClock } from "../../support/contracts/store.ts";

cacheContract("memory over a store", async (mode) => {
  const clock = new HandClock();
  const store = await openStore(":memory:", { clock });
  const cache = new AnswerCache({ table: store.cache, mode, clock, warn: () => {} });
  return {
    cache,
    keep: (entry) => store.cache.put([entry]),
    close: async () => {
      await cache.close();
      await store.close();
    },
  };
});

describe("the answer cache", () => {
  let clock: HandClock;
  let store: Store;
  let warnings: string[];

  beforeEach(async () => {
    clock = new HandClock();
    store = await openStore(":memory:", { clock });
    warnings = [];
  });
  afterEach(() => store.close());

  const open = (change: Partial<AnswerCacheOptions> = {}) =>
    new AnswerCache({ table: store.cache, mode: "on", clock, warn: (message) => warnings.push(message), ...change });
  const keep = async (cache: AnswerCache, key: string, text: string) => {
    const entry = cache.entryFor(key, "m", "x", anAnswer(text));
    if (entry) await store.cache.put([entry]);
  };

  it("answers from memory without asking the table again", async () => {
    await keep(open(), "a", "yes");
    const reads = vi.spyOn(store.cache, "get");
    const cache = open();
    await cache.get(["a"]);
    await cache.get(["a"]);
    expect(reads).toHaveBeenCalledTimes(1);
    await cache.close();
  });

  it("finds on disk what no longer fits in memory", async () => {
    const cache = open({ memory: 1000 });
    for (let n = 0; n < 20; n++) await keep(cache, `k${n}`, `answer ${n}`);
    const found = await cache.get(Array.from({ length: 20 }, (_, n) => `k${n}`));
    expect(found.size).toBe(20);
    for (let n = 0; n < 20; n++) expect(found.get(`k${n}`)?.text).toBe(`answer ${n}`);
    await cache.close();
  });

  it("goes on without a tier that is broken, and warns once", async () => {
    const cache = open();
    await keep(cache, "a", "yes");
    await store.close();
    expect((await cache.get(["a", "b"])).size).toBe(1);
    expect((await cache.get(["b"])).size).toBe(0);
    expect(await cache.coverage(["a"])).toBe(0);
    await cache.close();
    expect(warnings.filter((warning) => warning.includes("read"))).toHaveLength(1);
    expect(warnings[0]).toContain("is closed");
  });

  it("takes a damaged entry for a miss", async () => {
    const cache = open();
    await store.cache.put([
      { key: "a", model: "m", experiment: "x", answer: '{"kind":"answered"' },
      { key: "b", model: "m", experiment: "x", answer: '{"kind":"cancelled"}' },
    ]);
    expect((await cache.get(["a", "b"])).size).toBe(0);
    expect(cache.counters()).toMatchObject({ hits: 0, misses: 2 });
    expect(warnings).toHaveLength(1);
    await cache.close();
  });

  it("notes uses in batches, after a while, and at the end", async () => {
    const cache = open();
    await keep(cache, "a", "yes");
    await keep(cache, "b", "no");
    const hits = async () => {
      await store.state.set("any", "write", "to wait for");
      return (await store.cache.stats()).byModel[0]?.hits;
    };
    await cache.get(["a"]);
    expect(await hits()).toBe(0);
    clock.pass(2000);
    expect(await hits()).toBe(1);
    await cache.get(["b"]);
    await cache.close();
    expect(await hits()).toBe(2);
    expect(clock.timers).toBe(0);
  });

  it("keeps the table within its size, sparing what is used", async () => {
    const maxBytes = 100_000;
    const cache = open({ maxBytes, memory: 1000 });
    await keep(cache, "used", "precious");
    for (let n = 0; n < 400; n++) {
      clock.pass(10);
      await keep(cache, `k${n}`, "x".repeat(500));
      if (n % 50 === 0) {
        await cache.get(["used"]);
        clock.pass(2000);
      }
    }
    await cache.close();
    const { bytes, entries } = await store.cache.stats();
    expect(bytes).toBeLessThanOrEqual(maxBytes * 1.05);
    expect(bytes).toBeGreaterThan(maxBytes * 0.8);
    expect(entries).toBeLessThan(401);
    expect(await store.cache.has(["used", "k0"])).toEqual(new Set(["used"]));
    expect(warnings).toEqual([]);
  });
});
