/** A change of the concurrency, and why. */
export interface ConcurrencyChange {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** An episode of refusals: no further cut and no growth for so long, or as long as the provider asked. */
const episodeMs = 15_000;
/** Below this part of the limit in use, a success says nothing about more. */
const exercisedShare = 0.8;

/**
 * How many requests may be in flight: grows while the provider bears it, shrinks when it refuses (additive increase,
 * multiplicative decrease, after a slow start that doubles). The judgement follows Inspect's controller: it grows only when
 * the limit was exercised, cuts once for one episode of refusals, and pauses, without a cut, while the server has troubles of its own.
 */
export class AdaptiveConcurrency {
  #limit: number;
  #ceiling: number;
  #slowStart = true;
  /** Successes since the last change that counted toward growth. */
  #clean = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  #episodeEnd = Number.NEGATIVE_INFINITY;
  #reason: string | undefined;
  readonly #onChange: (change: ConcurrencyChange) => void;

  constructor(options: {
    readonly start: number;
    readonly max: number;
    readonly onChange: (change: ConcurrencyChange) => void;
  }) {
    this.#limit = Math.min(options.start, options.max);
    this.#ceiling = options.max;
    this.#onChange = options.onChange;
  }

  get limit(): number {
    return this.#limit;
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  /** Why the limit is what it is; undefined while it is what it began with. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether a send at this number in flight (itself included) puts the limit to the test. */
  exercises(inFlight: number): boolean {
    return inFlight >= exercisedShare * this.#limit;
  }

  succeeded(exercised: boolean, now: number): void {
    if (!exercised || now < this.#episodeEnd || this.#limit >= this.#ceiling) return;
    this.#clean++;
    if (this.#clean < this.#limit) return;
    if (this.#slowStart) this.#change(this.#limit * 2, "a full round went well, slow start doubles");
    else this.#change(this.#limit + Math.max(1, Math.floor(this.#limit * 0.05)), "a full round went well");
  }

  /** A rate-limit refusal of a request sent at `sentAt`. */
  refused(sentAt: number, now: number, retryAfterMs: number | undefined): void {
    // What was sent before the cut belongs to the episode that caused it.
    const sameEpisode = sentAt <= this.#cutAt || now < this.#episodeEnd;
    this.#episodeEnd = Math.max(this.#episodeEnd, now + (retryAfterMs ?? 0), sameEpisode ? 0 : now + episodeMs);
    this.#clean = 0;
    if (sameEpisode) return;
    this.#cutAt = now;
    const kept = this.#slowStart ? 0.5 : 0.8;
    this.#slowStart = false;
    this.#change(Math.max(1, Math.floor(this.#limit * kept)), "refused for a rate limit");
  }

  /** A failure of the server or the line is no reason to shrink, but takes back half of what had gone well. */
  troubled(): void {
    this.#clean = Math.floor(this.#clean / 2);
  }

  retune(max: number): void {
    this.#ceiling = max;
    this.#slowStart = false;
    this.#change(max, "retuned");
  }

  #change(to: number, reason: string): void {
    const from = this.#limit;
    this.#limit = Math.min(to, this.#ceiling);
    this.#clean = 0;
    if (this.#limit === from) return;
    this.#reason = reason;
    this.#onChange({ from, to: this.#limit, reason });
  }
}
