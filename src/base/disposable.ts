/** Something that holds on to the world until it is told to let go. Disposing twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/** A disposable that runs `release` once. */
export function disposable(release: () => void): Disposable {
  let held = true;
  return {
    dispose() {
      if (!held) return;
      held = false;
      release();
    },
  };
}

/** Owns what is added to it; what is added after its end is disposed at once. */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Disposes what is held and stays usable. */
  clear(): void {
    const items = [...this.#items].reverse();
    this.#items.clear();
    for (const item of items) item.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    this.clear();
  }
}
