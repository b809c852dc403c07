import type { Clock } from "../../base/clock.ts";
import { watchWrites } from "../../base/node/watchWrites.ts";
import { SqliteCache } from "./cacheTable.ts";
import { ChangeFeed } from "./changeFeed.ts";
import { Checkpoints } from "./checkpoints.ts";
import { createTallies, type StoreContext } from "./context.ts";
import { inMemory, setAside } from "./file.ts";
import { SqliteGpuSamples } from "./gpuSamples.ts";
import { GroupCommit } from "./groupCommit.ts";
import { openConnection } from "./open.ts";
import { packedText } from "./packing.ts";
import { patiently } from "./patience.ts";
import { Registry } from "./registry.ts";
import { SqliteRequests } from "./requests.ts";
import { SqliteRuns } from "./runs.ts";
import type { Connection } from "./sqlite.ts";
import { isCorrupt, toUserError } from "./sqliteTrouble.ts";
import { SqliteState } from "./state.ts";
import type { Store } from "./store.ts";
import { SqliteTrials } from "./trials.ts";
import { number } from "./values.ts";

export interface SqliteStoreOptions {
  readonly clock: Clock;
  /** How long a write waits for another program's lock, in ms (5,000). */
  readonly busyTimeoutMs?: number;
}

/**
 * The embedded store: one SQLite file, shared with other processes, or this process's memory (`:memory:`). Calls run on the
 * caller's thread, each for microseconds to tens of milliseconds. What is handed over must stay as it is until the promise
 * resolves; a read sees what has been resolved.
 */
export class SqliteStore implements Store {
  readonly location: string;
  readonly warnings: readonly string[];
  readonly runs: SqliteRuns;
  readonly requests: SqliteRequests;
  readonly trials: SqliteTrials;
  readonly cache: SqliteCache;
  readonly state: SqliteState;
  readonly gpuSamples: SqliteGpuSamples;
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #changes: ChangeFeed;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #clock: Clock;
  /** Why nothing works any more: it was closed, or the file was found damaged. */
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(location: string, options: SqliteStoreOptions) {
    const { clock } = options;
    const patienceMs = options.busyTimeoutMs ?? 5000;
    const { connection, hasLog, warnings } = openConnection(location, {
      patienceMs,
      now: () => clock.now(),
    });
    this.location = location;
    this.warnings = warnings;
    this.#connection = connection;
    this.#clock = clock;
    this.#checkpoints = hasLog ? new Checkpoints(location) : undefined;
    connection.define("plain", (value) => (value instanceof Uint8Array ? packedText(value) : value));
    connection.define("folded", (value) => (typeof value === "string" ? value.toLowerCase() : value));

    const registry = new Registry(connection);
    const tallies = createTallies();
    let requestsChanged = false;
    const forget = () => {
      requestsChanged = false;
      for (const tally of [tallies.requests, tallies.variants, tallies.cache]) tally.clear();
    };
    this.#commits = new GroupCommit(connection, {
      clock,
      patienceMs,
      opened: () => {
        if (this.#ended) throw this.#ended;
        registry.catchUp();
      },
      closing: () => {
        for (const tally of [tallies.requests, tallies.variants, tallies.cache]) tally.write(connection);
      },
      committed: (writes) => {
        const changed = requestsChanged;
        forget();
        this.#checkpoints?.wrote(writes);
        if (changed) this.#changes.fire();
      },
      rolledBack: () => {
        forget();
        registry.reset();
      },
      trouble: (error) => this.#trouble(error),
    });
    this.#changes = new ChangeFeed(
      clock,
      () => number(connection.get("PRAGMA data_version")?.["data_version"]),
      (onWrite) => (location === inMemory ? () => {} : watchWrites(`${location}-wal`, onWrite)),
    );
    const context: StoreContext = {
      connection,
      registry,
      commits: this.#commits,
      tallies,
      now: () => Math.round(clock.now()),
      read: async (work) => {
        if (this.#ended) throw this.#ended;
        try {
          return patiently(patienceMs, work);
        } catch (error) {
          throw this.#trouble(error);
        }
      },
      requestsChanged: () => {
        requestsChanged = true;
      },
    };
    this.runs = new SqliteRuns(context);
    this.requests = new SqliteRequests(context, this.#changes);
    this.trials = new SqliteTrials(context);
    this.cache = new SqliteCache(context);
    this.state = new SqliteState(context);
    this.gpuSamples = new SqliteGpuSamples(context);
  }

  /** Commits what waits and lets go of the file; a second call does nothing more. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#ended === undefined) this.#commits.flush();
    this.#changes.dispose();
    this.#ended ??= new Error(`the store ${this.location} is closed`);
    // Whoever lets go of the file last cuts back its log.
    await this.#checkpoints?.close();
    this.#connection.close();
  }

  #trouble(error: unknown): unknown {
    if (this.#ended) return this.#ended;
    if (!isCorrupt(error) || this.location === inMemory) return toUserError(error, this.location);
    this.#changes.dispose();
    this.#connection.close();
    const aside = setAside(this.location, this.#clock.now());
    this.#ended = aside;
    return aside;
  }
}
