import type { GpuSample } from "../gpu/gpu.ts";
import type { RequestTable } from "./requestTable.ts";
import type { RunTable } from "./runTable.ts";
import type { TrialTable } from "./trialTable.ts";

export * from "./requestTable.ts";
export type * from "./runTable.ts";
export type * from "./trialTable.ts";

/**
 * What happened, durably. `openStore` opens one.
 *
 * Guarantees: a resolved write is on disk (it survives kill -9; a power cut may lose the last moments, never corrupt); writes
 * asked for in one tick are committed together; what is returned is the caller's own copy; several processes may share one
 * store, and a request is claimed by one of them at a time. Times are milliseconds since the epoch. What is handed over must
 * stay as it is until the promise resolves. Rejects with a `UserError` when the disk is full, the file locked, read-only or
 * damaged; a write that fails leaves nothing behind and harms no other.
 */
export interface Store {
  /** The file or URL, without credentials. */
  readonly location: string;
  /** What a person should know of how it was opened, a sentence each; mostly none. */
  readonly warnings: readonly string[];
  readonly runs: RunTable;
  readonly requests: RequestTable;
  readonly trials: TrialTable;
  readonly cache: CacheTable;
  readonly state: StateTable;
  readonly gpuSamples: GpuSampleTable;
  close(): Promise<void>;
}

/** A stored answer. */
export interface CacheEntry {
  readonly key: string;
  readonly model: string;
  /** Name of the experiment that asked first. */
  readonly experiment: string;
  /** JSON of the `answered` outcome. */
  readonly answer: string;
}

export interface CacheRow {
  readonly key: string;
  readonly model: string;
  readonly experiment: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly hits: number;
  readonly bytes: number;
}

export interface CacheTable {
  get(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Which of them are held, without reading the answers. */
  has(keys: readonly string[]): Promise<ReadonlySet<string>>;
  put(entries: readonly CacheEntry[]): Promise<void>;
  /** Marks use, for eviction and hit counts; batched by the caller. */
  touch(keys: readonly string[]): Promise<void>;
  /** Newest first; `after` is the key of the last page's last row, which must still be there. */
  list(filter: {
    readonly model?: string;
    readonly experiment?: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly CacheRow[]>;
  /** Deletes by key, model or experiment; no filter clears all. How many went. */
  delete(filter: {
    readonly keys?: readonly string[];
    readonly model?: string;
    readonly experiment?: string;
  }): Promise<number>;
  stats(): Promise<{
    readonly entries: number;
    readonly bytes: number;
    readonly byModel: readonly {
      readonly model: string;
      readonly experiment: string;
      readonly entries: number;
      readonly bytes: number;
      readonly hits: number;
    }[];
  }>;
  /** When each group was last used, by `model experiment`; a group that lies far back is left out. */
  lastUsed(): Promise<ReadonlyMap<string, number>>;
  /** Deletes the least recently used until at most `maxBytes` are held; how many went. */
  evict(maxBytes: number): Promise<number>;
  /** Streams entries for an export. */
  each(): AsyncIterable<CacheEntry>;
}

/** Small facts that outlive a process: breaker states, learned limits, largest safe context. */
export interface StateTable {
  get(scope: string, key: string): Promise<string | undefined>;
  set(scope: string, key: string, value: string): Promise<void>;
  list(scope: string): Promise<ReadonlyMap<string, string>>;
  delete(scope: string, key?: string): Promise<void>;
}

/** What graphics cards held while a run went on; goes with the run. */
export interface GpuSampleTable {
  /** Samples of a run that is not there are dropped. */
  add(run: string, samples: readonly GpuSample[]): Promise<void>;
  /** In the order of time. */
  list(run: string): Promise<readonly GpuSample[]>;
}
