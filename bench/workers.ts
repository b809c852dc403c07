/**
 * Two processes on one table: `node bench/workers.ts [requests]` (20,000). Every request is sent exactly once; when one is
 * killed with -9, the other finishes all, and only what was leased is sent twice. Exits with 1 when that is not so.
 */
import { shareTable } from "../test/support/twoProcesses.ts";

const requests = Number(process.argv[2] ?? 20_000);
const inFlight = 16;
for (const kill of [false, true]) {
  const started = performance.now();
  const { summary, stats, worked } = await shareTable(requests, { kill, inFlight });
  const counts = Object.values(stats.bodies);
  const twice = counts.filter((count) => count > 1).length;
  const right =
    summary.status === "finished" &&
    counts.length === requests &&
    Math.max(...counts) <= (kill ? 2 : 1) &&
    twice <= (kill ? inFlight : 0);
  const how = kill ? "one killed with -9" : `the worker answered ${worked}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${requests} requests, ${how}: ${counts.length} asked, ${twice} of them twice, ${seconds} s  ${right ? "yes" : "NO"}\n`,
  );
  if (!right) process.exitCode = 1;
}
