/**
 * Every bench in its quick form, one after another: `npm run bench`. Each prints its figures beside their limits and ends
 * with 1 when one is missed; so does this. The full forms: `node bench/engine.ts --full`, `npm run bench:decisions`,
 * `node bench/store.ts 170000`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const benches: readonly (readonly [what: string, file: string, args: readonly string[]])[] = [
  ["Assembly of prompts", "assembly.ts", []],
  ["The store", "store.ts", ["10000"]],
  ["Schedules under rate limits", "queue.ts", []],
  ["What one call costs", "fetch.ts", ["2000"]],
  ["The whole engine", "engine.ts", []],
  ["Two processes on one table", "workers.ts", ["4000"]],
  ["Local models and context", "context.ts", ["500"]],
  ["Tables, requests and answers", "batch.ts", []],
  ["Decisions on recorded tables", "decisions.ts", ["--quick"]],
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
