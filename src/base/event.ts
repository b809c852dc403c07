import { type Disposable, disposable } from "./disposable.ts";

/** Subscribe by calling it; dispose the result to stop listening. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** The firing side of an `Event`. A re-entrant `fire` is delivered after the current one, so order is kept. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #pending: T[] = [];
  #delivering = false;

  readonly event: Event<T> = (listener) => {
    // A wrapper keeps the same function subscribed twice apart.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return disposable(() => this.#listeners.delete(own));
  };

  fire(value: T): void {
    this.#pending.push(value);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      // Grows while listeners fire; by index, as a value may itself be undefined.
      for (let i = 0; i < this.#pending.length; i++) {
        const next = this.#pending[i] as T;
        for (const listener of [...this.#listeners]) listener(next);
      }
    } finally {
      this.#delivering = false;
      this.#pending.length = 0;
    }
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
