import type { Clock } from "../../src/base/clock.ts";
import { DueHeap } from "../../src/engine/queue/heap.ts";

/** Time that passes only when it is told to: schedules of hours are tested in milliseconds. Starts at wall time 2026-01-01. */
export class VirtualClock implements Clock {
  readonly #timers = new DueHeap<{ readonly callback: () => void; cancelled: boolean }>();
  #time = 0;
  #wallOffset = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#wallOffset + this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { callback, cancelled: false };
    this.#timers.push(this.#time + Math.max(0, ms), timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** The wall clock is set; what measures durations must not notice. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Lets `ms` pass, each timer firing at its own time and everything it leads to happening before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    await this.#runUntil(() => (this.#timers.nextDue ?? Number.POSITIVE_INFINITY) > end);
    this.#time = end;
  }

  /** Lets time pass until the promise settles. Rejects when nothing is left that could settle it, or after `longest` ms. */
  async until<T>(promise: Promise<T>, longest = 100 * 86_400_000): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    const end = this.#time + longest;
    await this.#runUntil(() => settled || (this.#timers.nextDue ?? Number.POSITIVE_INFINITY) > end);
    if (!settled) throw new Error(`nothing more happens, or not by ${end} ms`);
    return promise;
  }

  async #runUntil(done: () => boolean): Promise<void> {
    await settle();
    while (!done() && this.#timers.size > 0) {
      this.#time = Math.max(this.#time, this.#timers.nextDue ?? 0);
      let fired = false;
      for (let timer = this.#timers.popDue(this.#time); timer; timer = this.#timers.popDue(this.#time)) {
        if (timer.cancelled) continue;
        fired = true;
        timer.callback();
      }
      if (fired) await settle();
    }
  }
}

/** Lets every promise reaction that is due run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
