import type { Connection } from "./sqlite.ts";

/** Most writes that share a transaction; the rest go in the next one, so that the event loop gets its turn. */
const cap = 256;

export interface CommitHooks {
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
 * Writes asked for in one turn of the event loop share one transaction, and each promise resolves after the commit. A write
 * that fails takes the others with it, so the group is rolled back and each is done again alone: only the guilty one rejects.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #hooks: CommitHooks;
  #waiting: Write[] = [];
  #scheduled = false;

  constructor(connection: Connection, hooks: CommitHooks) {
    this.#connection = connection;
    this.#hooks = hooks;
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

  /** Commits all that waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commitNext();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitNext();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commitNext(): void {
    const group = this.#waiting.length <= cap ? this.#waiting : this.#waiting.slice(0, cap);
    this.#waiting = this.#waiting.length <= cap ? [] : this.#waiting.slice(cap);
    if (group.length === 0) return;
    const failure = this.#commit(group);
    if (failure === undefined) return;
    if (!failure.insideWrite || group.length === 1) {
      for (const { reject } of group) reject(failure.error);
      return;
    }
    for (const write of group) {
      const own = this.#commit([write]);
      if (own !== undefined) write.reject(own.error);
    }
  }

  #commit(group: readonly Write[]): { readonly error: unknown; readonly insideWrite: boolean } | undefined {
    const settle: (() => void)[] = [];
    let insideWrite = false;
    try {
      this.#connection.run("BEGIN IMMEDIATE");
      insideWrite = true;
      this.#hooks.opened();
      for (const { run } of group) settle.push(run());
      this.#hooks.closing();
      this.#connection.run("COMMIT");
    } catch (error) {
      this.#rollBack();
      this.#hooks.rolledBack();
      return { error: this.#hooks.trouble(error), insideWrite };
    }
    for (const resolve of settle) resolve();
    this.#hooks.committed();
    return undefined;
  }

  #rollBack(): void {
    try {
      this.#connection.run("ROLLBACK");
    } catch {
      // A full disk or an I/O error has already rolled it back; there is no transaction to end.
    }
  }
}
