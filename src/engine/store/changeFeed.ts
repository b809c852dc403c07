import type { Clock } from "../../base/clock.ts";
import { type Disposable, disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";

/** How often another process's commits are looked for where the system does not tell of them. */
const pollMs = 100;
/** From a write to the second look at what it was: the commit that it belongs to is whole by then, and a busy file is looked at no more often. */
const settleMs = 1;

/**
 * Tells listeners that the request table may have changed: at once after a commit of this process, and after one of another
 * as soon as the system tells of the write, within 100 ms at the latest. It looks only while someone listens.
 */
export class ChangeFeed {
  readonly #emitter = new Emitter<true>();
  readonly #clock: Clock;
  readonly #version: () => number;
  readonly #watch: (onWrite: () => void) => () => void;
  #listeners = 0;
  #seen = 0;
  #cancelPoll = () => {};
  #cancelLook: (() => void) | undefined;
  #stopWatching = () => {};

  /** `version` changes whenever another connection commits (PRAGMA data_version); `watch` tells of writes to the file. */
  constructor(clock: Clock, version: () => number, watch: (onWrite: () => void) => () => void) {
    this.#clock = clock;
    this.#version = version;
    this.#watch = watch;
  }

  listen(listener: () => void): Disposable {
    const subscription = this.#emitter.event(listener);
    this.#listeners++;
    if (this.#listeners === 1) {
      this.#seen = this.#version();
      this.#stopWatching = this.#watch(() => this.#written());
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
    this.#stopWatching();
    this.#cancelPoll();
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  #written(): void {
    if (this.#cancelLook !== undefined) return;
    this.#look();
    this.#cancelLook = this.#clock.after(settleMs, () => {
      this.#cancelLook = undefined;
      this.#look();
    });
  }

  #poll(): void {
    this.#cancelPoll = this.#clock.after(pollMs, () => {
      this.#poll();
      this.#look();
    });
  }

  #look(): void {
    const version = this.#version();
    if (version === this.#seen) return;
    this.#seen = version;
    this.#emitter.fire(true);
  }
}
