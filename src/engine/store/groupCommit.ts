import type { Clock } from "../../base/clock.ts";
import { pauseThread, tryMs } from "./patience.ts";
import type { Connection } from "./sqlite.ts";
import { isBusy } from "./sqliteTrouble.ts";

/** Most writes that share a transaction; the rest go in the next one, so that the event loop gets its turn. */
const cap = 256;

/**
 * How far a group grows, in ms and in writes: most of a commit's cost does not depend on how much it writes, but what waits
 * is lost with the process.
 */
const growMs = 3;
const growTo = 16;

/**
 * Between two tries for a lock that another process holds, in ms. SQLite's own waiting holds up the thread, and its pauses
 * grow until a busy neighbour starves us.
 */
const retryMs = 1;

export interface CommitOptions {
  readonly clock: Clock;
  /** How long writes wait for another process's lock, in ms. */
  readonly patienceMs: number;
  /** Inside the transaction, before the first write. */
  opened(): void;
  /** Inside the transaction, after the last write. */
  closing(): void;
  committed(): void;
  /** What was worked out since `opened` is void. */
  rolledBack(): void;
  /** What to reject with. */
  trouble(error: unknown): unknown;
}

interface Write {
  /** Does the work; returns what settles the promise once it is on disk. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes asked for in one turn of the event loop share one transaction, and each promise resolves after the commit. As long
 * as every turn brings more, the group grows for a few milliseconds. A write that fails takes the others with it, so the
 * group is rolled back and each is done again alone: only the guilty one rejects. Waiting for another process's lock leaves
 * the event loop free.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #options: CommitOptions;
  #waiting: Write[] = [];
  #scheduled = false;
  /** How many waited a turn ago, and since when the first of them does. */
  #grown = 0;
  #growsSince = 0;
  #lockedSince: number | undefined;

  constructor(connection: Connection, options: CommitOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#waiting.push({ run, reject });
      this.#schedule();
    });
  }

  /** Commits all that waits before it returns, holding up the thread where another process has the lock. */
  flush(): void {
    let waited = 0;
    while (this.#waiting.length > 0) {
      const locked = this.#commitNext();
      if (locked === undefined) continue;
      if (waited >= this.#options.patienceMs) this.#rejectAll(locked);
      waited += tryMs;
      pauseThread(tryMs);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const turn = () => {
      this.#scheduled = false;
      try {
        this.#turn();
      } finally {
        // Also when a listener throws: the writes behind it still have their turn.
        if (this.#waiting.length > 0) this.#schedule();
      }
    };
    if (this.#lockedSince === undefined) setImmediate(turn);
    else this.#options.clock.after(retryMs, turn);
  }

  #turn(): void {
    if (this.#grows()) return;
    const locked = this.#commitNext();
    if (locked === undefined) {
      this.#lockedSince = undefined;
      return;
    }
    const now = this.#options.clock.monotonic();
    this.#lockedSince ??= now;
    if (now - this.#lockedSince < this.#options.patienceMs) return;
    this.#lockedSince = undefined;
    this.#rejectAll(locked);
  }

  /** Whether this turn brought more, so that the next may too. */
  #grows(): boolean {
    const now = this.#options.clock.monotonic();
    const before = this.#grown;
    this.#grown = this.#waiting.length;
    if (before === 0) this.#growsSince = now;
    const grows = this.#grown > before && this.#grown < growTo && now - this.#growsSince < growMs;
    if (!grows) this.#grown = 0;
    return grows;
  }

  /** Commits a group; when another process has the lock, the group waits on and that error is returned. */
  #commitNext(): unknown {
    const group = this.#waiting.splice(0, cap);
    if (group.length === 0) return undefined;
    const failure = this.#commit(group);
    if (failure === undefined) return undefined;
    if (isBusy(failure.error)) {
      this.#waiting.unshift(...group);
      return failure.error;
    }
    if (group.length === 1) group[0]?.reject(this.#options.trouble(failure.error));
    else this.#commitEach(group);
    return undefined;
  }

  #commitEach(group: readonly Write[]): void {
    for (const [i, write] of group.entries()) {
      const failure = this.#commit([write]);
      if (failure === undefined) continue;
      if (isBusy(failure.error)) {
        this.#waiting.unshift(...group.slice(i));
        return;
      }
      write.reject(this.#options.trouble(failure.error));
    }
  }

  #commit(group: readonly Write[]): { readonly error: unknown } | undefined {
    const settle: (() => void)[] = [];
    try {
      this.#connection.run("BEGIN IMMEDIATE");
      this.#options.opened();
      for (const { run } of group) settle.push(run());
      this.#options.closing();
      this.#connection.run("COMMIT");
    } catch (error) {
      this.#rollBack();
      this.#options.rolledBack();
      return { error };
    }
    for (const resolve of settle) resolve();
    this.#options.committed();
    return undefined;
  }

  #rollBack(): void {
    try {
      this.#connection.run("ROLLBACK");
    } catch {
      // It never began, or a full disk or an I/O error has already rolled it back: there is no transaction to end.
    }
  }

  #rejectAll(error: unknown): void {
    const reason = this.#options.trouble(error);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
