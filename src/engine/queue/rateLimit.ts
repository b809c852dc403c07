import { Fifo } from "./fifo.ts";
import { type FullAgain, LimitLearner, type LimitSighting } from "./limits.ts";
import type { WindowKind } from "./queue.ts";

/** What is known of a limit beforehand; undefined parts are learned from headers. */
export interface RateTerms {
  readonly limit: number | undefined;
  readonly windowMs: number | undefined;
  readonly kind: WindowKind | undefined;
}

/** What a reply's headers said about one limit. */
export type LimitSeen = Pick<LimitSighting, "limit" | "remaining" | "resetMs">;

/** One send in a meter's log. */
export interface Charge {
  readonly seq: number;
  readonly model: string;
  /** When it went out on the line, as far as that is known. */
  sentAt: number;
  /** What had stopped counting before it was sent. */
  readonly expiredBefore: number;
  amount: number;
  /** Sends before it that were not answered when it left. */
  readonly unanswered: number;
  answeredAt: number;
  /** Shortest latency among its reply and those just before it, and among its reply and those just after; infinite until it is answered. */
  latencyBefore: number;
  latencyAfter: number;
  latency: number;
  /** When, by its own reply, what it counted toward is over. */
  fullAgain: FullAgain | undefined;
  /** When a bucket that it found full is taken to have begun to refill. */
  refillsFrom: number | undefined;
  live: boolean;
}

const assumedWindowMs = 60_000;
/** Sends that are remembered while no limit is known. */
const unlimitedLog = 128;
/** Stands in the log for sends of others on the same account. */
const foreign = "";
/**
 * How much later the first requests may arrive than any after them, in ms: connections open, a server wakes up. They share it, so
 * that their latencies do not show it.
 */
const coldMs = 25;
/** Replies on either side whose latencies are compared. */
const neighbours = 11;

/**
 * Counts one kind of thing (requests or tokens) against one limit, and says when more may go.
 *
 * The limit holds at the server, which counts a request when it arrives: later than we send it, by an unknown and varying
 * lag. A send is therefore counted from the moment it leaves until a window after the latest moment at which it can have
 * arrived; that is safe for every kind of window, as a stream that keeps within a sliding window keeps within a fixed one
 * and within a bucket. Headers free it earlier: when they say that the allowance is full again at some moment, sends
 * counted before are over by then. That claim is tried with one request first, unless the window was told to be fixed. A bucket
 * (told, or recognised by its headers) is mirrored as such.
 */
export class RateMeter {
  readonly #learner = new LimitLearner();
  #told: RateTerms;
  #log = new Fifo<Charge>();
  #seq = 0;
  #used = 0;
  #unanswered = 0;
  #expired = 0;
  /** Time at which the bucket would be full again (the "theoretical arrival time" of the generic cell rate algorithm). */
  #fullAt = Number.NEGATIVE_INFINITY;
  /** Whether "full again" in the headers has been seen to be true. */
  #resets: "untried" | "true" | "false";
  #probe: { readonly charge: Charge; readonly believedOver: number } | undefined;
  /** The newest sends that were answered. */
  readonly #answered = new Fifo<Charge>();
  #shortestLatency = Number.POSITIVE_INFINITY;
  /** Grows when a request is refused although the limit was kept: the lag varies by more than was assumed. */
  #guardFactor = 1;
  #kind: WindowKind;
  limit: number | undefined;
  windowMs: number;

  constructor(told: RateTerms) {
    this.#told = told;
    this.#resets = told.kind === "fixed" ? "true" : "untried";
    this.limit = told.limit;
    this.windowMs = told.windowMs ?? assumedWindowMs;
    this.#kind = told.kind ?? "sliding";
  }

  get kind(): WindowKind {
    return this.#kind;
  }

  /** Sends so far. */
  get sends(): number {
    return this.#seq;
  }

  get learned(): RateTerms {
    return { limit: this.#learner.limit, windowMs: this.#learner.windowMs, kind: this.#learner.kind };
  }

  /** End of the server's running window, when headers gave it and it has not passed. */
  windowEnd(now: number): number | undefined {
    const end = this.#headersRule ? this.#learner.windowEnd : undefined;
    return end !== undefined && end > now ? end : undefined;
  }

  /** What counts against the limit at `now`. */
  used(now: number): number {
    this.#expire(now);
    if (this.#kind === "bucket") return Math.max(0, (this.#fullAt - now) * this.#refillPerMs);
    return this.#used;
  }

  /** What a model's own sends contribute. */
  usedBy(model: string, now: number): number {
    this.#expire(now);
    let sum = 0;
    for (const charge of this.#log) if (charge.live && charge.model === model) sum += charge.amount;
    return sum;
  }

  /** Sends of other models that were counted within `spanMs` before this one left: each was answered by then. */
  justBefore(charge: Charge, spanMs: number): number {
    let others = 0;
    for (let back = this.#log.length - 1; back >= 0; back--) {
      const one = this.#log.at(back) as Charge;
      if (one.sentAt < charge.sentAt - spanMs) break;
      if (one.answeredAt < charge.sentAt && one.model !== charge.model && one.model !== foreign) others += one.amount;
    }
    return others;
  }

  /** The earliest time, from `now` on, at which `amount` may go. More than the whole limit waits for all of it. */
  freeAt(amount: number, now: number): number {
    const limit = this.limit;
    if (limit === undefined) return now;
    const needed = Math.min(amount, limit);
    if (this.#kind === "bucket") return Math.max(now, this.#fullAt - (limit - needed) / this.#refillPerMs);
    this.#expire(now);
    if (this.#used + needed <= limit) return now;
    const trusting = this.#resets === "true" || (this.#resets === "untried" && this.#probe === undefined);
    const surplus = this.#used + needed - limit;
    let freed = 0;
    let at = now;
    for (const charge of this.#log) {
      if (!charge.live || charge.amount === 0) continue;
      at = Math.max(at, this.#endOf(charge, trusting));
      freed += charge.amount;
      if (freed >= surplus) break;
    }
    return at;
  }

  /** How long it takes at least, in ms, until so much more has gone. */
  leastMs(amount: number, now: number): number {
    const limit = this.limit;
    if (limit === undefined || limit === 0) return 0;
    const used = this.used(now);
    const free = Math.max(0, limit - used);
    const rest = amount - free;
    if (rest <= 0) return 0;
    if (this.#kind === "bucket") return rest / this.#refillPerMs;
    const windows = Math.ceil(rest / limit) - 1;
    // The last ones go as what was sent before them leaves the window: earlier sends first, then those that go now.
    const last = rest - windows * limit;
    return windows * this.windowMs + (last > used ? this.windowMs : this.freeAt(free + last, now) - now);
  }

  /** Counts a send that leaves now. */
  charge(amount: number, now: number, model: string): Charge {
    this.#expire(now);
    const charge = this.#append(amount, now, model);
    this.#unanswered++;
    if (this.#kind === "bucket") this.#fill(charge);
    else if (
      this.limit !== undefined &&
      this.#used > this.limit &&
      this.#resets === "untried" &&
      this.#log.length > 1
    ) {
      let over = 0;
      for (const earlier of this.#log)
        if (earlier.live && earlier !== charge && this.#endOf(earlier, true) <= now) over += earlier.amount;
      if (over > 0) this.#probe = { charge, believedOver: over };
    }
    return charge;
  }

  /** The send goes out only now: what it waited for in this process is no lag of the way. */
  left(charge: Charge, now: number): void {
    if (charge.refillsFrom !== undefined) {
      const from = now + this.#guardMs + Math.min(200, 0.02 * this.windowMs);
      if (this.#kind === "bucket") this.#fullAt += from - charge.refillsFrom;
      charge.refillsFrom = from;
    }
    charge.sentAt = now;
  }

  /** Corrects what a send amounted to. */
  amend(charge: Charge, amount: number): void {
    const change = amount - charge.amount;
    charge.amount = amount;
    if (charge.live) this.#used += change;
    if (this.#kind === "bucket" && this.#refillPerMs > 0) this.#fullAt += change / this.#refillPerMs;
  }

  /**
   * The reply is here, so the server has counted the send; `seen` is what the headers said of this limit. Only where the model
   * answered does the time it took say something of the way: refusals come back at once.
   */
  answered(charge: Charge, receivedAt: number, seen?: LimitSeen, byModel = true): void {
    this.#expire(receivedAt);
    charge.answeredAt = receivedAt;
    this.#unanswered--;
    const latency = receivedAt - charge.sentAt;
    charge.latencyBefore = latency;
    charge.latencyAfter = latency;
    if (byModel) this.#noteLatency(charge, latency);
    const probe = this.#probe?.charge === charge ? this.#probe : undefined;
    if (probe !== undefined) this.#probe = undefined;
    if (seen === undefined) return;
    charge.fullAgain = this.#learner.observe({ seq: charge.seq, sentAt: charge.sentAt, receivedAt, ...seen });
    this.#adopt();
    const { limit, remaining, resetMs } = seen;
    if (remaining === undefined) return;
    if (probe !== undefined) {
      const counted = this.#used + this.#expired - charge.expiredBefore - probe.believedOver;
      this.#resets = limit - remaining <= counted ? "true" : "false";
    }
    this.#heed(charge, receivedAt, remaining, resetMs);
  }

  /** The server refused a request for this limit although the limit was kept: keep further from its edges. It may go at `until`. */
  refused(charge: Charge, until: number): void {
    if (this.#probe !== undefined) this.#resets = "false";
    this.#guardFactor = Math.min(4, this.#guardFactor * 2);
    if (this.#kind === "bucket" && this.limit !== undefined) {
      this.#fullAt = Math.max(this.#fullAt, until + (this.limit - charge.amount) / this.#refillPerMs);
    }
  }

  retune(told: Partial<RateTerms>): void {
    this.#told = { ...this.#told, ...told };
    if (told.kind !== undefined) this.#resets = told.kind === "fixed" ? "true" : "untried";
    this.#adopt();
  }

  /** The sends of one model so far, for a limit that turns out to be the model's own. */
  copyFor(model: string): RateMeter {
    const meter = new RateMeter(this.#told);
    for (const { sentAt, amount, model: sender } of this.#log) {
      if (sender === model) meter.#append(amount, sentAt, model);
    }
    // Until its own headers say otherwise, the limit is taken to be as high.
    meter.#learner.limit = this.#learner.limit;
    meter.#adopt();
    return meter;
  }

  /** Whether the limit in the headers is the one that binds. */
  get #headersRule(): boolean {
    const learned = this.#learner.limit;
    return learned !== undefined && (this.#told.limit === undefined || learned <= this.#told.limit);
  }

  get #refillPerMs(): number {
    const whole = this.#told.kind === "bucket" ? (this.#told.limit ?? this.limit) : this.limit;
    return (whole ?? 0) / this.windowMs;
  }

  /** Lag that is always reckoned with. */
  get #guardMs(): number {
    return this.#guardFactor * Math.max(0.003 * this.windowMs, Math.min(8, 0.008 * this.windowMs));
  }

  /** The most that is believed of a lag that shows in the latency. */
  get #lagCapMs(): number {
    return Math.max(0.015 * this.windowMs, Math.min(500, 0.25 * this.windowMs));
  }

  #noteLatency(charge: Charge, latency: number): void {
    this.#shortestLatency = Math.min(this.#shortestLatency, latency);
    for (const earlier of this.#answered) {
      charge.latencyBefore = Math.min(charge.latencyBefore, earlier.latency);
      earlier.latencyAfter = Math.min(earlier.latencyAfter, latency);
    }
    charge.latency = latency;
    this.#answered.push(charge);
    if (this.#answered.length > neighbours) this.#answered.shift();
  }

  /**
   * How much later than it left the server may have counted a send. A queue on the way delays neighbours alike, and the
   * shortest of their latencies has the least of the model's own time in it: what it exceeds the shortest of all by is the way's.
   * Where a queue begins or ends, only the neighbours on one side share it.
   */
  #lagOf(charge: Charge): number {
    const around = Math.max(charge.latencyBefore, charge.latencyAfter);
    const onTheWay = Number.isFinite(around) ? Math.max(0, around - this.#shortestLatency) : this.#lagCapMs;
    const cold = charge.unanswered === charge.seq ? Math.min(coldMs, 0.0125 * this.windowMs) : 0;
    return this.#guardMs + cold + Math.min(this.#lagCapMs, onTheWay);
  }

  #append(amount: number, now: number, model: string): Charge {
    const charge: Charge = {
      seq: this.#seq++,
      model,
      sentAt: now,
      expiredBefore: this.#expired,
      amount,
      unanswered: this.#unanswered,
      answeredAt: Number.POSITIVE_INFINITY,
      latencyBefore: Number.POSITIVE_INFINITY,
      latencyAfter: Number.POSITIVE_INFINITY,
      latency: Number.POSITIVE_INFINITY,
      fullAgain: undefined,
      refillsFrom: undefined,
      live: true,
    };
    this.#log.push(charge);
    this.#used += amount;
    // Where nothing is known to be limited, a short memory is enough to weigh the first headers by.
    if (this.limit === undefined && this.#log.length > unlimitedLog) this.#forgetFirst();
    return charge;
  }

  #endOf(charge: Charge, trusting: boolean): number {
    const byWindow = charge.sentAt + this.#lagOf(charge) + this.windowMs;
    if (!trusting || (this.#told.kind === "sliding" && this.#kind === "sliding") || !this.#headersRule) return byWindow;
    const over = charge.fullAgain ?? this.#overFor(charge);
    return over === undefined ? byWindow : Math.min(byWindow, over.at + this.#guardFactor);
  }

  /** A send without an answer may have been overtaken on the way: the headers of others hold for it when it came well before the end. */
  #overFor(charge: Charge): FullAgain | undefined {
    const over = this.#learner.fullAgainFor(charge.seq);
    const arrived = charge.sentAt + this.#guardMs + this.#lagCapMs;
    return over !== undefined && arrived <= over.earliest ? over : undefined;
  }

  #expire(now: number): void {
    const trusting = this.#resets === "true";
    const isOver = (charge: Charge) => charge.amount === 0 || this.#endOf(charge, trusting) <= now;
    for (let head = this.#log.peek(); head !== undefined; head = this.#log.peek()) {
      if (head.live && !isOver(head)) break;
      this.#forgetFirst();
    }
    // Sends overtake one another, so the ones just behind may be over before the first.
    for (let place = 1; this.limit !== undefined && place <= neighbours; place++) {
      const charge = this.#log.at(place);
      if (charge === undefined) return;
      if (charge.live && isOver(charge)) this.#release(charge);
    }
  }

  #forgetFirst(): void {
    const head = this.#log.shift();
    if (head?.live) this.#release(head);
  }

  #release(charge: Charge): void {
    charge.live = false;
    this.#used -= charge.amount;
    this.#expired += charge.amount;
  }

  #fill(charge: Charge): void {
    // A full bucket gains nothing until the first request arrives, and first requests are slow to arrive.
    const arrival = charge.sentAt + this.#guardMs + Math.min(200, 0.1 * this.windowMs);
    if (arrival >= this.#fullAt) charge.refillsFrom = arrival;
    this.#fullAt = Math.max(this.#fullAt, arrival) + charge.amount / this.#refillPerMs;
  }

  /** Takes over what the headers taught; of the kind of their limit they know better than what was told. */
  #adopt(): void {
    const learned = this.#learner;
    const rules = this.#headersRule;
    this.limit = rules ? learned.limit : this.#told.limit;
    this.windowMs = this.#told.windowMs ?? (rules ? learned.windowMs : undefined) ?? assumedWindowMs;
    const kind = (rules && this.#fits(learned) ? learned.kind : undefined) ?? this.#told.kind ?? "sliding";
    if (kind === "sliding" && this.#kind === "fixed" && this.#resets === "true") this.#resets = "untried";
    if (kind === "bucket" && this.#kind !== "bucket") {
      this.#kind = kind;
      this.#fullAt = Number.NEGATIVE_INFINITY;
      for (const charge of this.#log) this.#fill(charge);
    }
    this.#kind = kind;
  }

  /** A window told and a kind learned must speak of the same limit. */
  #fits(learned: RateTerms): boolean {
    const told = this.#told.windowMs;
    return told === undefined || learned.windowMs === undefined || Math.abs(Math.log(learned.windowMs / told)) < 0.25;
  }

  /** Others may use the same account: when the server has less left than we think, the difference is theirs. */
  #heed(charge: Charge, now: number, remaining: number, resetMs: number | undefined): void {
    const limit = this.limit;
    if (limit === undefined) return;
    if (this.#kind === "bucket") {
      if (resetMs !== undefined) {
        this.#fullAt = Math.max(this.#fullAt, charge.sentAt + this.#lagOf(charge) + resetMs);
        return;
      }
      const refilled = (now - charge.sentAt) * this.#refillPerMs;
      const most = Math.min(limit, remaining + 1 + refilled);
      this.#fullAt = Math.max(this.#fullAt, now + (limit - most) / this.#refillPerMs);
      return;
    }
    const ours = limit - this.#used - (this.#expired - charge.expiredBefore);
    if (ours - remaining >= 1) this.#append(ours - remaining, now, foreign);
  }
}
