import type { Bagged } from "../../base/bag.ts";
import type { Attempt } from "./attempt.ts";
import type { ModelState } from "./model.ts";
import type { Orderable } from "./order.ts";
import type { Hold, Pool } from "./pool.ts";
import type { Settled, Task } from "./queue.ts";
import type { Watch } from "./watch.ts";

/** A task on its way. */
export interface Item extends Orderable, Bagged {
  readonly task: Task;
  readonly lane: object;
  readonly state: ModelState;
  readonly signal: AbortSignal;
  readonly resolve: (settled: Settled) => void;
  readonly reject: (error: unknown) => void;
  readonly addedAt: number;
  phase: "queued" | "backingOff" | "inFlight" | "settled";
  waitingSince: number;
  queuedMs: number;
  attempts: number;
  retries: number;
  refusals: number;
  /** End of its back-off, and the earliest end when it is the last to be done. */
  dueAt: number;
  earlyAt: number;
  attempt: Attempt | undefined;
  watch: Watch<Item> | undefined;
  holds: readonly (readonly [Pool, Hold])[];
}

/** A task that begins to wait. */
export function newItem(
  task: Task,
  state: ModelState,
  now: number,
  caller: Pick<Item, "signal" | "resolve" | "reject">,
): Item {
  return {
    model: task.model,
    run: task.run,
    variant: task.variant,
    share: task.share ?? 1,
    gone: false,
    task,
    lane: laneOf(state, task.run),
    state,
    ...caller,
    addedAt: now,
    phase: "queued",
    waitingSince: now,
    queuedMs: 0,
    attempts: 0,
    retries: 0,
    refusals: 0,
    dueAt: 0,
    earlyAt: 0,
    attempt: undefined,
    watch: undefined,
    holds: [],
  };
}

function laneOf(state: ModelState, run: string): object {
  let lane = state.lanes.get(run);
  if (lane === undefined) {
    lane = {};
    state.lanes.set(run, lane);
  }
  return lane;
}
