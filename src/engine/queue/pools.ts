import type { LimitReport } from "../response/outcome.ts";
import type { ConcurrencyChange } from "./concurrency.ts";
import { matchesAny } from "./globs.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { QueueSettings } from "./presets.ts";
import type { Charge } from "./rateLimit.ts";

/** What a provider declares about a model, as far as the queue acts on it. */
export interface ModelFacts {
  /** Models with the same scope share an account. */
  readonly scope: string;
  /** One model in memory at a time. */
  readonly local: boolean;
  /** Answers come from a file or this process: no limits. */
  readonly replayed: boolean;
  /** Upper limit on calls in flight, when the provider has one. */
  readonly maxConcurrency: number | undefined;
  /** Instead of that, where neither the server nor a declared pool says. */
  readonly usualConcurrency?: number | undefined;
}

/** In-process answers need no more than this in flight. */
const replayedConcurrency = 64;
/** What was counted so shortly before a request cannot have been forgotten when the request was counted. */
const justBeforeMs = 2_000;
/** Sightings that decide whether a scope's limit is shared. */
const enoughSightings = 3;

/** Whether the models of a scope share its limit, and what speaks for either. */
interface Sharing {
  verdict: "open" | "shared" | "own";
  forShared: number;
  forOwn: number;
  /** The limit each model's headers gave. */
  readonly limits: Map<string, number>;
  /** The newest count of each model: what it may have grown to since is bounded by what was sent. */
  readonly counts: Map<string, { readonly used: number; readonly seq: number; readonly unanswered: number }>;
}

/**
 * Finds the pools of each model: the declared ones whose globs match and, where those tell no rates, one for its scope. Limits that headers teach
 * about a scope are held to be shared until the numbers show that each model has its own; then each gets a pool for them.
 */
export class Pools {
  readonly #declared: readonly PoolOptions[];
  readonly #settings: QueueSettings;
  readonly #facts: (model: string) => ModelFacts;
  readonly #onChange: (pool: string, what: string, reason: string) => void;
  readonly #byId = new Map<string, Pool>();
  readonly #byModel = new Map<string, Pool[]>();
  /** Scopes without declared limits. */
  readonly #scopes = new Map<Pool, Sharing>();

  constructor(options: {
    readonly declared: readonly PoolOptions[];
    readonly settings: QueueSettings;
    readonly facts: (model: string) => ModelFacts;
    readonly onChange: (pool: string, what: string, reason: string) => void;
  }) {
    this.#declared = options.declared;
    this.#settings = options.settings;
    this.#facts = options.facts;
    this.#onChange = options.onChange;
  }

  all(): Iterable<Pool> {
    return this.#byId.values();
  }

  get(id: string): Pool | undefined {
    return this.#byId.get(id);
  }

  /** The pools of a model. The array grows when a scope's limit turns out to be the model's own. */
  of(model: string): readonly Pool[] {
    const known = this.#byModel.get(model);
    if (known !== undefined) return known;
    const pools = this.#declared.filter((options) => matchesAny(options.models, model)).map((one) => this.#pool(one));
    if (!pools.some((pool) => pool.sharesRates)) pools.push(this.#scopePool(model, pools));
    this.#byModel.set(model, pools);
    for (const pool of pools) {
      pool.models.add(model);
      if (this.#scopes.has(pool) && !pool.sharesRates) pools.push(this.#ownPool(pool, model));
    }
    return pools;
  }

  /** The pool a reply's headers speak of: the one told to have that limit, else the one with the fewest models. */
  reported(pools: readonly Pool[], report: LimitReport): Pool | undefined {
    let best: Pool | undefined;
    for (const pool of pools) {
      if (!pool.sharesRates) continue;
      if (report.requestsLimit !== undefined && pool.toldRequests === report.requestsLimit) return pool;
      if (best === undefined || pool.models.size < best.models.size) best = pool;
    }
    return best;
  }

  /**
   * Weighs whether a scope's limit is shared by its models, after a reply of one of them. A count below what other models
   * sent just before does not contain them; a count that grew by more than was sent since another model saw it is not the
   * same count; a count above the model's own sends contains others.
   */
  weigh(pool: Pool, charge: Charge, now: number, report: LimitReport): void {
    const sharing = this.#scopes.get(pool);
    const { requestsLimit: limit, requestsRemaining: remaining, requestsResetMs: resetMs } = report;
    if (sharing?.verdict !== "open" || limit === undefined) return;
    const { model } = charge;
    sharing.limits.set(model, limit);
    if ([...sharing.limits.values()].some((other) => other !== limit)) {
      this.#split(pool, sharing, "headers give each model a limit of its own");
      return;
    }
    if (remaining === undefined || pool.models.size < 2) return;
    const used = limit - remaining;
    // Were it a bucket, this much of it would have come back meanwhile.
    const refilled = resetMs === undefined || resetMs <= 0 ? limit : (used / resetMs) * justBeforeMs;
    const lacksOthers = used + refilled < pool.requests.justBefore(charge, justBeforeMs);
    const outgrown = [...sharing.counts].some(
      ([other, seen]) => other !== model && used > seen.used + seen.unanswered + pool.requests.sends - seen.seq,
    );
    sharing.counts.set(model, { used, seq: charge.seq, unanswered: charge.unanswered });
    if (lacksOthers || outgrown) sharing.forOwn++;
    else if (used > pool.requests.usedBy(model, now) + 1) sharing.forShared++;
    if (sharing.forShared >= enoughSightings) sharing.verdict = "shared";
    else if (sharing.forOwn >= enoughSightings) this.#split(pool, sharing, "headers do not count other models");
  }

  /**
   * Scopes of which it is not clear who shares the limit, once a good part of it is used: one request of each other model
   * will then show by its count whether it is the same limit.
   */
  *undecided(): Generator<Pool> {
    for (const [pool, { verdict, counts }] of this.#scopes) {
      const limit = pool.requests.limit;
      if (verdict !== "open" || pool.models.size < 2 || limit === undefined) continue;
      if ([...counts.values()].some(({ used }) => used >= Math.max(4, limit / 2))) yield pool;
    }
  }

  #pool(options: PoolOptions): Pool {
    const id = options.id ?? options.models.join(",");
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const report = ({ from, to, reason }: ConcurrencyChange) =>
      this.#onChange(id, `concurrency ${from} → ${to}`, reason);
    const pool = new Pool({ ...options, id }, this.#settings, report);
    this.#byId.set(id, pool);
    return pool;
  }

  /** Learns the limits of the account; holds the concurrency as well, unless a declared pool does. */
  #scopePool(model: string, declared: readonly Pool[]): Pool {
    const { scope, replayed, maxConcurrency, usualConcurrency } = this.#facts(model);
    const held = declared.some((pool) => pool.concurrencyTold);
    const id = held ? `${scope} limits` : scope;
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const told = replayed ? replayedConcurrency : held ? (maxConcurrency ?? Number.POSITIVE_INFINITY) : undefined;
    const pool = this.#pool({
      id,
      models: [model],
      concurrency: told,
      maxConcurrency: maxConcurrency ?? usualConcurrency,
    });
    pool.sharesRates = true;
    this.#scopes.set(pool, { verdict: "open", forShared: 0, forOwn: 0, limits: new Map(), counts: new Map() });
    return pool;
  }

  #ownPool(scope: Pool, model: string): Pool {
    const own = this.#pool({ id: `${scope.id} ${model}`, models: [model], concurrency: Number.POSITIVE_INFINITY });
    own.models.add(model);
    own.sharesRates = true;
    own.requests = scope.requests.copyFor(model);
    own.tokens = scope.tokens.copyFor(model);
    return own;
  }

  #split(scope: Pool, sharing: Sharing, reason: string): void {
    sharing.verdict = "own";
    scope.sharesRates = false;
    this.#onChange(scope.id, "limits are per model", reason);
    for (const model of scope.models) this.#byModel.get(model)?.push(this.#ownPool(scope, model));
  }
}
