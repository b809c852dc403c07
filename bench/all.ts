/**
 * Every bench, one after another: `npm run bench`, about five minutes; with `--full` at full size, about half an hour. Each
 * prints its figures beside their goals and ends with 1 when one is missed; so does this.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const full = process.argv.includes("--full");
const size = (quick: readonly string[], whole: readonly string[]) => (full ? whole : quick);

const benches: readonly (readonly [what: string, file: string, args: readonly string[]])[] = [
  ["Assembly of prompts", "assembly.ts", []],
  ["The store", "store.ts", size(["10000"], ["170000"])],
  ["From enqueue to claim", "wake.ts", []],
  ["Schedules under rate limits, in virtual time", "queue.ts", []],
  ["Schedules over real HTTP", "schedules.ts", size([], ["--full"])],
  ["A dead model beside two that live", "breaker.ts", size(["300"], ["800"])],
  ["What one call costs", "fetch.ts", ["2000"]],
  ["What of a request outlives it", "garbage.ts", []],
  ["The whole engine beside its peers", "engine.ts", size([], ["--full"])],
  ["Two processes on one table", "workers.ts", size(["4000"], ["20000"])],
  ["Local models and context", "context.ts", ["500"]],
  ["Tables, requests and answers", "batch.ts", []],
  ["The results panel", "results.ts", size(["20000"], ["170000"])],
  ["Decisions on recorded tables", "decisions.ts", size(["--quick"], [])],
];

const missed: string[] = [];
for (const [what, file, args] of benches) {
  process.stdout.write(`\n=== ${what} (bench/${file})\n`);
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: "inherit",
  });
  if (status !== 0) missed.push(file);
}
process.stdout.write(missed.length === 0 ? "\nAll figures are kept.\n" : `\nMissed in: ${missed.join(", ")}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;
