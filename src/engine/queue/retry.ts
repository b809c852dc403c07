import type { Random } from "../../base/random.ts";
import type { Outcome } from "../response/outcome.ts";
import { backoffMs } from "./backoff.ts";
import type { QueueSettings } from "./presets.ts";

/** What one request has been through. */
export interface Tries {
  /** Retries spent from its budget. */
  readonly retries: number;
  /** Times the provider refused it for a rate limit. */
  readonly refusals: number;
}

/**
 * What follows an attempt. `refused` goes back to the front at once, as the refusal closes the gate it waits behind;
 * `retry` waits for itself.
 */
export type NextStep =
  | { readonly kind: "settle" }
  | { readonly kind: "refused" }
  | { readonly kind: "retry"; readonly afterMs: number };

/**
 * The only retry in the product. Only a provider that refused for a rate limit or was unavailable is asked again; every
 * other outcome would come out the same. Refusals cost no retry until there have been too many of them.
 */
export function nextStep(outcome: Outcome, tries: Tries, settings: QueueSettings, random: Random): NextStep {
  if (outcome.kind === "rateLimited") {
    if (tries.refusals < settings.freeRefusals + settings.retries) return { kind: "refused" };
    return { kind: "settle" };
  }
  if (outcome.kind !== "unavailable" || tries.retries >= settings.retries) return { kind: "settle" };
  const backoff = { baseMs: settings.backoffMs, maxMs: settings.maxBackoffMs };
  return { kind: "retry", afterMs: outcome.retryAfterMs ?? backoffMs(backoff, tries.retries + 1, random) };
}
