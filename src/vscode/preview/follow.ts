/**
 * Does the same work again and again for whatever is newest: waits until there has been quiet, never does two at once, and
 * says to the work whether anything newer has come since, so that what is stale is not shown.
 */
export class Follow {
  readonly #work: (isStale: () => boolean) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #asked = 0;
  #disposed = false;

  constructor(work: (isStale: () => boolean) => Promise<void>, failed: (error: unknown) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  /** Asks for the work once `quietMs` pass without another call. */
  soon(quietMs: number): void {
    if (this.#disposed) return;
    this.#asked++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#run();
    }, quietMs);
  }

  dispose(): void {
    this.#disposed = true;
    this.#asked++;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const asked = this.#asked;
    const isStale = () => this.#asked !== asked;
    try {
      await this.#work(isStale);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
      // Asked again while it worked; when a timer is set, that one will see to it.
      if (isStale() && this.#timer === undefined && !this.#disposed) void this.#run();
    }
  }
}
