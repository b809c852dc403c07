import type { Clock } from "../../base/clock.ts";

/** Rows are claimed ahead for about this long, some commits of the store, in ms. */
const aheadMs = 40;

/** Claimed rows that wait to be sent are kept from other processes: never more than this. */
const most = 64;

/**
 * Claims rows shortly before they are sent. A claim takes a commit, and a slot that waits for one sends nothing. So where
 * requests leave quickly, those of the next milliseconds are claimed ahead, many in a commit; where they leave slowly, each
 * is claimed when its turn comes, and the others stay free for other processes.
 */
export class Claims {
  readonly #clock: Clock;
  readonly #claim: (ids: readonly number[]) => Promise<ReadonlySet<number>>;
  /** Rows that will be asked for, in that order, not yet claimed. */
  readonly #waiting = new Set<number>();
  /** Claimed, or about to be, and not yet sent. */
  readonly #made = new Map<number, Promise<ReadonlySet<number>>>();
  /** Rows taken of late; each counts for less as time goes by. */
  #pace = 0;
  #pacedAt = 0;

  constructor(clock: Clock, claim: (ids: readonly number[]) => Promise<ReadonlySet<number>>) {
    this.#clock = clock;
    this.#claim = claim;
  }

  /** The row is to be sent some time. */
  add(id: number): void {
    this.#waiting.add(id);
    this.#refill();
  }

  /** It is sent now, if this is true: the row is this process's. */
  async take(id: number): Promise<boolean> {
    const made = this.#made.get(id) ?? this.#claim([id]);
    this.#pace = this.#paceNow() + 1;
    this.drop(id);
    this.#refill();
    return (await made).has(id);
  }

  /** It will not be sent any more; whoever drops it gives its row back. */
  drop(id: number): void {
    this.#waiting.delete(id);
    this.#made.delete(id);
  }

  /** Half of them at a time, so that a commit serves several. */
  #refill(): void {
    if (this.#waiting.size === 0) return;
    // One row taken is no pace yet.
    const ahead = Math.min(most, Math.floor(this.#paceNow()) - 1);
    if (this.#made.size > ahead / 2) return;
    const ids: number[] = [];
    for (const id of this.#waiting) {
      if (this.#made.size + ids.length >= ahead) break;
      ids.push(id);
    }
    if (ids.length === 0) return;
    const claiming = this.#claim(ids);
    // Whoever takes one hears of a failure; until then it must not end the process.
    claiming.catch(() => {});
    for (const id of ids) {
      this.#waiting.delete(id);
      this.#made.set(id, claiming);
    }
  }

  #paceNow(): number {
    const now = this.#clock.monotonic();
    this.#pace *= Math.exp((this.#pacedAt - now) / aheadMs);
    this.#pacedAt = now;
    return this.#pace;
  }
}
