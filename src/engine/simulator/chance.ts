import { type Random, seededRandom } from "../../base/random.ts";
import type { Faults, Latency, LatencyDistribution } from "./options.ts";

export type Fault = Exclude<keyof Faults, "retryAfterSeconds">;

const faultOrder: readonly Fault[] = [
  "rateLimited",
  "serverError",
  "unavailable",
  "hang",
  "cut",
  "malformedJson",
  "wrongSchema",
  "wrongContentType",
  "huge",
  "empty",
  "badAnswer",
];

/** The draws of one request: from the seed, what was asked, and how often it had been asked before, not from arrival order. */
export function drawsOf(seed: number, body: string, occurrence: number): Random {
  return seededRandom("simulator", seed, body, occurrence);
}

/** Which fault a request meets, if any; probabilities are taken in order, at most one happens. */
export function drawFault(faults: Faults | undefined, random: Random): Fault | undefined {
  if (faults === undefined) return undefined;
  let u = random();
  for (const fault of faultOrder) {
    const p = faults[fault] ?? 0;
    if (u < p) return fault;
    u -= p;
  }
  return undefined;
}

/** Milliseconds before the first byte. */
export function drawLatency(latency: Latency | undefined, uncachedTokens: number, random: Random): number {
  if (latency === undefined) return 0;
  const first = latency.first === undefined ? 0 : draw(latency.first, random);
  return Math.max(0, first + ((latency.perThousandPromptTokensMs ?? 0) * uncachedTokens) / 1_000);
}

function draw(distribution: LatencyDistribution, random: Random): number {
  switch (distribution.kind) {
    case "fixed":
      return distribution.ms;
    case "uniform":
      return distribution.minMs + (distribution.maxMs - distribution.minMs) * random();
    case "lognormal": {
      // Box-Muller.
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return distribution.medianMs * Math.exp(distribution.sigma * normal);
    }
  }
}
