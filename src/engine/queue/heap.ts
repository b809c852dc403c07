/** A binary heap: the item due first is on top. Items due at the same time leave in the order they came. */
export class DueHeap<T> {
  readonly #nodes: { readonly due: number; readonly seq: number; readonly item: T }[] = [];
  #seq = 0;

  get size(): number {
    return this.#nodes.length;
  }

  /** When the first item is due; undefined when there is none. */
  get nextDue(): number | undefined {
    return this.#nodes[0]?.due;
  }

  /** Every item with its time, in no order. */
  *[Symbol.iterator](): Generator<{ readonly due: number; readonly item: T }> {
    yield* this.#nodes;
  }

  push(due: number, item: T): void {
    const nodes = this.#nodes;
    const node = { due, seq: this.#seq++, item };
    let at = nodes.length;
    nodes.push(node);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = nodes[parent] as typeof node;
      if (!isBefore(node, above)) break;
      nodes[at] = above;
      at = parent;
    }
    nodes[at] = node;
  }

  /** Takes the first item when it is due by `now`. */
  popDue(now: number): T | undefined {
    const nodes = this.#nodes;
    const top = nodes[0];
    if (top === undefined || top.due > now) return undefined;
    const last = nodes.pop() as typeof top;
    if (nodes.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= nodes.length) break;
        const right = nodes[child + 1];
        if (right !== undefined && isBefore(right, nodes[child] as typeof top)) child++;
        const below = nodes[child] as typeof top;
        if (!isBefore(below, last)) break;
        nodes[at] = below;
        at = child;
      }
      nodes[at] = last;
    }
    return top.item;
  }
}

function isBefore(a: { due: number; seq: number }, b: { due: number; seq: number }): boolean {
  return a.due < b.due || (a.due === b.due && a.seq < b.seq);
}
