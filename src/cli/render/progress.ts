import type { RunEvent, RunView } from "../../engine/runner/events.ts";
import type { Screen } from "../context.ts";
import { dollars, duration, integer, percent } from "./numbers.ts";

export interface Progress {
  on(event: RunEvent): void;
  /** Leaves the line, so that what is printed next starts on its own. */
  end(): void;
}

const plainEveryMs = 5_000;

/**
 * One line that is rewritten on a terminal; elsewhere a plain line now and then, so that a log stays readable. Decisions and
 * warnings get lines of their own.
 */
export function openProgress(out: Screen, options: { readonly quiet: boolean }): Progress {
  if (options.quiet) return { on() {}, end() {} };
  const live = out.isTTY === true;
  let lastPlain = 0;
  let shown = false;
  let models = 0;

  const line = (text: string) => {
    if (live && shown) out.write("\r\u001b[K");
    shown = false;
    out.write(`${text}\n`);
  };
  const status = (text: string) => {
    const columns = out.columns ?? 100;
    out.write(`\r\u001b[K${text.length >= columns ? `${text.slice(0, columns - 2)}…` : text}`);
    shown = true;
  };

  return {
    on(event) {
      switch (event.kind) {
        case "progress":
          if (live) status(progressLine(event.view));
          else if (event.view.elapsedMs - lastPlain >= plainEveryMs) {
            lastPlain = event.view.elapsedMs;
            line(progressLine(event.view));
          }
          return;
        case "decided":
          // How it ends is the report's to say.
          if (event.decision.kind === "dropped") line(event.decision.reason);
          return;
        case "started":
          models = new Set(event.view.variants.map((variant) => variant.model)).size;
          return;
        case "alert":
          line(`alert: ${event.alert.message}: ${event.alert.action}`);
          return;
        case "warning":
          // A run of one model ends with it, and the report says why.
          if (models > 1) line(`warning: ${event.message}`);
          return;
        default:
          return;
      }
    },
    end() {
      if (live && shown) out.write("\r\u001b[K");
      shown = false;
    },
  };
}

function progressLine(view: RunView): string {
  const active = view.variants.filter((variant) => variant.status !== "dropped");
  const best = [...view.variants].sort((a, b) => b.accuracy - a.accuracy)[0];
  const parts = [
    `${bar(view.trialsDone / Math.max(1, view.trialsPlanned))} ${integer(view.trialsDone)}/${integer(view.trialsPlanned)} trials`,
    `${view.ratePerSecond.toFixed(view.ratePerSecond < 10 ? 1 : 0)}/s`,
    `${active.length} of ${view.variants.length} variants in`,
    best && best.trials > 0 ? `best ${best.layout} ${percent(best.accuracy)}` : "",
    view.cost === 0 ? "" : dollars(view.cost),
    scoringWords(view),
    waits(view),
    view.leftMs === undefined ? "" : `≤ ${duration(view.leftMs)} left`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function scoringWords({ scoring }: RunView): string {
  const { execute = 0, judge = 0 } = scoring ?? {};
  return [execute === 0 ? "" : `${execute} executing`, judge === 0 ? "" : `${judge} being judged`]
    .filter((part) => part !== "")
    .join(", ");
}

/** A share from 0 to 1 as sixteen blocks. */
export function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 16);
  return "█".repeat(full) + "░".repeat(16 - full);
}

function waits(view: RunView): string {
  const [first] = view.waiting;
  if (first === undefined || view.inFlight > 0) return "";
  const { reason } = first;
  switch (reason.kind) {
    case "requests":
    case "tokens":
      return `rate limit, next in ${duration(reason.freeInMs)}`;
    case "retryAfter":
    case "backoff":
      return `backing off ${duration(reason.freeInMs)}`;
    case "circuitOpen":
      return `${first.model} is down, probe in ${duration(reason.freeInMs)}`;
    case "paused":
      return `${first.model} is paused`;
    case "otherModelLoaded":
      return `${first.model} waits for ${reason.model}`;
    case "concurrency":
      return "";
  }
}
