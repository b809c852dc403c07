import { DueHeap } from "./heap.ts";
import type { Item } from "./item.ts";
import { isWell, type ModelState } from "./model.ts";

/** Failed tasks until they are sent again. Those that were cancelled or given up meanwhile stay in the heap and are passed over. */
export class Backoffs {
  readonly #heap = new DueHeap<Item>();

  get nextDue(): number | undefined {
    return this.#heap.nextDue;
  }

  push(item: Item): void {
    this.#heap.push(item.dueAt, item);
  }

  /** Takes the first task whose time has come. */
  popDue(now: number): Item | undefined {
    for (;;) {
      const item = this.#heap.popDue(now);
      if (item === undefined || (item.phase === "backingOff" && item.dueAt <= now)) return item;
    }
  }

  /** All tasks of a model. */
  *of(state: ModelState): Generator<Item> {
    for (const { item, due } of this.#heap) {
      if (item.state === state && item.phase === "backingOff" && due === item.dueAt) yield item;
    }
  }

  /** The task of a model that is due first. */
  nextOf(state: ModelState): Item | undefined {
    let next: Item | undefined;
    for (const item of this.of(state)) if (next === undefined || item.dueAt < next.dueAt) next = item;
    return next;
  }

  /**
   * The last tasks of models that answer on the whole: long back-offs protect nobody then, and only keep the run from ending.
   */
  *last(models: Iterable<ModelState>): Generator<Item> {
    let any = false;
    for (const state of models) any ||= isLast(state);
    if (!any) return;
    for (const { item } of this.#heap) if (item.phase === "backingOff" && isLast(item.state)) yield item;
  }
}

function isLast(state: ModelState): boolean {
  return state.backingOff > 0 && state.queued === 0 && isWell(state);
}
