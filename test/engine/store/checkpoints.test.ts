import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { Checkpoints } from "../../../src/engine/store/checkpoints.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";

describe("the store's log", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "layoutlab-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is taken over while writing goes on, and is gone when the store is closed", async () => {
    const file = join(folder, "store.db");
    const store = await openStore(file, { clock: systemClock });
    const value = "x".repeat(16_000);
    const logMb = () => statSync(`${file}-wal`).size / 2 ** 20;
    // 48 MB, more than the log could hold before the writer itself would take it over only by a third.
    for (let wave = 0; wave < 60; wave++) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => store.state.set("scope", `${wave} ${i}`, value)));
      // As between answers: the thread's turn.
      await sleep(5);
    }
    expect(logMb()).toBeLessThan(36);
    expect(statSync(file).size / 2 ** 20).toBeGreaterThan(12);
    await store.close();
    expect(() => logMb()).toThrow("ENOENT");
    expect(statSync(file).size / 2 ** 20).toBeGreaterThan(40);
  });

  it("is left to the writer where the thread finds no file", async () => {
    const checkpoints = new Checkpoints(join(folder, "missing", "store.db"));
    checkpoints.wrote(5000);
    checkpoints.wrote(5000);
    await checkpoints.close();
  });
});
