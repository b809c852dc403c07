/**
 * Follows many waiting items on few signals: one listener for each signal, however many items share it. (A listener for
 * each item would make adding one cost as much as there are items.)
 */
export class SignalWatch<T> {
  readonly #items = new Map<AbortSignal, { readonly items: Set<T>; readonly stop: () => void }>();
  readonly #onAbort: (item: T, reason: unknown) => void;

  constructor(onAbort: (item: T, reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  add(signal: AbortSignal, item: T): void {
    let watched = this.#items.get(signal);
    if (watched === undefined) {
      const items = new Set<T>();
      const listener = () => {
        this.#items.delete(signal);
        for (const each of items) this.#onAbort(each, signal.reason);
      };
      signal.addEventListener("abort", listener, { once: true });
      watched = { items, stop: () => signal.removeEventListener("abort", listener) };
      this.#items.set(signal, watched);
    }
    watched.items.add(item);
  }

  delete(signal: AbortSignal, item: T): void {
    const watched = this.#items.get(signal);
    if (watched === undefined) return;
    watched.items.delete(item);
    if (watched.items.size > 0) return;
    watched.stop();
    this.#items.delete(signal);
  }
}
