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
    const mb = (path: string) => statSync(path).size / 2 ** 20;
    const write = (name: string, length: number) => store.state.set("scope", name, "x".repeat(length));
    for (let round = 1; round <= 12; round++) {
      for (let wave = 0; wave < 10; wave++)
        await Promise.all(Array.from({ length: 50 }, (_, i) => write(`${round} ${wave} ${i}`, 16_000)));
      // Nothing but the thread brings it into the file before the log has 64 MB.
      while (mb(file) < 8 * round - 20) {
        await write("meanwhile", 10);
        await sleep(40);
      }
    }
    expect(mb(`${file}-wal`)).toBeLessThan(60);
    await store.close();
    expect(() => mb(`${file}-wal`)).toThrow("ENOENT");
    expect(mb(file)).toBeGreaterThan(90);
  });

  it("is left to the writer where the thread finds no file", async () => {
    const checkpoints = new Checkpoints(join(folder, "missing", "store.db"));
    checkpoints.wrote(5000);
    checkpoints.wrote(5000);
    await checkpoints.close();
  });
});
