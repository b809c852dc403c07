/** How hard a run may lean on its providers. Every number can be set on its own. */
export interface QueueSettings {
  /** Requests in flight at the start of a pool whose concurrency was not told. */
  readonly concurrency: number;
  /** Where the adaptive concurrency stops growing, again only when it was not told. */
  readonly maxConcurrency: number;
  /** Each attempt is given up after this. */
  readonly timeoutMs: number;
  /** Sends after the first, for what is worth sending again. */
  readonly retries: number;
  /** Wait before the first retry; each further one doubles it. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Rate-limit refusals of one request that leave its retries untouched. */
  readonly freeRefusals: number;
  readonly breaker: BreakerSettings;
}

export interface BreakerSettings {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /** How long it stays open before a probe. */
  readonly openMs: number;
  /** Answers in a row, one request at a time, that close it again. */
  readonly healthyAfter: number;
  /** Failed probes after which the model's waiting work is given up. One is enough when nothing else is left to do. */
  readonly probes: number;
}

export type PresetName = "conservative" | "default" | "aggressive";

export const presets: Readonly<Record<PresetName, QueueSettings>> = {
  conservative: {
    concurrency: 1,
    maxConcurrency: 4,
    timeoutMs: 180_000,
    retries: 3,
    backoffMs: 10_000,
    maxBackoffMs: 120_000,
    freeRefusals: 20,
    breaker: { failures: 3, openMs: 120_000, healthyAfter: 5, probes: 3 },
  },
  default: {
    concurrency: 3,
    maxConcurrency: 32,
    timeoutMs: 120_000,
    retries: 2,
    backoffMs: 5_000,
    maxBackoffMs: 60_000,
    freeRefusals: 10,
    breaker: { failures: 5, openMs: 60_000, healthyAfter: 3, probes: 3 },
  },
  aggressive: {
    concurrency: 16,
    maxConcurrency: 256,
    timeoutMs: 60_000,
    retries: 2,
    backoffMs: 1_000,
    maxBackoffMs: 30_000,
    freeRefusals: 10,
    breaker: { failures: 10, openMs: 30_000, healthyAfter: 2, probes: 3 },
  },
};
