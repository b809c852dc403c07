import type { Connection } from "./sqlite.ts";

/**
 * Changes of a counter table gathered while a transaction runs and written once at its end. A key is the row's primary key,
 * the amounts are added to its columns.
 */
export class Tally {
  readonly #pending = new Map<string, { readonly key: readonly number[]; readonly amounts: number[] }>();
  readonly #sql: string;

  constructor(table: string, keys: readonly string[], columns: readonly string[]) {
    const slots = [...keys, ...columns].map(() => "?").join(", ");
    const sums = columns.map((column) => `${column} = ${column} + excluded.${column}`).join(", ");
    this.#sql =
      `INSERT INTO ${table} (${[...keys, ...columns].join(", ")}) VALUES (${slots}) ` +
      `ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${sums}`;
  }

  add(key: readonly number[], amounts: readonly number[]): void {
    const id = key.join();
    const pending = this.#pending.get(id);
    if (pending === undefined) this.#pending.set(id, { key, amounts: amounts.slice() });
    else for (let i = 0; i < amounts.length; i++) pending.amounts[i] = (pending.amounts[i] ?? 0) + (amounts[i] ?? 0);
  }

  write(connection: Connection): void {
    for (const { key, amounts } of this.#pending.values()) connection.run(this.#sql, ...key, ...amounts);
    this.#pending.clear();
  }

  clear(): void {
    this.#pending.clear();
  }
}
