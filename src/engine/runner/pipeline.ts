import { Bag } from "../../base/bag.ts";
import type { Clock } from "../../base/clock.ts";
import { Turns } from "../../base/turns.ts";
import type { Cache } from "../cache/cache.ts";
import { toMessages } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Settled } from "../queue/queue.ts";
import type { Outcome } from "../response/outcome.ts";
import type { Completion, RequestRecord, TrialRecord } from "../store/store.ts";
import type { Conversations } from "./conversations.ts";
import { Elsewhere } from "./elsewhere.ts";
import { carryOn, type Reading, runsTools } from "./exchange.ts";
import { type Judged, type Judging, judge, readPlan } from "./judging.ts";
import { Phases } from "./phases.ts";
import { completionOf, type RunModel, storedOutcome, type TrialDraft, trialOf } from "./record.ts";
import { type Counts, leaseMs, type Open, Sending, type SendingOptions } from "./sending.ts";
import type { AllowedTools } from "./tools.ts";
import { adoptionKey, expectedOf, refOf, rowOf, type TrialPlan } from "./trialPlan.ts";

/** How asking a trial went. */
export type TrialResult =
  | (Pick<Judged, "unanswered" | "next" | "left"> & {
      readonly kind: "done";
      readonly trials: readonly TrialRecord[];
      readonly completion: Completion;
    })
  /** Nothing was learned and nothing is stored: the run is stopping, or nobody needs the answer any more. */
  | { readonly kind: "withdrawn" }
  /** Asking this model is no use, now (it stays out of reach) or ever (a key, a name, a quota). Nothing is stored. */
  | {
      readonly kind: "modelFailed";
      readonly why: "rejected" | "unavailable";
      readonly message: string;
      /** When its row is given back. Nobody waits for that to give up the model: until then more is sent to it. */
      readonly released: Promise<void>;
    };

export interface PipelineOptions extends SendingOptions, Judging {
  readonly experiment: string;
  readonly cache: Cache;
  readonly clock: Clock;
  /** Tools that may run. */
  readonly allowed: AllowedTools;
  /** Rows of an interrupted run that were asked for before, by `adoptionKey`. */
  readonly adopted: Map<string, number>;
  /** Set where all requests of a variant are turns of one conversation. */
  readonly conversations?: Conversations | undefined;
  /** Another process took a request first. */
  readonly onTaken: () => void;
}

/** What the experiment decides about each trial, apart from what the run is made of. */
export type PipelineTask = Pick<
  PipelineOptions,
  "contexts" | "conversations" | "output" | "labels" | "allowed" | "stream" | "adopted" | "answered"
>;

/** Answers that may wait while the next requests leave: a kill loses them with what is in flight. */
const unstoredMost = 8;

/**
 * The life of a request: cache, table, queue, provider, validation, score, table. What is returned has been stored. Composed
 * here and nowhere else; each station knows only itself.
 */
export class Pipeline {
  readonly counts: Counts;
  readonly #o: PipelineOptions;
  readonly #sending: Sending;
  readonly #phases: Phases;
  readonly #turns = new Turns(unstoredMost);
  /** A commit stores several at once, and each may lead to more being asked: replies come in between. */
  readonly #results = new Turns();
  readonly #open = new Bag<Open>();
  readonly #hard = new AbortController();
  readonly #renewal: () => void;
  readonly #elsewhere: Elsewhere;
  readonly #reading: Reading;
  readonly #taken = new Map<string, number>();

  constructor(options: PipelineOptions) {
    this.#o = options;
    this.#sending = new Sending(options);
    this.#phases = new Phases(options.scorers);
    this.counts = this.#sending.counts;
    const { output, labels, allowed, clock } = options;
    this.#reading = { output, labels, allowed, clock };
    this.#elsewhere = new Elsewhere(options.store, options.run, options.clock);
    let cancel = () => {};
    const renew = () => {
      cancel = options.clock.after(leaseMs / 3, () => {
        // A store that fails says so at the next write, which is waited for.
        options.store.requests.renew(options.owner, leaseMs).catch(() => {});
        renew();
      });
    };
    renew();
    this.#renewal = () => cancel();
  }

  /** Asks all of them; each result is handed over as soon as it is stored. Resolves when the last one is. */
  async answer(
    plans: readonly TrialPlan[],
    model: (id: string) => RunModel,
    onResult: (plan: TrialPlan, result: TrialResult) => void,
  ): Promise<void> {
    const { cache, store, adopted, conversations } = this.#o;
    // A conversation's next turn waits for this one's score: none of them may wait for the next one.
    if (conversations === undefined) this.#phases.ask(plans);
    const looked = conversations === undefined ? plans.filter((plan) => !this.#isLive(plan)) : [];
    const found = await cache.get(looked.map(({ key }) => key));
    const calls: { readonly plan: TrialPlan; id: number | undefined }[] = [];
    const done: Promise<void>[] = [];
    const begin = (plan: TrialPlan, result: Promise<TrialResult>) => {
      const told = this.#tell(plan, result, onResult);
      // All are waited for below; one that fails before that must not end the process.
      told.catch(() => {});
      done.push(told);
    };
    for (const plan of plans) {
      if (plan.refused !== undefined) {
        begin(plan, this.#refused(plan, plan.refused));
        continue;
      }
      if (conversations !== undefined) {
        begin(
          plan,
          conversations.turn(plan, (rolled) => this.#inTurn(rolled, model(plan.variant.model))),
        );
        continue;
      }
      const elsewhere = this.#o.answered.get(adoptionKey(plan));
      if (elsewhere !== undefined) {
        begin(plan, this.#publish(plan, elsewhere));
        continue;
      }
      const answer = found.get(plan.key);
      const known = adopted.get(adoptionKey(plan));
      if (answer !== undefined) begin(plan, this.#fromCache(plan, answer, known));
      else if (model(plan.variant.model).facts.replayed) begin(plan, this.#replayed(plan, model(plan.variant.model)));
      else calls.push({ plan, id: known });
    }
    const fresh = calls.filter((call) => call.id === undefined);
    if (fresh.length > 0) {
      const ids = await store.requests.enqueue(fresh.map((call) => this.#row(call.plan)));
      fresh.forEach((call, i) => {
        call.id = ids[i];
      });
    }
    for (const { plan, id } of calls) {
      if (id === undefined) throw new Error(`no row for ${plan.key}`);
      begin(plan, this.#call(plan, id, model(plan.variant.model)));
    }
    await Promise.all(done);
  }

  async #tell(
    plan: TrialPlan,
    result: Promise<TrialResult>,
    onResult: (plan: TrialPlan, result: TrialResult) => void,
  ): Promise<void> {
    const stored = await result.finally(() => this.#phases.asked(plan));
    await this.#results.next();
    onResult(plan, stored);
    if (stored.kind === "modelFailed") await stored.released;
  }

  /** One turn of a conversation: what it asks is known only now. */
  async #inTurn(plan: TrialPlan, model: RunModel): Promise<TrialResult> {
    const { answered, adopted, cache, store } = this.#o;
    if (this.#hard.signal.aborted) return { kind: "withdrawn" };
    const elsewhere = answered.get(adoptionKey(plan));
    if (elsewhere !== undefined) return this.#publish(plan, elsewhere);
    const known = adopted.get(adoptionKey(plan));
    const answer = this.#isLive(plan) ? undefined : (await cache.get([plan.key])).get(plan.key);
    if (answer !== undefined) return this.#fromCache(plan, answer, known);
    if (model.facts.replayed) return this.#replayed(plan, model);
    const id = known ?? (await store.requests.enqueue([this.#row(plan)]))[0];
    if (id === undefined) throw new Error(`no row for ${plan.key}`);
    return this.#call(plan, id, model);
  }

  /** Answers that are being executed or judged. */
  get scoring(): { readonly execute: number; readonly judge: number } {
    return this.#phases.counts;
  }

  /** Requests of a model that other processes hold. They fill no slot here, so as many more may be asked for. */
  takenElsewhere(model: string): number {
    return this.#taken.get(model) ?? 0;
  }

  /** Takes back what still waits and matches; what has been sent goes on. A resumed run asks for it again unless it is `forGood`. */
  withdraw(matches: (plan: TrialPlan) => boolean, options: { readonly forGood?: boolean } = {}): void {
    this.#o.conversations?.withdraw(matches);
    this.#phases.withdraw(matches);
    for (const open of this.#open) {
      if (!matches(open.plan)) continue;
      if (options.forGood) open.unwanted = true;
      if (open.inFlight) open.withdrawn = true;
      else open.waiting.abort();
    }
  }

  /** Gives up what is in flight too. */
  abort(): void {
    this.#hard.abort();
    this.#o.conversations?.withdraw(() => true);
    this.#phases.withdraw(() => true);
    for (const open of this.#open) open.waiting.abort();
    this.#elsewhere.dispose();
  }

  dispose(): void {
    this.#renewal();
    this.#elsewhere.dispose();
  }

  async #call(plan: TrialPlan, id: number, model: RunModel): Promise<TrialResult> {
    const { store, cache } = this.#o;
    const open: Open = {
      plan,
      model,
      waiting: new AbortController(),
      inFlight: false,
      sends: 0,
      withdrawn: false,
      unwanted: false,
      taken: false,
    };
    this.#open.add(open);
    try {
      let made: ModelRequest | undefined;
      // Joined as late as possible, so that what waits takes little memory.
      const request = () => (made ??= { ...plan.shared.request, messages: toMessages(plan.prompt) });
      const own: Settled[] = [];
      const askFirst = async () => {
        const settled = await this.#sending.ask(open, request, id);
        // The request that has this one's slot now leaves first.
        await this.#turns.next();
        own.push(settled);
        return settled.reply.outcome;
      };
      const shared = this.#isLive(plan) ? await askFirst() : (await cache.share(plan.key, askFirst)).outcome;
      if (open.taken) return await this.#fromElsewhere(plan, id, model);
      const [first] = own;
      if (first === undefined) {
        // Another trial with the same prompt was in flight and brought the answer.
        if (shared.kind !== "answered") throw new Error(`a shared answer to ${plan.key} is ${shared.kind}`);
        return await this.#fromCache(plan, shared, id);
      }
      const anew = plannedAnew(plan, first.reply.outcome);
      if (anew !== undefined) return await this.#instead(anew, id, model, open);
      const untold = await this.#untold(first, id, open);
      if (untold !== undefined) return untold;
      const exchange =
        first.reply.outcome.kind === "answered" && plan.pack === undefined
          ? await carryOn(first, request(), { ...this.#reading, ...plan.chain }, (next) =>
              this.#sending.ask(open, () => next, undefined),
            )
          : { settled: first, parsed: undefined, tools: undefined, plain: true };
      const { settled, tools, plain } = exchange;
      const broken = await this.#untold(settled, id, open);
      if (broken !== undefined) return broken;
      const { parsed, drafts, ...judged } = judge(plan, settled.reply.outcome, exchange.parsed, id, this.#o);
      const completion = completionOf(settled, parsed, expectedOf(plan), model, "call", tools);
      const entry =
        plain && !this.#isLive(plan)
          ? cache.entryFor(plan.key, plan.variant.model, this.#o.experiment, first.reply.outcome)
          : undefined;
      const kept = entry === undefined ? {} : { cache: entry };
      const ready = finished(drafts);
      // What takes longer to score is stored first: no end of this process loses an answer that is paid for.
      await store.requests.complete(id, completion, { ...written(ready ?? []), ...kept });
      if (completion.status === "completed") this.#o.contexts.answered(plan);
      if (completion.status === "completed") this.counts.succeeded += 1;
      else this.counts.failed += 1;
      const trials = ready ?? (await this.#phases.score(plan, drafts));
      if (trials === undefined) return { kind: "withdrawn" };
      if (ready === undefined) await store.requests.publish(id, trials);
      return { kind: "done", trials, ...judged, completion };
    } finally {
      this.#open.delete(open);
    }
  }

  /** Less fits than when it was planned: what fits now is asked in its place, in a row of its own. */
  async #instead(plan: TrialPlan, id: number, model: RunModel, open: Open): Promise<TrialResult> {
    const { requests } = this.#o.store;
    await requests.release([id]);
    if (plan.refused === undefined && plan.key === open.plan.key) return this.#call(plan, id, model);
    await requests.forget([id]);
    if (plan.refused !== undefined) return this.#refused(plan, plan.refused);
    if (open.waiting.signal.aborted || open.withdrawn) return { kind: "withdrawn" };
    const [next] = await requests.enqueue([this.#row(plan)]);
    if (next === undefined) throw new Error(`no row for ${plan.key}`);
    return this.#call(plan, next, model);
  }

  /** Gives the row back when nothing was learned about its trial; undefined when something was. */
  async #untold(settled: Settled, id: number, open: Open): Promise<TrialResult | undefined> {
    const { outcome } = settled.reply;
    const { requests } = this.#o.store;
    if (outcome.kind === "cancelled") {
      await requests.release([id]);
      if (open.unwanted) await requests.forget([id]);
      return { kind: "withdrawn" };
    }
    if (outcome.kind === "rejected" && outcome.reason !== "badRequest") {
      return { kind: "modelFailed", why: "rejected", message: outcome.message, released: this.#release(id) };
    }
    if (settled.gaveUp && "message" in outcome) {
      return { kind: "modelFailed", why: "unavailable", message: outcome.message, released: this.#release(id) };
    }
    return undefined;
  }

  #release(id: number): Promise<void> {
    const released = this.#o.store.requests.release([id]);
    // Waited for once its result is told; one that fails before that must not end the process.
    released.catch(() => {});
    return released;
  }

  /** Whether tools run for it: then its answer is neither looked up nor kept nor shared. */
  #isLive(plan: TrialPlan): boolean {
    return runsTools(plan.shared.request, this.#o.allowed);
  }

  async #refused(plan: TrialPlan, message: string): Promise<TrialResult> {
    const outcome: Outcome = { kind: "tooLong", message, limitTokens: undefined };
    const completion = completionOf(unsent(outcome), undefined, expectedOf(plan), undefined, "call");
    const { trial } = trialOf(this.#o.run, plan, outcome, undefined, this.#o.scorers, undefined);
    await this.#o.store.requests.record(this.#row(plan), completion, [trial]);
    this.counts.failed += 1;
    return { kind: "done", trials: [trial], unanswered: [], next: [], left: 0, completion };
  }

  async #replayed(plan: TrialPlan, model: RunModel): Promise<TrialResult> {
    const reply = await model.provider.send(
      { ...plan.shared.request, messages: toMessages(plan.prompt) },
      { signal: this.#hard.signal, trial: refOf(plan) },
    );
    const { outcome } = reply;
    if (outcome.kind === "cancelled") return { kind: "withdrawn" };
    const { parsed: read, tools } = readPlan(plan, outcome, this.#o);
    const { parsed, drafts, ...judged } = judge(plan, outcome, read, undefined, this.#o);
    const trials = finished(drafts) ?? (await this.#phases.score(plan, drafts));
    if (trials === undefined) return { kind: "withdrawn" };
    const settled = { reply, attempts: 0, queuedMs: 0 };
    const completion = completionOf(settled, parsed, expectedOf(plan), model, "replay", tools);
    await this.#o.store.requests.record(this.#row(plan), completion, trials);
    this.counts.cached += 1;
    return { kind: "done", trials, ...judged, completion };
  }

  /** Another process asks: its answer is scored here, as if it had come here. */
  async #fromElsewhere(plan: TrialPlan, id: number, model: RunModel): Promise<TrialResult> {
    const count = (change: 1 | -1) => this.#taken.set(model.id, this.takenElsewhere(model.id) + change);
    count(1);
    this.#o.onTaken();
    const cameBack = this.#sending.elsewhere({ plan, model });
    const row = await this.#elsewhere.wait(id);
    cameBack(row === "free" ? undefined : row);
    count(-1);
    if (row === "free") return this.#hard.signal.aborted ? { kind: "withdrawn" } : this.#call(plan, id, model);
    return this.#publish(plan, row);
  }

  async #publish(plan: TrialPlan, row: RequestRecord): Promise<TrialResult> {
    const outcome = storedOutcome(row);
    if (outcome.kind === "answered") this.#o.contexts.answered(plan);
    const { parsed: read, tools } = readPlan(plan, outcome, this.#o);
    const settled: Settled = { reply: { outcome }, attempts: row.attempts ?? 0, queuedMs: row.queuedMs ?? 0 };
    const { parsed, drafts, ...judged } = judge(plan, outcome, read, row.id, this.#o);
    const trials = finished(drafts) ?? (await this.#phases.score(plan, drafts));
    if (trials === undefined) return { kind: "withdrawn" };
    // What told nothing stays open, so that a resumed run knows that it was asked.
    if (trials.length > 0) await this.#o.store.requests.publish(row.id, trials);
    return {
      kind: "done",
      trials,
      ...judged,
      completion: {
        ...completionOf(settled, parsed, expectedOf(plan), undefined, row.source ?? "call", tools),
        cost: row.cost,
      },
    };
  }

  /** `id` names the row when one was made before the answer turned up. */
  async #fromCache(plan: TrialPlan, answer: Extract<Outcome, { kind: "answered" }>, id?: number): Promise<TrialResult> {
    this.#o.contexts.answered(plan);
    const { parsed: read, tools } = readPlan(plan, answer, this.#o);
    const { parsed, drafts, ...judged } = judge(plan, answer, read, id, this.#o);
    const trials = finished(drafts) ?? (await this.#phases.score(plan, drafts));
    if (trials === undefined) return { kind: "withdrawn" };
    const completion: Completion = {
      ...completionOf(unsent(answer), parsed, expectedOf(plan), undefined, "cache", tools),
      // A replayed answer was neither waited for nor paid.
      latencyMs: undefined,
      firstTokenMs: undefined,
      queuedMs: undefined,
      cost: 0,
    };
    const { requests } = this.#o.store;
    if (id === undefined) await requests.record(this.#row(plan), completion, trials);
    else await requests.complete(id, completion, written(trials));
    this.counts.cached += 1;
    return { kind: "done", trials, ...judged, completion };
  }

  #row(plan: TrialPlan) {
    return rowOf(this.#o.run, plan, this.#o.output);
  }
}

/** The plan made anew, where that is another prompt or none; undefined when the outcome would be the same. */
function plannedAnew(plan: TrialPlan, outcome: Outcome): TrialPlan | undefined {
  if (outcome.kind !== "tooLong") return undefined;
  const anew = plan.again?.();
  if (anew === undefined) return undefined;
  const other = anew.refused !== undefined || anew.key !== plan.key || anew.generation !== plan.generation;
  return other ? anew : undefined;
}

/** The trials, where nothing is left to execute or to judge. */
function finished(drafts: readonly TrialDraft[]): readonly TrialRecord[] | undefined {
  return drafts.some(({ input }) => input !== undefined) ? undefined : drafts.map(({ trial }) => trial);
}

/** Without a trial a request is not published: a resumed run must find it, and ask what it left open alone. */
function written(trials: readonly TrialRecord[]): { readonly trials?: readonly TrialRecord[] } {
  return trials.length === 0 ? {} : { trials };
}

/** An outcome that took no call. */
function unsent(outcome: Outcome): Settled {
  return { reply: { outcome }, attempts: 0, queuedMs: 0 };
}
