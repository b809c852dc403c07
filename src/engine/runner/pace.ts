import type { Clock } from "../../base/clock.ts";

const windowMs = 10_000;

/** Ends per second over the last ten seconds, and the time left at that pace. */
export class Pace {
  readonly #clock: Clock;
  readonly #started: number;
  /** Ends per whole second since the start; only the window's seconds are kept. */
  readonly #bySecond = new Map<number, number>();
  #ended = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  get elapsedMs(): number {
    return this.#clock.monotonic() - this.#started;
  }

  add(count: number): void {
    this.#ended += count;
    const second = Math.floor(this.elapsedMs / 1000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + count);
    for (const old of this.#bySecond.keys()) {
      if (old >= second - windowMs / 1000) break;
      this.#bySecond.delete(old);
    }
  }

  /** Ends since the start. */
  get ended(): number {
    return this.#ended;
  }

  get perSecond(): number {
    const now = this.elapsedMs;
    const from = Math.max(0, now - windowMs);
    let count = 0;
    for (const [second, ends] of this.#bySecond) if (second * 1000 >= from - 1000) count += ends;
    return now === 0 ? 0 : count / (Math.max(1000, Math.min(now, windowMs)) / 1000);
  }

  /**
   * Time left at the pace of late, in ms; undefined until there is one. Where limits let it take `leastMs` or more, work goes in
   * bursts, and only the pace since the start says anything.
   */
  left(remaining: number, leastMs: number): number | undefined {
    if (remaining <= 0) return 0;
    const pace = leastMs > 0 ? (this.#ended / this.elapsedMs) * 1000 : this.perSecond;
    const byPace = pace > 0 ? (remaining / pace) * 1000 : undefined;
    return leastMs > 0 ? Math.max(leastMs, byPace ?? 0) : byPace;
  }
}
