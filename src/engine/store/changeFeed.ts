import type { Clock } from "../../base/clock.ts";
import { type Disposable, disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";

/** How often another process's commits are looked for. */
const pollMs = 100;

/**
 * Tells listeners that the request table may have changed: at once after a commit of this process, and within 100 ms after one
 * of another. It looks only while someone listens.
 */
export class ChangeFeed {
  readonly #emitter = new Emitter<true>();
  readonly #clock: Clock;
  readonly #version: () => number;
  #listeners = 0;
  #seen = 0;
  #cancel: (() => void) | undefined;

  /** `version` changes whenever another connection commits (PRAGMA data_version). */
  constructor(clock: Clock, version: () => number) {
    this.#clock = clock;
    this.#version = version;
  }

  listen(listener: () => void): Disposable {
    const subscription = this.#emitter.event(listener);
    this.#listeners++;
    if (this.#listeners === 1) {
      this.#seen = this.#version();
      this.#poll();
    }
    return disposable(() => {
      subscription.dispose();
      this.#listeners--;
      if (this.#listeners === 0) this.dispose();
    });
  }

  fire(): void {
    this.#emitter.fire(true);
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #poll(): void {
    this.#cancel = this.#clock.after(pollMs, () => {
      const version = this.#version();
      const changed = version !== this.#seen;
      this.#seen = version;
      this.#poll();
      if (changed) this.#emitter.fire(true);
    });
  }
}
