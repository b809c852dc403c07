/** One signal, and the items that wait on it. */
export class Watch<T> {
  readonly signal: AbortSignal;
  readonly #items = new Set<T>();
  readonly #onAbort: () => void;

  constructor(signal: AbortSignal, onAbort: (item: T, reason: unknown) => void) {
    this.signal = signal;
    const abort = () => {
      for (const item of this.#items) onAbort(item, signal.reason);
    };
    this.#onAbort = abort;
    signal.addEventListener("abort", abort, { once: true });
  }

  get isOver(): boolean {
    return this.#items.size === 0;
  }

  add(item: T): void {
    this.#items.add(item);
  }

  delete(item: T): void {
    this.#items.delete(item);
    if (this.isOver) this.signal.removeEventListener("abort", this.#onAbort);
  }
}

/**
 * Follows waiting items on their signals: one listener for all that come with the same signal one after another. (A listener
 * for each would make adding one cost as much as there are items.)
 */
export class SignalWatch<T> {
  readonly #onAbort: (item: T, reason: unknown) => void;
  #latest: Watch<T> | undefined;

  constructor(onAbort: (item: T, reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  /** The item is to be deleted from what this returns. */
  add(signal: AbortSignal, item: T): Watch<T> {
    let watch = this.#latest;
    if (watch === undefined || watch.signal !== signal || watch.isOver) watch = new Watch(signal, this.#onAbort);
    this.#latest = watch;
    watch.add(item);
    return watch;
  }
}
