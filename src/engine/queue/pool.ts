import type { LimitReport } from "../response/outcome.ts";
import { AdaptiveConcurrency, type ConcurrencyChange } from "./concurrency.ts";
import { WindowLedger } from "./ledger.ts";
import type { QueueSettings } from "./presets.ts";
import type { PoolLimits, WaitReason, WindowKind } from "./queue.ts";
import { type Charge, type LimitSeen, RateMeter } from "./rateLimit.ts";

/** A limit that one or several models share. What is not told is learned, or taken from the settings. */
export interface PoolOptions {
  /** Default: the globs, joined by commas. */
  readonly id?: string | undefined;
  /** Globs over model ids. A model in several pools needs the consent of all. */
  readonly models: readonly string[];
  /** Per window. */
  readonly requests?: number | undefined;
  readonly tokens?: number | undefined;
  /** Default 60,000, or what headers show. */
  readonly windowMs?: number | undefined;
  /** Leave it out when it is not known: it is learned, and until then every kind is kept to. */
  readonly kind?: WindowKind | undefined;
  /** Told: this many, fewer only while the provider refuses. Not told: adaptive, from the settings. */
  readonly concurrency?: number | undefined;
  /** Where an adaptive concurrency stops at the latest. */
  readonly maxConcurrency?: number | undefined;
}

/** What a request holds of a pool while it is in flight. */
export interface Hold {
  readonly requests: Charge;
  readonly tokens: Charge;
  /** Whether the concurrency was put to the test by it. */
  readonly exercised: boolean;
}

/** Requests and tokens of one window, the concurrency, and the books, for the models that share them. */
export class Pool {
  readonly id: string;
  readonly models = new Set<string>();
  readonly ledger: WindowLedger;
  readonly control: AdaptiveConcurrency;
  inFlight = 0;
  /** False when only a concurrency was told, and once its limits have turned out to be each model's own. */
  sharesRates: boolean;
  readonly toldRequests: number | undefined;
  requests: RateMeter;
  tokens: RateMeter;
  sent = 0;
  tokensSent = 0;
  busyMs = 0;
  shortestMs = Number.POSITIVE_INFINITY;
  concurrencyTold: boolean;
  #closedUntil = Number.NEGATIVE_INFINITY;
  /** A lane whose next request is too big for the tokens left. Smaller ones may pass it, for one window at most. */
  #big: { readonly lane: object; readonly since: number } | undefined;

  constructor(options: PoolOptions, settings: QueueSettings, onConcurrency: (change: ConcurrencyChange) => void) {
    const { windowMs, kind } = options;
    this.id = options.id ?? options.models.join(",");
    this.ledger = new WindowLedger(this.id);
    this.requests = new RateMeter({ limit: options.requests, windowMs, kind });
    this.tokens = new RateMeter({ limit: options.tokens, windowMs, kind });
    this.toldRequests = options.requests;
    this.sharesRates = options.requests !== undefined || options.tokens !== undefined;
    this.concurrencyTold = options.concurrency !== undefined;
    this.control = new AdaptiveConcurrency({
      start: options.concurrency ?? settings.concurrency,
      max: options.concurrency ?? Math.min(settings.maxConcurrency, options.maxConcurrency ?? settings.maxConcurrency),
      onChange: onConcurrency,
    });
  }

  /** Why a request of so many tokens may not go now; undefined when it may. `lane` stands for its model in its run. */
  blocks(lane: object, tokens: number, now: number): WaitReason | undefined {
    if (this.inFlight >= this.control.limit) return { kind: "concurrency", pool: this.id, inFlight: this.inFlight };
    if (!this.sharesRates) return undefined;
    if (this.#closedUntil > now) return { kind: "retryAfter", freeInMs: this.#closedUntil - now };
    const requestsAt = this.requests.freeAt(1, now);
    if (requestsAt > now) return { kind: "requests", pool: this.id, freeInMs: requestsAt - now };
    const tokensAt = this.tokens.freeAt(tokens, now);
    if (tokensAt > now) {
      this.#big ??= { lane, since: now };
      return { kind: "tokens", pool: this.id, freeInMs: tokensAt - now };
    }
    const big = this.#big;
    if (big !== undefined && big.lane !== lane && now - big.since > this.tokens.windowMs) {
      return { kind: "tokens", pool: this.id, freeInMs: this.tokens.windowMs };
    }
    return undefined;
  }

  take(lane: object, model: string, tokens: number, now: number): Hold {
    this.passOver(lane);
    this.inFlight++;
    this.sent++;
    const hold = {
      requests: this.requests.charge(1, now, model),
      tokens: this.tokens.charge(tokens, now, model),
      exercised: this.control.exercises(this.inFlight),
    };
    const slots = this.slots;
    if (slots !== undefined)
      this.ledger.sent(model, now, this.requests.windowEnd(now) ?? now + this.requests.windowMs, slots);
    return hold;
  }

  /** Requests a window has room for; undefined when nothing limits them here. */
  get slots(): number | undefined {
    return this.sharesRates ? this.requests.limit : undefined;
  }

  /** The lane holds no place here any longer, whatever became of its request. */
  passOver(lane: object): void {
    if (this.#big?.lane === lane) this.#big = undefined;
  }

  /** It goes out on the line now. */
  left(hold: Hold, now: number): void {
    this.requests.left(hold.requests, now);
    this.tokens.left(hold.tokens, now);
  }

  /** Gives the slot back and learns what the reply's headers say, and from its time when it is the model's answer. */
  release(hold: Hold, now: number, report: LimitReport | undefined, byModel: boolean): void {
    this.inFlight--;
    const took = now - hold.requests.sentAt;
    this.busyMs += took;
    this.shortestMs = Math.min(this.shortestMs, took);
    this.tokensSent += hold.tokens.amount;
    this.requests.answered(
      hold.requests,
      now,
      seenOf(report?.requestsLimit, report?.requestsRemaining, report?.requestsResetMs),
      byModel,
    );
    const tokens = seenOf(report?.tokensLimit, report?.tokensRemaining, report?.tokensResetMs);
    this.tokens.answered(hold.tokens, now, tokens, byModel);
    const end = this.requests.kind === "fixed" ? this.requests.windowEnd(now) : undefined;
    if (end !== undefined) this.ledger.align(end, now);
  }

  /** Whether a refusal with these headers is explained by a limit of this pool. */
  isSpent(report: LimitReport | undefined): boolean {
    if (!this.sharesRates || (this.requests.limit === undefined && this.tokens.limit === undefined)) return false;
    const { requestsRemaining, tokensRemaining } = report ?? {};
    if (requestsRemaining === undefined && tokensRemaining === undefined) return true;
    return requestsRemaining === 0 || (tokensRemaining !== undefined && tokensRemaining < this.meanTokens);
  }

  /** A request was refused although the known limits were kept. It may go at `until`. */
  refused(hold: Hold, until: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, until);
    if (this.requests.limit !== undefined) this.requests.refused(hold.requests, until);
    if (this.tokens.limit !== undefined) this.tokens.refused(hold.tokens, until);
  }

  /** The server did not count it: it was refused, or never sent. */
  uncount(hold: Hold): void {
    this.sent--;
    this.requests.amend(hold.requests, 0);
    this.tokens.amend(hold.tokens, 0);
  }

  get meanTokens(): number {
    return this.sent === 0 ? 0 : this.tokensSent / this.sent;
  }

  /** How long the limits let so many more requests of average size take at least, in ms. */
  leastMs(requests: number, now: number): number {
    return Math.max(this.requests.leastMs(requests, now), this.tokens.leastMs(requests * this.meanTokens, now));
  }

  /** A window opens at once when the limits are told to be others. */
  retune(change: Partial<PoolLimits>): void {
    const { windowMs, kind } = change;
    const common = { ...(windowMs === undefined ? {} : { windowMs }), ...(kind === undefined ? {} : { kind }) };
    this.sharesRates ||= change.requests !== undefined || change.tokens !== undefined;
    this.requests.retune("requests" in change ? { limit: change.requests, ...common } : common);
    this.tokens.retune("tokens" in change ? { limit: change.tokens, ...common } : common);
    if (change.concurrency !== undefined) {
      this.concurrencyTold = true;
      this.control.retune(change.concurrency);
    }
  }

  limits(): PoolLimits {
    return {
      requests: this.requests.limit,
      tokens: this.tokens.limit,
      windowMs: this.requests.windowMs,
      kind: this.requests.kind,
      concurrency: this.concurrencyTold ? this.control.ceiling : undefined,
    };
  }

  learned(): Partial<PoolLimits> {
    const { limit, windowMs, kind } = this.requests.learned;
    const tokens = this.tokens.learned.limit;
    return {
      ...(limit === undefined ? {} : { requests: limit }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(windowMs === undefined ? {} : { windowMs }),
      ...(kind === undefined ? {} : { kind }),
    };
  }
}

function seenOf(
  limit: number | undefined,
  remaining: number | undefined,
  resetMs: number | undefined,
): LimitSeen | undefined {
  return limit === undefined ? undefined : { limit, remaining, resetMs };
}
