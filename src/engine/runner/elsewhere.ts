import type { Clock } from "../../base/clock.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { ClaimedRequest, Store } from "../store/store.ts";

/** How often rows of a process that died are looked for. */
const lookEveryMs = 1_000;

/** Most results taken up at once. */
const batch = 500;

/**
 * Requests of this run that another process took from the table: whoever waits is given its result as soon as that is stored,
 * or told that the row is free again because the other process died.
 */
export class Elsewhere {
  readonly #store: Store;
  readonly #run: string;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, (row: ClaimedRequest | "free") => void>();
  #listening: { dispose(): void } | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(store: Store, run: string, clock: Clock) {
    this.#store = store;
    this.#run = run;
    this.#clock = clock;
  }

  wait(id: number): Promise<ClaimedRequest | "free"> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#listening ??= this.#store.requests.onChange(() => void this.#takeUp().catch(reject));
      this.#look(reject);
      void this.#takeUp().catch(reject);
    });
  }

  /** Stops waiting; those who wait are told that the row is free. */
  dispose(): void {
    for (const resolve of this.#waiting.values()) resolve("free");
    this.#waiting.clear();
    this.#rest();
  }

  async #takeUp(): Promise<void> {
    for (const row of await this.#store.requests.unpublished(this.#run, batch)) this.#settle(row.id, row);
  }

  #look(reject: (error: unknown) => void): void {
    this.#cancelLook ??= this.#clock.after(lookEveryMs, () => {
      this.#cancelLook = undefined;
      this.#recover()
        .then(() => {
          if (this.#waiting.size > 0) this.#look(reject);
        })
        .catch(reject);
    });
  }

  async #recover(): Promise<void> {
    await this.#store.requests.recoverStale(isDeadOwner);
    for (const id of [...this.#waiting.keys()]) {
      const row = await this.#store.requests.get(id);
      if (row === undefined || row.state === "pending") this.#settle(id, "free");
    }
    await this.#takeUp();
  }

  #settle(id: number, row: ClaimedRequest | "free"): void {
    const resolve = this.#waiting.get(id);
    if (resolve === undefined) return;
    this.#waiting.delete(id);
    resolve(row);
    if (this.#waiting.size === 0) this.#rest();
  }

  #rest(): void {
    this.#listening?.dispose();
    this.#listening = undefined;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }
}
