import { Fifo } from "./fifo.ts";

/** Which models filled one window of a pool. */
export interface Composition {
  readonly pool: string;
  readonly window: number;
  readonly byModel: Readonly<Record<string, number>>;
}

/** Compositions kept for each pool; older ones live on in the totals. */
const keptWindows = 200;

/**
 * Books what each window of a pool was used for. Windows begin with the first send and follow one another while work waits;
 * after a pause the next one begins with the next send. A slot is wasted when it passes unused while work for the pool could have filled it.
 */
export class WindowLedger {
  readonly #pool: string;
  readonly #recent = new Fifo<Composition>();
  #start: number | undefined;
  #end = 0;
  #byModel: Record<string, number> = {};
  #usedNow = 0;
  #slots = 0;
  #currentModel = "";
  windows = 0;
  slotsUsed = 0;
  slotsWasted = 0;
  crossModelFills = 0;

  constructor(pool: string) {
    this.#pool = pool;
  }

  get usedNow(): number {
    return this.#usedNow;
  }

  /** When the running window ends; undefined between windows. */
  endAfter(now: number): number | undefined {
    return this.#start !== undefined && now < this.#end ? this.#end : undefined;
  }

  /** Closes windows that are over. `waiting` is the work that could have gone at `now`. */
  roll(now: number, windowMs: number, slots: number, waiting: () => number): void {
    while (this.#start !== undefined && now >= this.#end) {
      const left = waiting();
      this.#close(left);
      if (left === 0) return;
      this.#open(this.#end, this.#end + windowMs, slots);
    }
  }

  sent(model: string, now: number, windowEnd: number, slots: number): void {
    if (this.#start === undefined) this.#open(now, windowEnd, slots);
    this.#slots = slots;
    if (this.#usedNow === 0) this.#currentModel = model;
    else if (model !== this.#currentModel) this.crossModelFills++;
    this.#usedNow++;
    this.slotsUsed++;
    this.#byModel[model] = (this.#byModel[model] ?? 0) + 1;
  }

  /** The server's window is found to end at `end`: the running one, which began with its first send, ends with it. */
  align(end: number, now: number): void {
    if (this.#start !== undefined && now < this.#end && end < this.#end) this.#end = end;
  }

  *compositions(): Generator<Composition> {
    yield* this.#recent;
    if (this.#usedNow > 0) yield { pool: this.#pool, window: this.windows, byModel: { ...this.#byModel } };
  }

  #open(start: number, end: number, slots: number): void {
    this.windows++;
    this.#start = start;
    this.#end = end;
    this.#slots = slots;
  }

  #close(waiting: number): void {
    this.slotsWasted += Math.min(waiting, Math.max(0, this.#slots - this.#usedNow));
    this.#recent.push({ pool: this.#pool, window: this.windows, byModel: this.#byModel });
    if (this.#recent.length > keptWindows) this.#recent.shift();
    this.#byModel = {};
    this.#usedNow = 0;
    this.#start = undefined;
  }
}
