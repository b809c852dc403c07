interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** A server that is up at most once: whoever starts it while it is up or coming up is given the same one. */
export class OneServer<Kind extends Server> {
  #up: Promise<Kind> | undefined;

  /** @throws what `open` throws; the next start tries again. */
  start(open: () => Promise<Kind>): Promise<Kind> {
    if (this.#up === undefined) {
      const opening = open();
      this.#up = opening;
      opening.catch(() => {
        if (this.#up === opening) this.#up = undefined;
      });
    }
    return this.#up;
  }

  async stop(): Promise<void> {
    const opening = this.#up;
    this.#up = undefined;
    // Whoever started it was told why it did not come up.
    const server = await opening?.catch(() => undefined);
    await server?.close();
  }
}
