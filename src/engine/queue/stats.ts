import { type Bounds, type Load, lowerBoundMs, sequentialMs } from "./lowerBound.ts";
import type { ModelState } from "./model.ts";
import type { Pool } from "./pool.ts";
import type { QueueStats } from "./queue.ts";

/** Figures over everything the queue has sent so far. A request that two limited pools count fills a slot in each. */
export function statsOf(pools: readonly Pool[], models: readonly ModelState[], makespanMs: number): QueueStats {
  let windows = 0;
  let slotsUsed = 0;
  let slotsWasted = 0;
  let crossModelFills = 0;
  let lowerBound = 0;
  for (const pool of pools) {
    windows += pool.ledger.windows;
    slotsUsed += pool.ledger.slotsUsed;
    slotsWasted += pool.ledger.slotsWasted;
    crossModelFills += pool.ledger.crossModelFills;
    lowerBound = Math.max(lowerBound, lowerBoundMs(loadOf(pool), boundsOf(pool)));
  }
  const worked = models.filter((model) => model.sent > 0);
  const alone = sequentialMs(worked.map((model) => ({ load: loadOf(model), limits: tightest(model.pools) })));
  return {
    windows,
    slotsUsed,
    slotsWasted,
    utilisation: slotsUsed + slotsWasted === 0 ? 1 : slotsUsed / (slotsUsed + slotsWasted),
    crossModelFills,
    makespanMs,
    lowerBoundMs: Math.min(lowerBound, makespanMs),
    savedMs: Math.max(0, alone - makespanMs),
    composition: pools.flatMap((pool) => [...pool.ledger.compositions()]),
  };
}

function loadOf(from: Pick<ModelState, "sent" | "tokensSent" | "busyMs" | "shortestMs">): Load {
  const latencyMs = Number.isFinite(from.shortestMs) ? from.shortestMs : 0;
  return { requests: from.sent, tokens: from.tokensSent, latencyMs, busyMs: from.busyMs };
}

function boundsOf(pool: Pool): Bounds {
  const { requests, tokens, windowMs, kind } = pool.limits();
  return {
    requests: pool.slots,
    tokens: requests === pool.slots ? tokens : undefined,
    windowMs,
    kind,
    concurrency: pool.control.ceiling,
  };
}

/** Bounds that hold for one model alone: the pool that lets the fewest requests through in a unit of time, with the narrowest concurrency. */
function tightest(pools: readonly Pool[]): Bounds {
  const bounds = pools.map(boundsOf);
  const rate = (one: Bounds) => (one.requests ?? Number.POSITIVE_INFINITY) / one.windowMs;
  const slowest = bounds.reduce((a, b) => (rate(b) < rate(a) ? b : a));
  return { ...slowest, concurrency: Math.min(...bounds.map((one) => one.concurrency ?? Number.POSITIVE_INFINITY)) };
}
