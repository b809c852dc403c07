import { UserError } from "../../../base/errors.ts";
import type { ScorerSpec } from "../../spec/experiment.ts";

/** The options of one scorer, read with errors that name it. */
export class Options {
  readonly #spec: ScorerSpec;

  constructor(spec: ScorerSpec) {
    this.#spec = spec;
  }

  text(name: string): string | undefined {
    const value = this.#spec.options[name];
    if (value === undefined || typeof value === "string") return value;
    throw this.#bad(name, "write a text");
  }

  /** A text that must be there. */
  needed(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== "") return value;
    throw this.#bad(name, "write a text");
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    const found = values.find((each) => each === value);
    if (value === undefined || found !== undefined) return found;
    throw this.#bad(name, `use one of ${values.join(", ")}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#spec.options[name];
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#bad(name, "write true or false");
  }

  /** Two numbers, the smaller first. */
  range(name: string): readonly [number, number] | undefined {
    const value = this.#spec.options[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value)) {
      const [low, high]: unknown[] = value;
      if (typeof low === "number" && typeof high === "number" && low < high) return [low, high];
    }
    throw this.#bad(name, "write two numbers, the smaller first");
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#spec.options[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")) return value;
    throw this.#bad(name, "write a list of names");
  }

  atLeast(name: string, least: number): number | undefined {
    const value = this.#spec.options[name];
    if (value === undefined) return undefined;
    if (typeof value === "number" && value >= least) return value;
    throw this.#bad(name, `write a number of at least ${least}`);
  }

  #bad(name: string, action: string): UserError {
    return new UserError("scorer-option", `scorer ${this.#spec.type}: ${name} has a value it cannot take`, action);
  }
}
