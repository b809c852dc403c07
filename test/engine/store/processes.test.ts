import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import { HandClock } from "../../support/contracts/store.ts";
import { aCompletion, aRequest, aRun, aTrial } from "../../support/contracts/storeRows.ts";
import { startNode } from "../../support/startNode.ts";

const folder = mkdtempSync(join(tmpdir(), "layoutlab-processes-"));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const script = fileURLToPath(new URL("./child.ts", import.meta.url));

/** A child and the lines it says, in order. */
function start(...args: string[]): {
  readonly process: ChildProcess;
  readonly lines: string[];
  firstLine: Promise<void>;
  ended: Promise<void>;
} {
  const child = startNode([script, ...args], { stderr: "inherit" });
  children.add(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout! });
  reader.on("line", (line) => lines.push(line));
  const firstLine = once(reader, "line").then(() => {});
  const ended = Promise.all([once(child, "close"), once(reader, "close")]).then(() => {});
  return { process: child, lines, firstLine, ended };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a store in several processes", () => {
  it("loses nothing it acknowledged, and stays whole, when its process is killed at any instant", async () => {
    const file = join(folder, "killed.db");
    const random = seededRandom("kill -9");
    let acknowledged = 0;
    for (let round = 0; round < 10; round++) {
      const child = start("write", file, String(round));
      await child.firstLine;
      // Behind some of what it acknowledged, and at any point of what it is doing then.
      const behind = 5 + random() * 60;
      while (child.lines.length < behind) await pause(1);
      await pause(random() * 5);
      child.process.kill("SIGKILL");
      await child.ended;

      const store = await openStore(file, { clock: systemClock });
      const { position } = await store.trials.scores(`run-${round}`);
      const stored = new Set(position);
      // The last line may have been cut.
      const said = child.lines.map(Number);
      acknowledged += said.length;
      expect(said.filter((n) => !stored.has(n))).toEqual([]);
      const keys = said.filter((n) => n % 3 !== 0).map((n) => `run-${round}/${n}`);
      expect((await store.cache.has(keys)).size).toBe(keys.length);
      // At most what was in flight in each of the four lanes is unfinished.
      expect((await store.requests.unfinished(`run-${round}`)).length).toBeLessThanOrEqual(4);
      await store.close();
    }
    expect(acknowledged).toBeGreaterThan(100);

    const database = new DatabaseSync(file);
    expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    const counted = database.prepare("SELECT sum(rows) AS n FROM request_count WHERE status = ?");
    const real = database.prepare("SELECT count(*) AS n FROM request WHERE status = ?");
    for (const status of [2, 0, 1]) expect(counted.get(status)?.["n"] ?? 0).toBe(real.get(status)?.["n"]);
    expect(database.prepare("SELECT sum(trials) AS n FROM variant_total").get()).toEqual(
      database.prepare("SELECT count(*) AS n FROM trial").get(),
    );
    expect(database.prepare("SELECT sum(entries) AS n, sum(bytes) AS b FROM cache_total").get()).toEqual(
      database.prepare("SELECT count(*) AS n, sum(bytes) AS b FROM cache").get(),
    );
    database.close();
  }, 60_000);

  it.each([2, 3])(
    "hands out 20,000 requests to %i processes, each to one",
    async (processes) => {
      const file = join(folder, `claimed-${processes}.db`);
      await fill(file, 20_000);
      const children = Array.from({ length: processes }, () => start("claim", file));
      await letGo(file, children);
      await Promise.all(children.map(({ ended }) => ended));
      const taken = children.flatMap(({ lines }) => takenIn(lines));
      // Each took part; how evenly is up to who finds the lock free.
      for (const { lines } of children) expect(lines.length).toBeGreaterThan(1);
      expect(taken).toHaveLength(20_000);
      expect(new Set(taken).size).toBe(20_000);
      expect(children.map(({ process }) => process.exitCode)).toEqual(children.map(() => 0));
      const store = await openStore(file, { clock: systemClock });
      expect((await store.requests.stats()).byStatus).toEqual({
        pending: 0,
        processing: 0,
        completed: 20_000,
        failed: 0,
      });
      await store.close();
    },
    120_000,
  );

  it("finishes the work of a process that was killed, and repeats only what that one held", async () => {
    const file = join(folder, "orphaned.db");
    await fill(file, 6000);
    const children = [start("claim", file), start("claim", file), start("claim", file)];
    await letGo(file, children);
    let victim = children[0];
    do {
      await pause(1);
      victim = children.find(({ lines }) => lines.length > 3);
    } while (victim === undefined);
    victim.process.kill("SIGKILL");
    await Promise.all(children.map(({ ended }) => ended));
    const others = children.filter((child) => child !== victim);
    const byOthers = others.flatMap(({ lines }) => takenIn(lines));
    const byVictim = takenIn(victim.lines);
    expect(new Set(byOthers).size).toBe(byOthers.length);
    expect(new Set([...byOthers, ...byVictim]).size).toBe(6000);
    const twice = byVictim.filter((id) => byOthers.includes(id));
    expect(twice.length).toBeLessThanOrEqual(16);
    const store = await openStore(file, { clock: systemClock });
    expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 0, processing: 0, completed: 6000 });
    await store.close();
  }, 60_000);

  it("opens a new file in many processes at once", async () => {
    const file = join(folder, "new", "together.db");
    const at = String(Date.now() + 700);
    const children = Array.from({ length: 6 }, () => start("open", file, at));
    await Promise.all(children.map(({ ended }) => ended));
    expect(children.map(({ lines }) => lines)).toEqual(children.map(() => ["opened"]));
    const store = await openStore(file, { clock: systemClock });
    expect((await store.state.list("opened")).size).toBe(6);
    await store.close();
  }, 30_000);

  it("waits for another program's lock, and goes on when it is gone", async () => {
    const file = join(folder, "locked.db");
    const store = await openStore(file, { clock: systemClock });
    const child = start("lock", file, "300");
    await child.firstLine;
    await store.state.set("a", "b", "c");
    expect(await store.state.get("a", "b")).toBe("c");
    await child.ended;
    await store.close();
  });

  it("hears of another process's changes within a tenth of a second, and looks only while somebody listens", async () => {
    const file = join(folder, "heard.db");
    const clock = new HandClock();
    const here = await openStore(file, { clock });
    const there = await openStore(file, { clock: systemClock });
    await there.runs.create(aRun());
    let changes = 0;
    const listening = here.requests.onChange(() => changes++);
    clock.pass(100);
    expect(changes).toBe(0);
    await there.requests.enqueue([aRequest(1)]);
    expect(changes).toBe(0);
    clock.pass(100);
    expect(changes).toBe(1);
    clock.pass(500);
    expect(changes).toBe(1);
    listening.dispose();
    expect(clock.timers).toBe(0);
    await here.close();
    await there.close();
  });

  it("hears of them at once where the system tells of writes", async () => {
    const file = join(folder, "told.db");
    const clock = new HandClock();
    const here = await openStore(file, { clock });
    const there = await openStore(file, { clock: systemClock });
    await there.runs.create(aRun());
    let changes = 0;
    const listening = here.requests.onChange(() => changes++);
    await there.requests.enqueue([aRequest(1)]);
    // Beside the look each 100 ms there is one a millisecond after the write.
    await expect.poll(() => clock.timers, { timeout: 5_000 }).toBe(2);
    clock.pass(1);
    expect(changes).toBe(1);
    listening.dispose();
    await here.close();
    await there.close();
  });

  it("writes again what another process swept away", async () => {
    const file = join(folder, "swept.db");
    const clock = new HandClock();
    const here = await openStore(file, { clock });
    const there = await openStore(file, { clock });
    await here.runs.create(aRun());
    await here.requests.record(aRequest(1), aCompletion(), [aTrial(0)]);
    expect(await there.requests.cleanup(clock.time + 1)).toBe(1);
    // The number of the fixed piece that this process remembers is no longer anything's.
    const [id = 0] = await here.requests.enqueue([aRequest(2)]);
    expect(await there.requests.messages(id)).toEqual(aRequest(2).messages);
    await there.runs.delete("run-1");
    await expect(here.requests.enqueue([aRequest(3)])).rejects.toThrow("no run run-1");
    await here.close();
    await there.close();
  });
});

/** Lets children that wait at the line begin together. */
async function letGo(file: string, children: readonly { readonly firstLine: Promise<void> }[]): Promise<void> {
  await Promise.all(children.map(({ firstLine }) => firstLine));
  const store = await openStore(file, { clock: systemClock });
  await store.state.set("start", "now", "yes");
  await store.close();
}

/** The requests a child named, behind its first line. */
function takenIn(lines: readonly string[]): number[] {
  return lines.slice(1).flatMap((line) => line.split(" ").map(Number));
}

async function fill(file: string, requests: number): Promise<void> {
  const store = await openStore(file, { clock: systemClock });
  await store.runs.create(aRun());
  for (let from = 0; from < requests; from += 1000) {
    await store.requests.enqueue(Array.from({ length: 1000 }, (_, n) => aRequest(from + n)));
  }
  await store.close();
}
