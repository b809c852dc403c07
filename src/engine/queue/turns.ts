import type { Clock } from "../../base/clock.ts";

/** How a group of models takes turns. */
export interface TurnRules {
  /** Wait before a finished turn ends, as the model may get more work at once and loading another costs seconds. */
  readonly lingerMs: number;
  /** A turn ends after this much time when others wait, even with work left. */
  readonly longestMs: number;
  /** Called when a turn ends. Resolves with the time (monotonic) before which the next may not begin. */
  leave(model: string): Promise<number>;
}

/** What the holder of the turn and the others have to do. */
export interface TurnLoad {
  /** Whether the holder has work that can be done now. */
  readonly busy: boolean;
  readonly inFlight: number;
  /** Whether any other model of the group has work. */
  readonly othersWait: boolean;
}

/** One model at a time: local models that share a card, or every model in the sequential mode. */
export class Turns {
  readonly #clock: Clock;
  readonly #rules: TurnRules;
  readonly #onFree: () => void;
  #state: "free" | "held" | "lingering" | "yielding" | "leaving" = "free";
  /** Who has the turn, or had it last. */
  #model: string | undefined;
  #since = 0;
  /** The last holder stands back, as others wait. */
  #yielded = false;
  #notBefore = Number.NEGATIVE_INFINITY;
  #cancelLinger: () => void = () => {};

  constructor(clock: Clock, rules: TurnRules, onFree: () => void) {
    this.#clock = clock;
    this.#rules = rules;
    this.#onFree = onFree;
  }

  /** Who has the turn, or had it last. */
  get model(): string | undefined {
    return this.#model;
  }

  /** What a model of the group waits for: another's turn to end, or a time. */
  blocks(model: string, now: number): { readonly other: string } | { readonly freeInMs: number } | undefined {
    const holder = this.#model;
    if (this.#state === "free") {
      if (this.#notBefore > now) return { freeInMs: this.#notBefore - now };
      return this.#yielded && holder === model ? { other: holder } : undefined;
    }
    const open = this.#state === "held" || this.#state === "lingering";
    return holder !== undefined && (holder !== model || !open) ? { other: holder } : undefined;
  }

  /** A request of the model leaves: the turn is its own. */
  started(model: string): void {
    this.#cancelLinger();
    if (this.#state === "free") {
      this.#model = model;
      this.#since = this.#clock.monotonic();
      this.#yielded = false;
    }
    this.#state = "held";
  }

  /** Looks whether the turn is over. */
  review({ busy, inFlight, othersWait }: TurnLoad): void {
    if (!othersWait) this.#yielded = false;
    if (this.#state === "free" || this.#state === "leaving" || !othersWait) return;
    if (!busy && inFlight === 0) {
      if (this.#state === "lingering") return;
      this.#state = "lingering";
      this.#cancelLinger = this.#clock.after(this.#rules.lingerMs, () => void this.#leave(false));
      return;
    }
    if (this.#state === "lingering") {
      this.#cancelLinger();
      this.#state = "held";
    }
    const long = this.#clock.monotonic() - this.#since > this.#rules.longestMs;
    if (this.#state === "held" && long) this.#state = "yielding";
    if (this.#state === "yielding" && inFlight === 0) void this.#leave(true);
  }

  /** Ends the turn for good. */
  async end(): Promise<void> {
    this.#cancelLinger();
    if (this.#state !== "free" && this.#state !== "leaving") await this.#leave(false);
  }

  async #leave(yielded: boolean): Promise<void> {
    this.#state = "leaving";
    this.#notBefore = await this.#rules.leave(this.#model as string);
    this.#yielded = yielded;
    this.#state = "free";
    this.#onFree();
  }
}
