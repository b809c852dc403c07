import type { WindowKind } from "./queue.ts";

/** What one reply's headers said about one limit, and when it was asked and answered (monotonic ms). */
export interface LimitSighting {
  /** Number of the send in its meter's log; sends before it were counted before it. */
  readonly seq: number;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly limit: number;
  readonly remaining: number | undefined;
  /** Milliseconds until the allowance is full again. */
  readonly resetMs: number | undefined;
}

/** A moment at which the allowance is full again as far as the sends up to `seq` are concerned; `at` is its latest time. */
export interface FullAgain {
  seq: number;
  at: number;
  earliest: number;
  /** The sighting that showed it first. */
  readonly first: { readonly sentAt: number; readonly receivedAt: number; readonly resetMs: number };
}

/**
 * Learns from headers what limit a server holds and how it counts. The reset time is compared with three pictures:
 * a bucket's grows in proportion to what was used, a fixed window's end stands still until it has passed, a sliding
 * window's runs ahead of the clock. The server read its clock somewhere between our send and its reply, so each sighting
 * gives an interval, and sightings of the same moment narrow it.
 */
export class LimitLearner {
  limit: number | undefined;
  kind: WindowKind | undefined;
  windowMs: number | undefined;

  /** The window that ended last, and the one that is running. */
  #previous: FullAgain | undefined;
  #current: FullAgain | undefined;
  /** Sightings whose end had moved before it had passed, and those that found it where it was. */
  #ranAhead = 0;
  #stoodStill = 0;
  #longestReset = 0;
  #shortestReset = Number.POSITIVE_INFINITY;
  #slidingUpper = Number.POSITIVE_INFINITY;
  readonly #bucket = new BucketSigns();

  /** Gives the end that the sighting speaks of; undefined when its headers name none. */
  observe(sighting: LimitSighting): FullAgain | undefined {
    const { limit, remaining, resetMs } = sighting;
    if (this.limit !== limit) this.#forget();
    this.limit = limit;
    if (resetMs === undefined || resetMs < 0) return undefined;
    const end = this.#followEnd(sighting, resetMs);
    if (remaining === undefined) return end;
    this.#bucket.add(limit, limit - remaining, resetMs);
    const bucketWindow = this.#bucket.windowMs;
    if (bucketWindow !== undefined) {
      this.kind = "bucket";
      this.windowMs = bucketWindow;
    } else if (this.kind === "bucket") {
      this.kind = undefined;
      this.windowMs = undefined;
    }
    return end;
  }

  /** When the send with this number stops counting according to the headers; undefined when they did not say. */
  fullAgainFor(seq: number): FullAgain | undefined {
    if (this.#previous !== undefined && seq <= this.#previous.seq) return this.#previous;
    if (this.#current !== undefined && seq <= this.#current.seq) return this.#current;
    return undefined;
  }

  /** End of the running window by the newest headers. */
  get windowEnd(): number | undefined {
    return this.#current?.at;
  }

  #followEnd({ seq, sentAt, receivedAt }: LimitSighting, resetMs: number): FullAgain {
    const earliest = sentAt + resetMs;
    const latest = receivedAt + resetMs;
    const tolerance = roundingOf(resetMs);
    const includes = (end: FullAgain | undefined) =>
      end !== undefined && end.at >= earliest - tolerance && end.at <= latest + tolerance;
    const current = this.#current;
    const previous = this.#previous;
    this.#longestReset = Math.max(this.#longestReset, resetMs);
    this.#shortestReset = Math.min(this.#shortestReset, resetMs);
    this.#slidingUpper = Math.min(this.#slidingUpper, latest - sentAt);
    if (previous !== undefined && includes(previous) && !includes(current)) {
      // A slow reply from a window that is over.
      previous.seq = Math.max(previous.seq, seq);
      return previous;
    }
    if (current !== undefined && earliest <= current.at) {
      const { first } = current;
      // Resets in whole seconds look alike for a while; one that stands still comes nearer.
      const nearer = resetMs < first.resetMs - (sentAt - first.sentAt) / 2;
      if (sentAt > first.receivedAt && nearer) this.#stoodStill++;
      // Only of a window that stands still are these sightings of the same moment.
      current.at = this.#standsStill ? Math.min(current.at, latest) : Math.max(current.at, latest);
      current.earliest = Math.max(current.earliest, earliest);
      current.seq = Math.max(current.seq, seq);
      return current;
    }
    const fresh: FullAgain = { seq, at: latest, earliest, first: { sentAt, receivedAt, resetMs } };
    this.#current = fresh;
    if (current === undefined) return fresh;
    if (current.earliest <= receivedAt) {
      this.#previous = current;
      this.#learnFixed(latest - current.earliest);
    } else if (earliest > current.at + tolerance) {
      this.#learnSliding();
    }
    return fresh;
  }

  get #standsStill(): boolean {
    return this.#stoodStill > 0 && this.#ranAhead === 0;
  }

  /** One window's end after another's has passed: a fixed window, at most as long as the time between them. */
  #learnFixed(period: number): void {
    if (this.kind === "bucket" || this.#stoodStill === 0 || this.#ranAhead > 0) return;
    this.kind = "fixed";
    this.windowMs = Math.max(this.#longestReset, Math.min(period, this.windowMs ?? period));
  }

  /** Each reply sees the whole window ahead of itself. */
  #learnSliding(): void {
    this.#ranAhead++;
    const steady = this.#shortestReset > 0.9 * this.#longestReset;
    if (this.kind === "bucket" || this.#ranAhead < 3 || this.#stoodStill > 0 || !steady) return;
    this.kind = "sliding";
    this.windowMs = Math.max(this.#longestReset, this.#slidingUpper);
  }

  #forget(): void {
    this.kind = undefined;
    this.windowMs = undefined;
    this.#current = undefined;
    this.#previous = undefined;
    this.#ranAhead = 0;
    this.#stoodStill = 0;
    this.#longestReset = 0;
    this.#shortestReset = Number.POSITIVE_INFINITY;
    this.#slidingUpper = Number.POSITIVE_INFINITY;
    this.#bucket.clear();
  }
}

/**
 * A bucket that holds `limit` and refills it in `window` is full again after `used / limit * window`. Each sighting bounds
 * the window from both sides (`remaining` is a whole number, the level is not); as long as one window fits them all while
 * the used part varied twofold, it is a bucket.
 */
class BucketSigns {
  #low = 0;
  #high = Number.POSITIVE_INFINITY;
  #sightings = 0;
  #leastUsed = Number.POSITIVE_INFINITY;
  #mostUsed = 0;

  add(limit: number, used: number, resetMs: number): void {
    if (used < 1) return;
    const rounding = roundingOf(resetMs);
    this.#low = Math.max(this.#low, ((resetMs - rounding) * limit) / (used + 1));
    if (used > 1) this.#high = Math.min(this.#high, ((resetMs + rounding) * limit) / (used - 1));
    this.#sightings++;
    this.#leastUsed = Math.min(this.#leastUsed, used);
    this.#mostUsed = Math.max(this.#mostUsed, used);
    if (this.#low > this.#high) this.clear();
  }

  /** The refill time of a whole bucket, on the long side; undefined while it may be another kind. */
  get windowMs(): number | undefined {
    const varied = this.#mostUsed >= 2 * this.#leastUsed && this.#mostUsed >= this.#leastUsed + 4;
    const sure = this.#sightings >= 3 && varied && this.#high <= 2 * this.#low;
    return sure ? this.#high : undefined;
  }

  clear(): void {
    this.#low = 0;
    this.#high = Number.POSITIVE_INFINITY;
    this.#sightings = 0;
    this.#leastUsed = Number.POSITIVE_INFINITY;
    this.#mostUsed = 0;
  }
}

/** Headers in whole seconds may be off by one. */
function roundingOf(resetMs: number): number {
  return resetMs > 0 && resetMs % 1000 === 0 ? 1000 : 2;
}
