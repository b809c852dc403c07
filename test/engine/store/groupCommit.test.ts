import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import { Connection } from "../../../src/engine/store/sqlite.ts";
import type { Store } from "../../../src/engine/store/store.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("a group of writes", () => {
  let folder: string;
  let store: Store;
  let commits: () => number;
  let written = 0;
  const write = () => store.state.set("scope", `key ${written++}`, "value");

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "layoutlab-commits-"));
    store = await openStore(join(folder, "store.db"), { clock: systemClock });
    const run = vi.spyOn(Connection.prototype, "run");
    commits = () => run.mock.calls.filter(([sql]) => sql === "COMMIT").length;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is what was asked for in one turn of the event loop", async () => {
    await Promise.all([write(), write(), write()]);
    expect(commits()).toBe(1);
  });

  it("grows for some milliseconds where writes come all the time", async () => {
    const since = performance.now();
    const all: Promise<void>[] = [];
    for (let turn = 0; turn < 100; turn++) {
      all.push(write(), write());
      await nextTurn();
    }
    await Promise.all(all);
    // Some until it shows, then one each 10 ms, or for each 64 that wait; otherwise it would be 100.
    expect(commits()).toBeLessThanOrEqual(8 + (performance.now() - since) / 10 + 200 / 64);
    expect(await store.state.list("scope")).toHaveProperty("size", 200);
  });

  it("is never waited for by writes that come one after another", async () => {
    const wait = vi.spyOn(systemClock, "after");
    for (let i = 0; i < 50; i++) await write();
    expect(commits()).toBe(50);
    expect(wait).not.toHaveBeenCalled();
  });

  it("is committed at once when it is full, and when the store closes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      await Promise.all([write(), write(), write(), write()]);
      await Promise.all(Array.from({ length: 64 }, write));
      expect(commits()).toBe(2);
      const last = Promise.all([write(), write()]);
      await nextTurn();
      expect(commits()).toBe(2);
      await store.close();
      await last;
    } finally {
      vi.useRealTimers();
    }
  });
});
