import type { Clock } from "../../base/clock.ts";
import type { ModelState } from "./model.ts";
import { type TurnRules, Turns } from "./turns.ts";

/** Another model is loaded only after so long without work, as the next task may be on its way. */
const lingerMs = 100;
/** A local model's turn, when others wait. */
const longestTurnMs = 300_000;

export interface TurnGroupOptions {
  readonly clock: Clock;
  /** All models are one group, each beginning with a new window. */
  readonly sequential: boolean;
  readonly models: ReadonlyMap<string, ModelState>;
  /** Lets go of a local model's memory. */
  readonly unload: (model: string) => Promise<void>;
  readonly onFree: () => void;
}

/** Models that work one at a time: local ones of one host, or all of them in the sequential mode. */
export class TurnGroups {
  readonly #o: TurnGroupOptions;
  readonly #groups = new Map<string, Turns>();

  constructor(options: TurnGroupOptions) {
    this.#o = options;
  }

  /** The turns a model takes part in; undefined when it need not wait for others. */
  of({ local, scope }: { readonly local: boolean; readonly scope: string }): Turns | undefined {
    const { sequential, clock, onFree } = this.#o;
    if (!sequential && !local) return undefined;
    const group = sequential ? "" : scope;
    let turns = this.#groups.get(group);
    if (turns === undefined) {
      turns = new Turns(clock, sequential ? this.#windowRules() : this.#memoryRules(), onFree);
      this.#groups.set(group, turns);
    }
    return turns;
  }

  review(): void {
    const now = this.#o.clock.monotonic();
    for (const turns of this.#groups.values()) {
      let busy = false;
      let inFlight = 0;
      let othersWait = false;
      for (const state of this.#o.models.values()) {
        if (state.turns !== turns) continue;
        // A circuit whose time is over stays open until a request probes it, and that needs a turn.
        const shut = state.paused || (state.breaker.kind === "open" && state.breaker.freeIn(now, state.inFlight) > 0);
        const work = state.queued + state.backingOff > 0 && !shut;
        if (state.id === turns.model) {
          busy = work;
          inFlight = state.inFlight;
        } else if (work) {
          othersWait = true;
        }
      }
      turns.review({ busy, inFlight, othersWait });
    }
  }

  /** Ends all turns for good; settles when local models are unloaded. */
  async end(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((turns) => turns.end()));
  }

  #memoryRules(): TurnRules {
    const leave = async (last: string) => {
      await this.#o.unload(last);
      return Number.NEGATIVE_INFINITY;
    };
    return { lingerMs, longestMs: longestTurnMs, leave };
  }

  /** In the sequential mode a model leaves the rest of its last window unused. */
  #windowRules(): TurnRules {
    const leave = async (last: string) => {
      const now = this.#o.clock.monotonic();
      const pools = this.#o.models.get(last)?.pools ?? [];
      return Math.max(Number.NEGATIVE_INFINITY, ...pools.map((pool) => pool.ledger.endAfter(now) ?? now));
    };
    return { lingerMs: 0, longestMs: Number.POSITIVE_INFINITY, leave };
  }
}
