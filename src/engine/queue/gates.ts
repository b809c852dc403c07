import type { Item } from "./item.ts";
import type { ModelState } from "./model.ts";
import type { Pool } from "./pool.ts";
import type { WaitReason } from "./queue.ts";

/** Why a task may not go now; undefined when it may. */
export function gateOf(item: Item, now: number): WaitReason | undefined {
  const { state, lane } = item;
  const reason = modelGate(state, now);
  if (reason !== undefined) {
    for (const pool of state.pools) pool.passOver(lane);
    return reason;
  }
  const tokens = item.task.tokens * state.tokenRatio;
  for (const pool of state.pools) {
    const blocked = pool.blocks(lane, tokens, now);
    if (blocked !== undefined) return blocked;
  }
  return undefined;
}

/** What holds all of a model's tasks; undefined when nothing does. */
export function modelGate(state: ModelState, now: number): WaitReason | undefined {
  if (state.paused) return { kind: "paused" };
  const circuit = state.breaker.freeIn(now, state.inFlight);
  const oneAtATime = circuit === Number.POSITIVE_INFINITY || (state.refusals > 0 && state.inFlight > 0);
  if (circuit > 0 && !oneAtATime) return { kind: "circuitOpen", freeInMs: circuit };
  if (state.closedUntil > now) return { kind: "retryAfter", freeInMs: state.closedUntil - now };
  if (oneAtATime) {
    return { kind: "concurrency", pool: (state.pools[0] as Pool).id, inFlight: state.inFlight };
  }
  const turn = state.turns?.blocks(state.id, now);
  if (turn === undefined) return undefined;
  if ("other" in turn) return { kind: "otherModelLoaded", model: turn.other };
  return { kind: "requests", pool: (state.pools[0] as Pool).id, freeInMs: turn.freeInMs };
}
