import type { GroupCommit } from "./groupCommit.ts";
import type { Registry } from "./registry.ts";
import type { Connection } from "./sqlite.ts";
import { Tally } from "./tallies.ts";

/** What the tables of one store share. */
export interface StoreContext {
  readonly connection: Connection;
  readonly registry: Registry;
  readonly commits: GroupCommit;
  readonly tallies: Tallies;
  /** Wall time in whole milliseconds. */
  now(): number;
  /** Reads at once; trouble with the file comes out as a `UserError`. */
  read<T>(work: () => T): Promise<T>;
  /** Says that the transaction under way changes the request table. */
  requestsChanged(): void;
}

export interface Tallies {
  readonly requests: Tally;
  readonly variants: Tally;
  readonly cache: Tally;
}

const variantColumns = [
  "trials",
  "scored",
  "unparsable",
  "failed",
  "void",
  "score_sum",
  "prompt_tokens",
  "completion_tokens",
  "cached_tokens",
  "cost",
  "unpriced",
  "from_cache",
] as const;

export function createTallies(): Tallies {
  return {
    requests: new Tally("request_count", ["run", "model", "task_type", "status", "error_class"], ["rows"]),
    variants: new Tally("variant_total", ["run", "variant"], variantColumns),
    cache: new Tally("cache_total", ["model", "experiment"], ["entries", "bytes", "hits"]),
  };
}
