export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | undefined;
  /** Said with the first page. */
  readonly total: number | undefined;
}

export interface PagedOptions<Row> {
  readonly pageSize: number;
  /** Pages held at once; those farthest from what is looked at go first. */
  readonly keep: number;
  /** The page behind `after`, less the first `skip` rows there. */
  readonly fetch: (after: string | undefined, skip: number) => Promise<Page<Row>>;
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A long list of which only some pages are at hand. Pages come by keyset: each names where the next begins. A page whose beginning
 * is not known yet is fetched from the nearest known one before it, with the rows between left out. One request is under way at a
 * time, always for what is needed most now.
 */
export class PagedRows<Row> {
  readonly #options: PagedOptions<Row>;
  /** Where pages begin, as far as those before them were seen; the first begins without. */
  readonly #cursors = new Map<number, string>();
  readonly #pages = new Map<number, readonly Row[]>();
  #wanted: readonly [first: number, last: number] = [0, 0];
  #total: number | undefined;
  #busy = false;
  #stopped = false;

  constructor(options: PagedOptions<Row>) {
    this.#options = options;
    void this.#pump();
  }

  /** Undefined until the first page is here. */
  get total(): number | undefined {
    return this.#total;
  }

  /** Pages at hand. */
  get held(): number {
    return this.#pages.size;
  }

  row(index: number): Row | undefined {
    const { pageSize } = this.#options;
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** Says which rows are looked at, both included. */
  look(first: number, last: number): void {
    const { pageSize } = this.#options;
    this.#wanted = [Math.max(0, Math.floor(first / pageSize)), Math.max(0, Math.floor(last / pageSize))];
    void this.#pump();
  }

  /** Nothing is fetched or reported from now on. */
  stop(): void {
    this.#stopped = true;
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let page = this.#next(); page !== undefined && !this.#stopped; page = this.#next()) {
      try {
        const [after, skip] = this.#start(page);
        const fetched = await this.#options.fetch(after, skip);
        if (this.#stopped) return;
        this.#take(page, fetched);
        this.#options.onChange();
      } catch (error) {
        if (!this.#stopped) this.#options.onError(error);
        break;
      }
    }
    this.#busy = false;
  }

  /** The page to fetch now: the first one looked at that is missing. */
  #next(): number | undefined {
    if (this.#total === undefined) return 0;
    const lastPage = Math.max(0, Math.ceil(this.#total / this.#options.pageSize) - 1);
    const [first, last] = this.#wanted;
    for (let page = Math.min(first, lastPage); page <= Math.min(last, lastPage); page++) {
      if (!this.#pages.has(page)) return page;
    }
    return undefined;
  }

  /** The nearest known beginning at or before the page, and how many rows lie between. */
  #start(page: number): readonly [after: string | undefined, skip: number] {
    for (let known = page; known > 0; known--) {
      const cursor = this.#cursors.get(known);
      if (cursor !== undefined) return [cursor, (page - known) * this.#options.pageSize];
    }
    return [undefined, page * this.#options.pageSize];
  }

  #take(page: number, { rows, next, total }: Page<Row>): void {
    const { pageSize, keep } = this.#options;
    this.#pages.set(page, rows);
    if (page === 0 && total !== undefined) this.#total = total;
    if (next !== undefined) this.#cursors.set(page + 1, next);
    // The list ends here, whatever was counted before.
    else this.#total = page * pageSize + rows.length;
    this.#total ??= rows.length;
    const [first, last] = this.#wanted;
    const away = (at: number) => Math.max(first - at, at - last, 0);
    while (this.#pages.size > keep) {
      const farthest = [...this.#pages.keys()].reduce((a, b) => (away(b) > away(a) ? b : a));
      this.#pages.delete(farthest);
    }
  }
}
