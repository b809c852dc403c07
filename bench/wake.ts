/**
 * From enqueueing a request to claiming it: `node bench/wake.ts`. In one process, and from another process's commit; and what
 * listening costs while nothing happens. Exits with 1 when a goal is missed.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/base/clock.ts";
import { openStore } from "../src/engine/store/openStore.ts";
import type { Store } from "../src/engine/store/store.ts";
import { aRequest, aRun } from "../test/support/contracts/storeRows.ts";
import { figure, heading, verdict } from "./engine/figures.ts";

const count = 300;
const now = () => performance.timeOrigin + performance.now();
const quantile = (times: readonly number[], q: number) =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(q * times.length))] ?? Number.NaN;

if (process.send !== undefined) await enqueueFor(process.argv[2] ?? "");
else await measure();

/** The other process: one request at a time, with when it was handed over. */
async function enqueueFor(file: string): Promise<void> {
  const store = await openStore(file, { clock: systemClock });
  for (let n = count; n < 2 * count; n++) {
    await sleep(10 + (n % 7));
    const at = now();
    const [id] = await store.requests.enqueue([aRequest(n)]);
    process.send?.({ id, at });
  }
  await store.close();
  process.disconnect();
}

/** Claims whatever turns up, as soon as the store tells; `quiet` resolves when there is nothing left. */
function claimAll(store: Store, claimed: (id: number) => void) {
  let quiet: Promise<void> | undefined;
  const claim = async () => {
    for (;;) {
      const rows = await store.requests.claimNext({ owner: "bench:1:1", leaseMs: 60_000, limit: 50 });
      for (const { id } of rows) claimed(id);
      if (rows.length === 0) break;
    }
    quiet = undefined;
  };
  const start = () => {
    // A claim is a change of its own, of which the store tells too.
    quiet ??= claim();
    return quiet;
  };
  const listening = store.requests.onChange(() => void start());
  return { quiet: async () => await quiet, finish: start, dispose: () => listening.dispose() };
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
  const file = path.join(folder, "store.db");
  const store = await openStore(file, { clock: systemClock });
  await store.runs.create(aRun());
  heading("From enqueue to claim");

  const within: number[] = [];
  let wake = () => {};
  const own = claimAll(store, () => wake());
  for (let n = 0; n < count; n++) {
    const at = now();
    const claimed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await store.requests.enqueue([aRequest(n)]);
    await claimed;
    within.push(now() - at);
    await own.quiet();
  }
  own.dispose();
  figure("in one process, 99th percentile", quantile(within, 0.99), { atMost: 2, unit: "ms" });

  const claimedAt = new Map<number, number>();
  const enqueuedAt = new Map<number, number>();
  const listening = claimAll(store, (id) => claimedAt.set(id, now()));
  const before = process.cpuUsage();
  await sleep(3_000);
  const { user, system } = process.cpuUsage(before);
  const child = fork(fileURLToPath(import.meta.url), [file]);
  child.on("message", ({ id, at }: { readonly id: number; readonly at: number }) => enqueuedAt.set(id, at));
  await new Promise((resolve) => child.once("exit", resolve));
  await sleep(300);
  await listening.finish();
  listening.dispose();
  const across = [...enqueuedAt].map(([id, at]) => (claimedAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
  if (across.length !== count) throw new Error(`${across.length} of ${count} requests were enqueued`);
  process.stdout.write(`  across processes: 99th percentile ${quantile(across, 0.99).toFixed(1)} ms\n`);
  figure("across processes, median", quantile(across, 0.5), { atMost: 2, unit: "ms" });
  figure("listening while nothing happens, share of a core", (user + system) / 3_000_000, { atMost: 0.03 });
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

if (process.send === undefined) process.exitCode = verdict();
