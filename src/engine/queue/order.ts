import { Fifo } from "./fifo.ts";

/** What the order needs to know of an item. `gone` items (cancelled while they waited) are skipped when they come up. */
export interface Orderable {
  readonly model: string;
  readonly run: string;
  readonly variant: string;
  /** Slots this item's run gets beside others; default 1. */
  readonly share: number;
  gone: boolean;
}

/**
 * Who goes next? Runs take turns by what they were served; within a run retries come first, then the current model (the
 * one that has waited longest for its end), then the next ones; within a model the variants alternate, so that all meet
 * the same weather; within a variant items keep their order. Nothing here looks at more than the heads.
 */
export class Order<T extends Orderable> {
  readonly #runs = new Map<string, Run<T>>();
  readonly #weights: Readonly<Record<string, number>> | undefined;
  /** Served work of the run that was served last: a run that arrives starts level with the others. */
  #level = 0;

  /** With `weights` the models of a run share slots in proportion, instead of one after another. */
  constructor(weights?: Readonly<Record<string, number>>) {
    this.#weights = weights;
  }

  add(item: T): void {
    const lane = this.#lane(item);
    lane.size++;
    let variant = lane.variants.get(item.variant);
    if (variant === undefined) {
      variant = new Fifo();
      lane.variants.set(item.variant, variant);
    }
    if (variant.length === 0) lane.ring.push(variant);
    variant.push(item);
  }

  /** An item that comes back, ahead of all that has not been sent; `first` puts it ahead of other retries too. */
  addRetry(item: T, first: boolean): void {
    const lane = this.#lane(item);
    lane.size++;
    if (first) lane.retries.unshift(item);
    else lane.retries.push(item);
  }

  /** Takes the first item that is admitted. `admits` is asked about heads only, and about a model again after a refusal: it should remember. */
  next(admits: (item: T) => boolean): T | undefined {
    for (const run of this.#runsInTurn()) {
      const lanes = this.#lanesInTurn(run);
      for (const lane of lanes) {
        const head = headOf(lane.retries);
        if (head !== undefined && admits(head)) return this.#take(run, lane, lane.retries);
      }
      for (const lane of lanes) {
        const variant = frontVariant(lane);
        if (variant !== undefined && admits(variant.peek() as T)) {
          lane.ring.shift();
          const item = this.#take(run, lane, variant);
          if (variant.length > 0) lane.ring.push(variant);
          return item;
        }
      }
    }
    return undefined;
  }

  /** The first item of a model, whichever run it belongs to. */
  headOf(model: string): T | undefined {
    for (const run of this.#runs.values()) {
      const lane = run.lanes.get(model);
      if (lane === undefined) continue;
      const head = headOf(lane.retries) ?? frontVariant(lane)?.peek();
      if (head !== undefined) return head;
    }
    return undefined;
  }

  /** Forgets an item that waits here. */
  remove(item: T): void {
    item.gone = true;
    const run = this.#runs.get(item.run);
    const lane = run?.lanes.get(item.model);
    if (run !== undefined && lane !== undefined) this.#shrink(run, lane);
  }

  /** Takes out everything that waits for a model. */
  drain(model: string): T[] {
    const items: T[] = [];
    for (const run of [...this.#runs.values()]) {
      const lane = run.lanes.get(model);
      if (lane === undefined) continue;
      for (const queue of [lane.retries, ...lane.variants.values()]) {
        for (const item of queue) if (!item.gone) items.push(item);
      }
      run.lanes.delete(model);
      if (run.lanes.size === 0) this.#runs.delete(run.name);
    }
    return items;
  }

  #lane(item: T): Lane<T> {
    let run = this.#runs.get(item.run);
    if (run === undefined) {
      run = { name: item.run, served: this.#level, share: item.share, lanes: new Map() };
      this.#runs.set(item.run, run);
    }
    let lane = run.lanes.get(item.model);
    if (lane === undefined) {
      const served = Math.min(...[...run.lanes.values()].map((other) => other.served));
      lane = {
        model: item.model,
        retries: new Fifo(),
        variants: new Map(),
        ring: new Fifo(),
        size: 0,
        served: Number.isFinite(served) ? served : 0,
      };
      run.lanes.set(item.model, lane);
    }
    return lane;
  }

  #runsInTurn(): Iterable<Run<T>> {
    if (this.#runs.size < 2) return this.#runs.values();
    return [...this.#runs.values()].sort((a, b) => a.served - b.served);
  }

  #lanesInTurn(run: Run<T>): readonly Lane<T>[] {
    const lanes = [...run.lanes.values()];
    return this.#weights === undefined ? lanes : lanes.sort((a, b) => a.served - b.served);
  }

  #take(run: Run<T>, lane: Lane<T>, queue: Fifo<T>): T {
    const item = queue.shift() as T;
    this.#level = run.served;
    run.served += 1 / run.share;
    lane.served += 1 / (this.#weights?.[lane.model] ?? 1);
    this.#shrink(run, lane);
    return item;
  }

  /** An emptied lane leaves: the next model is then the current one, and this one queues up again if more comes. */
  #shrink(run: Run<T>, lane: Lane<T>): void {
    lane.size--;
    if (lane.size > 0) return;
    run.lanes.delete(lane.model);
    if (run.lanes.size === 0) this.#runs.delete(run.name);
  }
}

interface Run<T> {
  readonly name: string;
  readonly share: number;
  /** Items served, divided by the share. */
  served: number;
  /** By model, in the order of arrival. */
  readonly lanes: Map<string, Lane<T>>;
}

interface Lane<T> {
  readonly model: string;
  readonly retries: Fifo<T>;
  readonly variants: Map<string, Fifo<T>>;
  /** Variants that have items, the next to serve first. */
  readonly ring: Fifo<Fifo<T>>;
  size: number;
  served: number;
}

function headOf<T extends Orderable>(queue: Fifo<T>): T | undefined {
  for (;;) {
    const head = queue.peek();
    if (head === undefined || !head.gone) return head;
    queue.shift();
  }
}

function frontVariant<T extends Orderable>(lane: Lane<T>): Fifo<T> | undefined {
  for (;;) {
    const variant = lane.ring.peek();
    if (variant === undefined || headOf(variant) !== undefined) return variant;
    lane.ring.shift();
  }
}
