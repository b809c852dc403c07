import type { Value } from "./sqlite.ts";

/**
 * Conditions that must all hold, with their values in order. Values stand for plain question marks: Node 22.13 cannot bind
 * numbered ones.
 */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: Value[] = [];

  and(condition: string, ...values: Value[]): this {
    this.#conditions.push(condition);
    this.values.push(...values);
    return this;
  }

  /** Adds the condition when there is something to compare with. */
  andGiven(condition: string, value: Value | undefined): this {
    return value === undefined ? this : this.and(condition, value);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? "TRUE" : this.#conditions.join(" AND ");
  }
}
