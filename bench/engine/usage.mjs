// Preloaded into a measured process: writes what it took, and its memory over time, when it ends.
import { writeFileSync } from "node:fs";

const file = process.env.BENCH_USAGE;
const memory = [];
const timer = setInterval(() => memory.push(process.memoryUsage.rss()), 250);
timer.unref();
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(
    file,
    JSON.stringify({
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      wallMs: performance.now(),
      peakMb: maxRSS / 1024,
      memory,
    }),
  );
});
