import { fieldsOf } from "../../base/untyped.ts";

/** Where the editor keeps a panel's state while its page is gone. */
export interface StateKeeper {
  getState(): unknown;
  setState(state: unknown): void;
}

/** A panel's own choices (tab, filters, …) over reloads. A kept field of another type than today's is forgotten. */
export class SavedState<State extends object> {
  readonly #keeper: StateKeeper;
  #value: State;

  constructor(keeper: StateKeeper, initial: State) {
    this.#keeper = keeper;
    const kept = fieldsOf(keeper.getState()) ?? {};
    const fitting = Object.entries(initial)
      .filter(([key, value]) => key in kept && typeof kept[key] === typeof value)
      .map(([key]) => [key, kept[key]]);
    this.#value = { ...initial, ...Object.fromEntries(fitting) };
  }

  get value(): State {
    return this.#value;
  }

  update(change: Partial<State>): void {
    this.#value = { ...this.#value, ...change };
    this.#keeper.setState(this.#value);
  }
}
