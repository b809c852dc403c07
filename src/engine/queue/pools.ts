import type { LimitReport } from "../response/outcome.ts";
import type { ConcurrencyChange } from "./concurrency.ts";
import { matchesAny } from "./globs.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { QueueSettings } from "./presets.ts";

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
}

/** In-process answers need no more than this in flight. */
const replayedConcurrency = 64;
/** Sightings that contradict a shared limit before it is taken as each model's own. */
const enoughDoubt = 2;

/**
 * Finds the pools of each model: the declared ones whose globs match, else one for its scope. Limits that headers teach
 * about a scope are held to be shared until the numbers show that each model has its own; then each gets a pool for them.
 */
export class Pools {
  readonly #declared: readonly PoolOptions[];
  readonly #settings: QueueSettings;
  readonly #facts: (model: string) => ModelFacts;
  readonly #onChange: (pool: string, what: string, reason: string) => void;
  readonly #byId = new Map<string, Pool>();
  readonly #byModel = new Map<string, Pool[]>();
  /** Scopes without declared limits, with the evidence that their limit is not shared. */
  readonly #scopes = new Map<Pool, { doubt: number; readonly limits: Map<string, number> }>();

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
    const declared = this.#declared.filter((options) => matchesAny(options.models, model));
    const pools = declared.length > 0 ? declared.map((options) => this.#pool(options)) : [this.#scopePool(model)];
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

  /** Weighs whether a scope's limit is shared by its models, after a reply of one of them. */
  weigh(pool: Pool, model: string, now: number, report: LimitReport): void {
    const scope = this.#scopes.get(pool);
    const limit = report.requestsLimit;
    if (scope === undefined || limit === undefined || !pool.sharesRates || pool.models.size < 2) return;
    scope.limits.set(model, limit);
    if ([...scope.limits.values()].some((other) => other !== limit)) {
      this.#split(pool, "headers give each model a limit of its own");
      return;
    }
    if (report.requestsRemaining === undefined || pool.requests.windowEnd(now) === undefined) return;
    const used = limit - report.requestsRemaining;
    const own = pool.requests.usedBy(model, now);
    const others = pool.requests.used(now) - own - pool.inFlight;
    scope.doubt = others >= 2 && used <= own ? scope.doubt + 1 : 0;
    if (scope.doubt >= enoughDoubt) this.#split(pool, "headers do not count the other models");
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

  #scopePool(model: string): Pool {
    const { scope, replayed, maxConcurrency } = this.#facts(model);
    const known = this.#byId.get(scope);
    if (known !== undefined) return known;
    const concurrency = replayed ? replayedConcurrency : undefined;
    const pool = this.#pool({ id: scope, models: [model], concurrency, maxConcurrency });
    this.#scopes.set(pool, { doubt: 0, limits: new Map() });
    return pool;
  }

  #ownPool(scope: Pool, model: string): Pool {
    const own = this.#pool({ id: `${scope.id} ${model}`, models: [model], concurrency: Number.POSITIVE_INFINITY });
    own.models.add(model);
    own.requests = scope.requests.copyFor(model);
    own.tokens = scope.tokens.copyFor(model);
    return own;
  }

  #split(scope: Pool, reason: string): void {
    scope.sharesRates = false;
    this.#onChange(scope.id, "limits are per model", reason);
    for (const model of scope.models) this.#byModel.get(model)?.push(this.#ownPool(scope, model));
  }
}
