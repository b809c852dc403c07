import type { Outcome } from "../response/outcome.ts";
import type { ModelState, Trouble } from "./model.ts";
import type { QueueSettings } from "./presets.ts";
import type { Settled } from "./queue.ts";

/** A task that never left. */
export function notSent(outcome: Outcome): Settled {
  return { reply: { outcome }, attempts: 0, queuedMs: 0 };
}

const unknownTrouble: Trouble = {
  kind: "unavailable",
  reason: "connection",
  status: undefined,
  message: "it did so before this start, too",
  retryAfterMs: undefined,
  body: undefined,
};

/** The trouble of a task that was not sent because its model had too much of it. */
export function notSentFor(trouble: Trouble = unknownTrouble): Trouble {
  const what = trouble.kind === "rateLimited" ? "refused" : "failed";
  const message = `not sent: the model ${what} too often in a row (last: ${trouble.message})`;
  return trouble.kind === "rateLimited" ? { ...trouble, message } : { ...trouble, message, body: undefined };
}

/**
 * What a task of a model that was given up settles with, as long as its circuit is open or its provider wants quiet; then
 * one task tries again. Undefined when there is hope.
 */
export function deadOutcome(state: ModelState, now: number, { freeRefusals }: QueueSettings): Trouble | undefined {
  const broken = state.breaker.hopeless && state.breaker.freeIn(now, state.inFlight) > 0;
  const refused = state.refusals > freeRefusals && state.closedUntil > now;
  return broken || refused ? notSentFor(state.lastTrouble) : undefined;
}
