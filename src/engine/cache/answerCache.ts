import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Outcome } from "../response/outcome.ts";
import type { CacheEntry, CacheTable } from "../store/store.ts";
import { type Answered, type Cache, type CacheCounters, type CacheMode, isWorthKeeping, parseAnswer } from "./cache.ts";

export interface AnswerCacheOptions {
  readonly table: CacheTable;
  readonly mode: CacheMode;
  readonly clock: Clock;
  /** Told once of each kind of trouble. */
  readonly warn: (message: string) => void;
  /** Largest size of the table in bytes (512 MB); the least recently used go first. */
  readonly maxBytes?: number;
  /** Largest size of what is held in memory, in characters (2 M). A look at the disk costs 5 us, so more buys little. */
  readonly memory?: number;
}

/** Size limit where none is set, in bytes. */
export const defaultCacheBytes = 512 * 2 ** 20;

/** Uses that are gathered before they are written down, and how long at most, in ms. */
const touchBatch = 256;
const touchAfterMs = 2000;

/** The part of the size limit that may be written between two looks at the table's size. */
const slack = 1 / 64;

/** The cache in front of a store: memory (LRU) over its table. */
export class AnswerCache implements Cache {
  readonly mode: CacheMode;
  readonly #table: CacheTable;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #maxBytes: number;
  readonly #memory: LRUCache<string, string>;
  readonly #flights = new Map<string, Promise<Outcome>>();
  readonly #counters = { hits: 0, misses: 0, shared: 0, kept: 0 };
  readonly #warned = new Set<string>();
  readonly #background = new Set<Promise<void>>();
  #used = new Set<string>();
  #cancelTouch: (() => void) | undefined;
  /** Bytes kept since the table's size was last looked at; at first nothing is known of it. */
  #unchecked = Number.POSITIVE_INFINITY;

  constructor(options: AnswerCacheOptions) {
    this.mode = options.mode;
    this.#table = options.table;
    this.#clock = options.clock;
    this.#warn = options.warn;
    this.#maxBytes = options.maxBytes ?? defaultCacheBytes;
    this.#memory = new LRUCache({
      maxSize: options.memory ?? 2 * 2 ** 20,
      sizeCalculation: (answer) => answer.length + 100,
    });
  }

  get #reads(): boolean {
    return this.mode === "on" || this.mode === "read";
  }

  get #writes(): boolean {
    return this.mode === "on" || this.mode === "write";
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, Answered>> {
    const found = new Map<string, Answered>();
    if (!this.#reads) return found;
    const elsewhere: string[] = [];
    for (const key of keys) {
      const held = this.#memory.get(key);
      if (held === undefined) elsewhere.push(key);
      else this.#hit(key, held, found);
    }
    if (elsewhere.length > 0) {
      try {
        for (const [key, answer] of await this.#table.get(elsewhere)) {
          if (this.#hit(key, answer, found)) this.#memory.set(key, answer);
        }
      } catch (error) {
        this.#trouble("read", error);
      }
    }
    for (const key of keys) if (!found.has(key)) this.#counters.misses++;
    return found;
  }

  entryFor(key: string, model: string, experiment: string, outcome: Outcome): CacheEntry | undefined {
    if (!this.#writes || !isWorthKeeping(outcome)) return undefined;
    const answer = JSON.stringify(outcome);
    if (this.#reads) this.#memory.set(key, answer);
    this.#counters.kept++;
    this.#unchecked += answer.length;
    if (this.#unchecked > this.#maxBytes * slack) {
      this.#unchecked = 0;
      this.#later("keep within its size", async () => {
        await this.#table.evict(this.#maxBytes);
      });
    }
    return { key, model, experiment, answer };
  }

  async share(
    key: string,
    ask: () => Promise<Outcome>,
  ): Promise<{ readonly outcome: Outcome; readonly shared: boolean }> {
    if (!this.#reads) return { outcome: await ask(), shared: false };
    for (let flight = this.#flights.get(key); flight !== undefined; flight = this.#flights.get(key)) {
      // The first caller's failure is its own; whoever waits goes on to ask.
      const outcome = await flight.catch(() => undefined);
      if (outcome === undefined || !isWorthKeeping(outcome)) continue;
      this.#counters.shared++;
      return { outcome, shared: true };
    }
    const own = ask();
    this.#flights.set(key, own);
    try {
      return { outcome: await own, shared: false };
    } finally {
      this.#flights.delete(key);
    }
  }

  async coverage(keys: readonly string[]): Promise<number> {
    if (!this.#reads) return 0;
    try {
      return (await this.#table.has(keys)).size;
    } catch (error) {
      this.#trouble("read", error);
      return 0;
    }
  }

  counters(): CacheCounters {
    return { ...this.#counters };
  }

  async close(): Promise<void> {
    this.#touch();
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Takes up an answer under `key`; false when what is stored is not one. */
  #hit(key: string, json: string, found: Map<string, Answered>): boolean {
    const answer = parseAnswer(json);
    if (answer === undefined) {
      this.#trouble("read", new Error(`the entry ${key} holds no answer`));
      return false;
    }
    found.set(key, answer);
    this.#counters.hits++;
    this.#used.add(key);
    if (this.#used.size >= touchBatch) this.#touch();
    else this.#cancelTouch ??= this.#clock.after(touchAfterMs, () => this.#touch());
    return true;
  }

  #touch(): void {
    this.#cancelTouch?.();
    this.#cancelTouch = undefined;
    if (this.#used.size === 0) return;
    const used = [...this.#used];
    this.#used = new Set();
    this.#later("note what is used", () => this.#table.touch(used));
  }

  #later(what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error) => this.#trouble(what, error))
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  #trouble(what: string, error: unknown): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.#warn(`The cache could not ${what}: ${messageOf(error)}. The run goes on without it.`);
  }
}
