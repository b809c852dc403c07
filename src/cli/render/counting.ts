import type { BatchProgress } from "../../engine/service/batchJobs.ts";
import type { Screen } from "../context.ts";
import { duration, integer } from "./numbers.ts";
import { bar } from "./progress.ts";

const plainEveryMs = 5_000;

/** How far a file is: one line that is rewritten on a terminal, elsewhere a line now and then. */
export function openCounting(
  out: Screen,
  what: string,
  options: { readonly quiet: boolean },
): { on(progress: BatchProgress): void; end(): void } {
  let shown = false;
  let lastPlain = performance.now();
  return {
    on(progress) {
      if (options.quiet) return;
      if (out.isTTY === true) {
        out.write(`\r\u001b[K${textOf(progress, what).slice(0, (out.columns ?? 100) - 1)}`);
        shown = true;
      } else if (performance.now() - lastPlain >= plainEveryMs) {
        lastPlain = performance.now();
        out.write(`${textOf(progress, what)}\n`);
      }
    },
    end() {
      if (shown) out.write("\r\u001b[K");
      shown = false;
    },
  };
}

function textOf({ done, total, failed, perSecond, waits }: BatchProgress, what: string): string {
  const left = total === undefined || perSecond < 0.01 ? undefined : ((total - done) / perSecond) * 1000;
  return [
    total === undefined
      ? `${integer(done)} ${what}`
      : `${bar(done / Math.max(1, total))} ${integer(done)}/${integer(total)} ${what}`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
    failed > 0 ? `${integer(failed)} failed` : "",
    waits ?? "",
    left === undefined || left < 1000 ? "" : `${duration(left)} left`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}
