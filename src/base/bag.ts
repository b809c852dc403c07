/** What a bag holds: it knows its place in the one bag that it is in. */
export interface Bagged {
  place?: number | undefined;
}

/**
 * A set of things that come and go all the time, in no order. V8's own sets and maps lay out a new table after so many deletions,
 * and every old table leads to the next: the collector of young objects then takes all that passed through for alive, copies it
 * twice and leaves it to the next full collection. (Of a run's pauses that was most.) Here, taking one out moves the last one.
 */
export class Bag<T extends Bagged> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    if (item.place !== undefined) return;
    item.place = this.#items.length;
    this.#items.push(item);
  }

  delete(item: T): void {
    const { place } = item;
    if (place === undefined) return;
    item.place = undefined;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** Those that are in it now; it may change meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.slice().values();
  }
}
