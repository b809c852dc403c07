import { type Clock, systemClock } from "../../base/clock.ts";
import { pauseThread, tryMs } from "./patience.ts";
import type { Connection } from "./sqlite.ts";
import { isBusy } from "./sqliteTrouble.ts";

/** Most writes that share a transaction; the rest go in the next one, so that the event loop gets its turn. */
const cap = 256;

/**
 * The least time from one commit of a stream of writes to the next, in ms: most of a commit's cost does not depend on how much
 * it writes, but what waits is lost with the process. Disks keep no other clock than the real one.
 */
const paceMs = 10;

/** Writes of late that had company in their commit, from which on they are a stream. One that comes after another never waits. */
const stream = 3;

/** So many waiting do not wait any longer. */
const full = 64;

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
  committed(writes: number): void;
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
 * Writes asked for in one turn of the event loop share one transaction, and each promise resolves after the commit. Where many
 * come all the time, those of some milliseconds share one. A write that fails takes the others with it, so the group is rolled
 * back and each is done again alone: only the guilty one rejects. Waiting for another process's lock leaves the event loop free.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #options: CommitOptions;
  #waiting: Write[] = [];
  #scheduled = false;
  #committedAt = Number.NEGATIVE_INFINITY;
  /** Writes that shared a commit with another; each counts for less as time goes by. */
  #together = 0;
  /** Ends the wait for a stream's next commit. */
  #hasten: (() => void) | undefined;
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
      if (this.#waiting.length === full) this.#hasten?.();
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
      this.#hasten = undefined;
      try {
        this.#turn();
      } finally {
        // Also when a listener throws: the writes behind it still have their turn.
        if (this.#waiting.length > 0) this.#schedule();
      }
    };
    if (this.#lockedSince !== undefined) {
      this.#options.clock.after(retryMs, turn);
      return;
    }
    const streams = this.#together >= stream && this.#waiting.length < full;
    const waitMs = streams ? this.#committedAt + paceMs - systemClock.monotonic() : 0;
    if (waitMs <= 0) {
      setImmediate(turn);
      return;
    }
    const cancel = systemClock.after(waitMs, turn);
    this.#hasten = () => {
      this.#hasten = undefined;
      cancel();
      setImmediate(turn);
    };
  }

  #turn(): void {
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
    this.#count(group.length);
    for (const resolve of settle) resolve();
    this.#options.committed(group.length);
    return undefined;
  }

  #count(writes: number): void {
    const now = systemClock.monotonic();
    this.#together = this.#together * Math.exp((this.#committedAt - now) / paceMs) + writes - 1;
    this.#committedAt = now;
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
