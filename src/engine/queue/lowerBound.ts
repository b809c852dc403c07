import type { WindowKind } from "./queue.ts";

/** Work of one pool (or of one model), retries counted as requests. */
export interface Load {
  readonly requests: number;
  readonly tokens: number;
  /** Shortest time one request takes, in ms. */
  readonly latencyMs: number;
  /** Time all requests take together, in ms. */
  readonly busyMs: number;
}

export interface Bounds {
  readonly requests: number | undefined;
  readonly tokens: number | undefined;
  readonly windowMs: number;
  readonly kind: WindowKind;
  readonly concurrency: number | undefined;
}

/**
 * The shortest time in which the load can be done under the limits, the first window being open at its start:
 * (ceil(N / R) - 1) w + L for windows, fixed or sliding; (N - R) w / R + L for a bucket; the same with tokens;
 * and the work itself shared among all that may be in flight. No schedule is shorter.
 */
export function lowerBoundMs(load: Load, limits: Bounds): number {
  if (load.requests === 0) return 0;
  const windows = Math.max(
    waitFor(load.requests, limits.requests, limits),
    waitFor(load.tokens, limits.tokens, limits),
  );
  const lanes = Math.min(limits.concurrency ?? load.requests, load.requests);
  return Math.max(windows + load.latencyMs, load.busyMs / lanes);
}

/**
 * How long one model after another would take under the same limits, each beginning with a window of its own: whole
 * windows for all but the last one.
 */
export function sequentialMs(loads: readonly { readonly load: Load; readonly limits: Bounds }[]): number {
  let total = 0;
  loads.forEach(({ load, limits }, index) => {
    const alone = lowerBoundMs(load, limits);
    const last = index === loads.length - 1;
    const windows = Math.max(windowsOf(load.requests, limits.requests), windowsOf(load.tokens, limits.tokens));
    total += last || limits.kind === "bucket" ? alone : Math.max(alone, windows * limits.windowMs);
  });
  return total;
}

function waitFor(amount: number, limit: number | undefined, { windowMs, kind }: Bounds): number {
  if (limit === undefined || amount <= limit) return 0;
  return kind === "bucket" ? ((amount - limit) * windowMs) / limit : (Math.ceil(amount / limit) - 1) * windowMs;
}

function windowsOf(amount: number, limit: number | undefined): number {
  return limit === undefined ? 0 : Math.ceil(amount / limit);
}
