import { contextStep, type Learned, nothingLearned, safeContext } from "./learned.ts";

/** Smaller than this no context is made: hardly a prompt fits, and the trouble is another one. */
const leastTokens = 1_024;
/** Answers after which a failure is laid to memory that was lost on the way, not to the size of the context. */
const settledIn = 3;
/** How much more tokens an estimate is taken for after a prompt was longer than estimated. */
const distrust = 1.15;
const mostDistrust = 2.5;
/** Readings above the warning line in a row before something is done: one may be a passing peak. */
const patience = 2;

/** What the manager wants done; `note` says why, for people. */
export type ContextAction =
  /** Let go of the model, so that it is loaded anew with what it lost given back. */
  | { readonly kind: "reload"; readonly note: string }
  /** From now on ask for `to` tokens of context. */
  | { readonly kind: "shrink"; readonly from: number; readonly to: number; readonly note: string }
  /** Take estimates of tokens for more than before. */
  | { readonly kind: "distrust"; readonly ratio: number; readonly note: string };

/** A request under way. */
export interface Sent {
  /** The context it asked for. */
  readonly contextTokens: number;
  /** When, counted in what the manager had done. */
  readonly epoch: number;
}

export interface ManagerOptions {
  /** Context the run's prompts need, in tokens. */
  readonly needed: number;
  readonly learned: Learned;
  /** What the model was made for, or what the card can hold, whichever is less; undefined when unknown. */
  readonly most?: number | undefined;
  /** Graphics memory above which something is done, in bytes. */
  readonly warningBytes: number;
  /** Requests between two looks at a card that is too full. */
  readonly every: number;
}

/**
 * Keeps one local model's context within what its machine can hold. Knows nothing of servers: it is told how requests went and
 * what cards hold, and says what to do. The context never grows within a run, as every change loads the model anew.
 */
export class ContextManager {
  readonly #o: ManagerOptions;
  #tokens: number;
  #generation = 0;
  #ratio: number;
  #worked: number | undefined;
  #workedBytes: number | undefined;
  #failed: number | undefined;
  /** Answers since the model was loaded, and since anything was done about a full card. */
  #sinceLoad = 0;
  #sinceCare = 0;
  #tooFull = 0;
  #reloadHelped = true;
  /** Grows with everything that is done; what was sent before is no news. */
  #epoch = 0;

  constructor(options: ManagerOptions) {
    this.#o = options;
    const { needed, learned, most } = options;
    this.#ratio = Math.max(1, learned.ratio ?? 1);
    this.#tokens = Math.max(leastTokens, Math.min(needed, safeContext(learned) ?? needed, most ?? needed));
    this.#sinceCare = options.every;
  }

  /** Context to ask for now, in tokens. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Grows whenever less fits than before. */
  get generation(): number {
    return this.#generation;
  }

  /** The context prompts must fit in, in estimated tokens; undefined while the run gets all it needs. */
  get window(): number | undefined {
    if (this.#tokens >= this.#o.needed && this.#generation === 0) return undefined;
    return Math.floor(this.#tokens / this.#ratio);
  }

  get learned(): Learned {
    const ratio = this.#ratio > 1 ? this.#ratio : undefined;
    return { workedTokens: this.#worked, workedBytes: this.#workedBytes, failedTokens: this.#failed, ratio };
  }

  /** What a request that leaves now must say, and tell again when its answer comes. */
  begin(): Sent {
    return { contextTokens: this.#tokens, epoch: this.#epoch };
  }

  answered({ contextTokens, epoch }: Sent): void {
    this.#sinceCare += 1;
    if (epoch === this.#epoch) this.#sinceLoad += 1;
    if (this.#sinceLoad >= settledIn) this.#reloadHelped = true;
    if (this.#worked === undefined || contextTokens > this.#worked) this.#worked = contextTokens;
  }

  /**
   * A request found no memory. What worked for a while and then fails has lost memory on the way: the model
   * is loaded anew. What fails from the start is too large. Undefined when there is nothing left to try; a request that was
   * sent before the last change is no news.
   */
  outOfMemory({ contextTokens, epoch }: Sent): ContextAction | "stale" | undefined {
    if (epoch !== this.#epoch) return "stale";
    if (this.#sinceLoad >= settledIn && this.#reloadHelped) {
      this.#reloaded();
      this.#reloadHelped = false;
      const note = `it ran out of graphics memory at ${count(this.#tokens)} tokens of context, which had worked: loaded anew`;
      return { kind: "reload", note };
    }
    this.#failed = Math.min(contextTokens, this.#failed ?? contextTokens);
    if (this.#worked !== undefined && this.#worked >= this.#failed) this.#worked = undefined;
    return this.#shrink("it ran out of graphics memory");
  }

  /** The server refused a prompt estimated at so many tokens as longer than its context. */
  tooLong({ contextTokens, epoch }: Sent, estimated: number): ContextAction | "stale" | undefined {
    if (epoch !== this.#epoch || (this.window !== undefined && estimated > this.window)) return "stale";
    if (this.#ratio * distrust > mostDistrust) return undefined;
    this.#ratio *= distrust;
    this.#generation += 1;
    this.#epoch += 1;
    const note = `a prompt estimated at ${count(estimated)} tokens did not fit into ${count(contextTokens)}: estimates count ${Math.round(100 * (this.#ratio - 1))} % more`;
    return { kind: "distrust", ratio: this.#ratio, note };
  }

  /** What the fullest card holds. */
  memory(usedBytes: number, lineBytes = this.#o.warningBytes): ContextAction | undefined {
    if (usedBytes <= lineBytes) {
      this.#tooFull = 0;
      if (this.#sinceLoad > 0) this.#workedBytes = Math.max(usedBytes, this.#workedBytes ?? 0);
      return undefined;
    }
    this.#tooFull += 1;
    if (this.#tooFull < patience || this.#sinceCare < this.#o.every) return undefined;
    this.#tooFull = 0;
    this.#sinceCare = 0;
    const held = `graphics memory stood at ${gigabytes(usedBytes)}, above ${gigabytes(lineBytes)}`;
    if (this.#sinceLoad < settledIn || !this.#reloadHelped) return undefined;
    this.#reloaded();
    return { kind: "reload", note: `${held}: loaded anew` };
  }

  #reloaded(): void {
    this.#sinceLoad = 0;
    this.#epoch += 1;
  }

  #shrink(why: string): ContextAction | undefined {
    const from = this.#tokens;
    if (from <= leastTokens) return undefined;
    const known: Learned = { ...nothingLearned, workedTokens: this.#worked, failedTokens: this.#failed ?? from };
    const to = Math.max(leastTokens, Math.min(from - contextStep, safeContext(known) ?? from));
    this.#tokens = to;
    this.#generation += 1;
    this.#reloaded();
    this.#reloadHelped = true;
    return { kind: "shrink", from, to, note: `${why} at ${count(from)} tokens of context: ${count(to)} from now on` };
  }
}

function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
