/** Of what waits, this part goes in one turn of the event loop, and one at least: a backlog must not cost a turn each. */
const part = 1 / 4;

/**
 * Lets what comes as a bunch go on one after another, in turns of the event loop. Replies that arrive together would
 * otherwise be worked off together: none of the next requests leaves before the last of them is done, the requests then
 * leave as one bunch, and their answers arrive as one. In between, a turn reads what has arrived and sends what is ready.
 */
export class Turns {
  readonly #most: number;
  #waiting: (() => void)[] = [];
  #due = false;

  /** No more than `most` ever wait for a further turn. */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Resolves in one of the next turns, in the order of asking. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      const { length } = this.#waiting;
      const going = this.#waiting.splice(0, Math.max(1 + Math.floor(length * part), length - this.#most));
      // Asked for once what goes on now has gone as far as it can: what that sends leaves before the next one has its turn.
      if (this.#waiting.length > 0) afterMicrotasks(() => this.#schedule());
      for (const go of going) go();
    });
  }
}

/** Calls back when all promises are settled that can be; a tick comes before those there are, and after those they lead to. */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}
