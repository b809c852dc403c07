/**
 * What a person has ticked in a list that is renewed under their hands. A renewed list is drawn a moment after it is sent, with
 * the ticks known when it was sent. A tick made in between is told of first and then drawn over, which is told of too: the
 * list without any tick, then with those that were sent.
 */
export class TickedIds {
  #ticked: ReadonlySet<string>;
  /** What the list was sent with, until it is drawn. */
  #sent: ReadonlySet<string> | undefined;

  constructor(ids: readonly string[]) {
    this.#ticked = new Set(ids);
  }

  get all(): readonly string[] {
    return [...this.#ticked];
  }

  has(id: string): boolean {
    return this.#ticked.has(id);
  }

  /** The list goes out with these ticks. */
  sent(): void {
    this.#sent = this.#ticked;
  }

  /** The list was drawn, whether or not a report told of it: from here on every report is the person's. */
  drawn(): void {
    this.#sent = undefined;
  }

  /** Takes a report of what is ticked. True where the drawing lost a tick, so that the list is to be sent again. */
  report(ids: readonly string[]): boolean {
    const reported = new Set(ids);
    if (this.#sent === undefined) this.#ticked = reported;
    else if (same(reported, this.#sent)) {
      this.#sent = undefined;
      return !same(reported, this.#ticked);
    } else if (reported.size > 0) this.#ticked = reported;
    return false;
  }
}

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
