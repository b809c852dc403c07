import type { BreakerSettings } from "./presets.ts";

/** A circuit as it is stored: wall time, so that it means something after a restart. */
export interface CircuitState {
  readonly kind: "closed" | "open" | "halfOpen";
  /** Failures in a row. */
  readonly failures: number;
  /** Probes that failed since it opened. */
  readonly probes: number;
  /** When the next probe may go, in ms since the epoch; 0 unless open. */
  readonly retryAt: number;
}

/** Where circuits live between processes. Both calls are quick; what cannot be saved is the store's to report. */
export interface CircuitStore {
  load(model: string): CircuitState | undefined;
  save(model: string, state: CircuitState): void;
}

type Inner =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly failures: number; readonly probes: number; readonly until: number }
  | { readonly kind: "halfOpen"; readonly failures: number; readonly probes: number; readonly successes: number };

/**
 * Stops asking a model that does not answer. Opens after so many failures in a row; when its time is over one request at
 * a time goes through, until enough of them were answered (closed) or one failed (open again). It judges; the queue waits. Times are monotonic ms.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #inner: Inner;

  constructor(
    settings: BreakerSettings,
    saved?: { readonly state: CircuitState; readonly wallNow: number; readonly now: number },
  ) {
    this.#settings = settings;
    this.#inner = saved === undefined ? { kind: "closed", failures: 0 } : restore(saved, settings);
  }

  get kind(): CircuitState["kind"] {
    return this.#inner.kind;
  }

  /** Probes that failed since it opened. */
  get failedProbes(): number {
    return this.#inner.kind === "closed" ? 0 : this.#inner.probes;
  }

  /** True once so many probes have failed that waiting work should be given up. */
  get hopeless(): boolean {
    return this.#inner.kind === "open" && this.#inner.probes >= this.#settings.probes;
  }

  /** Time until a request may go: 0 is now, infinite is "when the one in flight is back". */
  freeIn(now: number, inFlight: number): number {
    const inner = this.#inner;
    if (inner.kind === "closed") return 0;
    if (inner.kind === "open" && now < inner.until) return inner.until - now;
    return inFlight === 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** A request leaves. After an open period it is the probe. Returns whether the state changed, as the two below do. */
  sent(now: number): boolean {
    const inner = this.#inner;
    if (inner.kind !== "open" || now < inner.until) return false;
    this.#inner = { kind: "halfOpen", failures: inner.failures, probes: inner.probes, successes: 0 };
    return true;
  }

  succeeded(): boolean {
    const inner = this.#inner;
    if (inner.kind === "closed") {
      if (inner.failures > 0) this.#inner = { kind: "closed", failures: 0 };
      return false;
    }
    // An answer while it is open was asked for before: the model lives after all.
    const successes = inner.kind === "open" ? 1 : inner.successes + 1;
    if (successes >= this.#settings.healthyAfter) this.#inner = { kind: "closed", failures: 0 };
    else this.#inner = { kind: "halfOpen", failures: inner.failures, probes: inner.probes, successes };
    return this.#inner.kind !== inner.kind;
  }

  /**
   * `inFlight` requests of the model are still under way. Failures are often quicker than answers, so with many under way
   * a few failures in a row come first without anything being wrong; half as many as are under way do not.
   */
  failed(now: number, inFlight: number): boolean {
    const inner = this.#inner;
    // Requests that were under way when it opened fail late; they say nothing new.
    if (inner.kind === "open") return false;
    const failures = inner.failures + 1;
    if (inner.kind === "closed" && failures < Math.max(this.#settings.failures, inFlight / 2)) {
      this.#inner = { kind: "closed", failures };
      return false;
    }
    const probes = inner.kind === "halfOpen" ? inner.probes + 1 : 0;
    this.#inner = { kind: "open", failures, probes, until: now + this.#settings.openMs };
    return true;
  }

  /** A person knows better: it is asked again as if nothing had happened. */
  reset(): boolean {
    const changed = this.#inner.kind !== "closed";
    this.#inner = { kind: "closed", failures: 0 };
    return changed;
  }

  toJSON(wallNow: number, now: number): CircuitState {
    const inner = this.#inner;
    return {
      kind: inner.kind,
      failures: inner.failures,
      probes: this.failedProbes,
      retryAt: inner.kind === "open" ? wallNow + Math.max(0, inner.until - now) : 0,
    };
  }
}

/** A half-open circuit starts again with its probe; a stored time never means a longer wait than the settings do. */
function restore(
  { state, wallNow, now }: { readonly state: CircuitState; readonly wallNow: number; readonly now: number },
  settings: BreakerSettings,
): Inner {
  if (state.kind === "closed") return { kind: "closed", failures: Math.min(state.failures, settings.failures - 1) };
  const left = Math.min(Math.max(0, state.retryAt - wallNow), settings.openMs);
  return {
    kind: "open",
    failures: state.failures,
    probes: Math.min(state.probes, settings.probes - 1),
    until: now + left,
  };
}
