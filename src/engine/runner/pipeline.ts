import type { Clock } from "../../base/clock.ts";
import type { Cache } from "../cache/cache.ts";
import type { Example } from "../dataset/example.ts";
import type { Scorer } from "../metrics/scorers/scorer.ts";
import { type ChainStep, hopResults } from "../packing/chain.ts";
import { judgePack } from "../packing/judgePack.ts";
import { type PackedVariant, packedPlans } from "../packing/packing.ts";
import type { Variant } from "../plan/variants.ts";
import { type Prompt, toMessages } from "../prompt/prompt.ts";
import type { ModelRequest, TrialRef } from "../provider/provider.ts";
import type { Queue, Settled } from "../queue/queue.ts";
import type { Outcome } from "../response/outcome.ts";
import { type ReadAnswer, readAnswer } from "../response/read.ts";
import type { LimitsSpec, OutputPart } from "../spec/experiment.ts";
import type { Completion, NewRequest, RequestRecord, Store, TrialRecord } from "../store/store.ts";
import type { Budget, BudgetReached, Spending } from "./budget.ts";
import { Elsewhere } from "./elsewhere.ts";
import { carryOn, type Reading, runsTools } from "./exchange.ts";
import { completionOf, costIn, type ExpectedTokens, type RunModel, storedOutcome, trialOf } from "./record.ts";
import type { VariantRequest } from "./requests.ts";
import { streaming, type TextWatch } from "./streaming.ts";
import type { AllowedTools } from "./tools.ts";

/** One example under one variant, once, ready to be asked. */
export interface TrialPlan {
  readonly variant: Variant;
  /** Place in the run's order. */
  readonly position: number;
  readonly repeat: number;
  readonly example: Example;
  readonly prompt: Prompt;
  /** What it shares with every request of its variant; the messages are joined when it is sent. */
  readonly shared: VariantRequest;
  readonly key: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** What was left out so that it fits, JSON; undefined when nothing was. */
  readonly context: string | undefined;
  /** Why it must not be sent: a prompt of this row does not fit, so the row counts for no layout. */
  readonly refused: string | undefined;
  /** The trials that this one request answers, in the order of their numbers; absent when it is a trial itself. */
  readonly pack?: readonly TrialPlan[];
  /** How the members of a pack go on to the next hop together. */
  readonly packedNext?: PackedVariant | undefined;
  /** Absent without a chain, and on packs, whose members have it. */
  readonly chain?: ChainStep;
}

/** The trials of a request. */
export function trialsOf(plan: TrialPlan): readonly TrialPlan[] {
  return plan.pack ?? [plan];
}

/** How asking a trial went. */
export type TrialResult =
  | {
      readonly kind: "done";
      readonly trials: readonly TrialRecord[];
      /** Trials of a packed request that it left open; they are to be asked alone. */
      readonly unanswered: readonly TrialPlan[];
      /** Requests of the next hop, for trials whose chain goes on. */
      readonly next: readonly TrialPlan[];
      readonly completion: Completion;
    }
  /** Nothing was learned and nothing is stored: the run is stopping, or nobody needs the answer any more. */
  | { readonly kind: "withdrawn" }
  /** Asking this model is no use, now (it stays out of reach) or ever (a key, a name, a quota). Nothing is stored. */
  | { readonly kind: "modelFailed"; readonly why: "rejected" | "unavailable"; readonly message: string };

export interface PipelineOptions {
  readonly run: string;
  readonly experiment: string;
  readonly store: Store;
  readonly cache: Cache;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly scorers: readonly Scorer[];
  readonly output: OutputPart;
  readonly labels: readonly string[];
  /** Tools that may run. */
  readonly allowed: AllowedTools;
  readonly stream: LimitsSpec["stream"];
  /** `host:pid:start`, under which requests are claimed. */
  readonly owner: string;
  /** Rows of an interrupted run that were asked for before, by `adoptionKey`. */
  readonly adopted: Map<string, number>;
  /** Requests another process answered while the run was down, by `adoptionKey`. */
  readonly answered: ReadonlyMap<string, RequestRecord>;
  readonly onBudget: (reached: BudgetReached) => void;
  /** What a provider did differently from what was asked; comes with every such reply. */
  readonly onNote: (model: string, note: string) => void;
  /** Another process took a request first. */
  readonly onTaken: () => void;
  /** Nothing this model was asked has ever reached it, or it stopped answering. */
  readonly onUnreachable: (model: string, message: string) => void;
}

/** What the experiment decides about each trial, apart from what the run is made of. */
export type PipelineTask = Pick<PipelineOptions, "output" | "labels" | "allowed" | "stream" | "adopted" | "answered">;

export interface Counts {
  sent: number;
  succeeded: number;
  failed: number;
  retried: number;
  cached: number;
  inFlight: number;
}

const leaseMs = 60_000;

/** Connections in a row that fail before a model's first answer: more would only keep a person with a wrong address waiting. */
const unreachableAfter = 3;

interface Open {
  readonly plan: TrialPlan;
  readonly waiting: AbortController;
  inFlight: boolean;
  /** Sends begun, retries among them. */
  sends: number;
  /** Taken back while it was in flight: its answer still counts, a retry does not. */
  withdrawn: boolean;
  /** Taken back for good: nobody will ask for it again, and no other process need answer it. */
  unwanted: boolean;
  /** Another process claimed the row first. */
  taken: boolean;
}

/**
 * The life of a request: cache, table, queue, provider, validation, score, table. What is returned has been stored. Composed
 * here and nowhere else; each station knows only itself.
 */
export class Pipeline {
  readonly counts: Counts = { sent: 0, succeeded: 0, failed: 0, retried: 0, cached: 0, inFlight: 0 };
  readonly #o: PipelineOptions;
  readonly #open = new Set<Open>();
  readonly #hard = new AbortController();
  readonly #renewal: () => void;
  readonly #elsewhere: Elsewhere;
  readonly #reading: Reading;
  readonly #taken = new Map<string, number>();
  readonly #watches = new Map<string, TextWatch | undefined>();
  /** Models that answered, and connections that failed before a first answer. */
  readonly #reached = new Set<string>();
  readonly #failedConnections = new Map<string, number>();

  constructor(options: PipelineOptions) {
    this.#o = options;
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
    const { cache, store, adopted } = this.#o;
    const found = await cache.get(plans.flatMap((plan) => (this.#isLive(plan) ? [] : [plan.key])));
    const calls: { readonly plan: TrialPlan; id: number | undefined }[] = [];
    const done: Promise<void>[] = [];
    const begin = (plan: TrialPlan, result: Promise<TrialResult>) => {
      const told = result.then((each) => onResult(plan, each));
      // All are waited for below; one that fails before that must not end the process.
      told.catch(() => {});
      done.push(told);
    };
    for (const plan of plans) {
      if (plan.refused !== undefined) {
        begin(plan, this.#refused(plan, plan.refused));
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

  /** Requests of a model that other processes hold. They fill no slot here, so as many more may be asked for. */
  takenElsewhere(model: string): number {
    return this.#taken.get(model) ?? 0;
  }

  /** Takes back what still waits and matches; what has been sent goes on. A resumed run asks for it again unless it is `forGood`. */
  withdraw(matches: (plan: TrialPlan) => boolean, options: { readonly forGood?: boolean } = {}): void {
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
        const settled = await this.#ask(plan, request, id, model, open);
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
      const untold = await this.#untold(first, id, open);
      if (untold !== undefined) return untold;
      const exchange =
        first.reply.outcome.kind === "answered" && plan.pack === undefined
          ? await carryOn(first, request(), { ...this.#reading, ...plan.chain }, (next) =>
              this.#ask(plan, () => next, undefined, model, open),
            )
          : { settled: first, parsed: undefined, tools: undefined, plain: true };
      const { settled, tools, plain } = exchange;
      const broken = await this.#untold(settled, id, open);
      if (broken !== undefined) return broken;
      const { trials, unanswered, next, parsed } = this.#judge(plan, settled.reply.outcome, exchange.parsed, id);
      const completion = completionOf(settled, parsed, expectedOf(plan), model, "call", tools);
      const entry =
        plain && !this.#isLive(plan)
          ? cache.entryFor(plan.key, plan.variant.model, this.#o.experiment, first.reply.outcome)
          : undefined;
      await store.requests.complete(id, completion, { ...written(trials), ...(entry ? { cache: entry } : {}) });
      if (completion.status === "completed") this.counts.succeeded += 1;
      else this.counts.failed += 1;
      return { kind: "done", trials, unanswered, next, completion };
    } finally {
      this.#open.delete(open);
    }
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
      await requests.release([id]);
      return { kind: "modelFailed", why: "rejected", message: outcome.message };
    }
    if (settled.gaveUp && "message" in outcome) {
      await requests.release([id]);
      return { kind: "modelFailed", why: "unavailable", message: outcome.message };
    }
    return undefined;
  }

  /** The trials that an outcome decides. `id` is undefined where their request gets its row with them. */
  #judge(plan: TrialPlan, outcome: Outcome, parsed: ReadAnswer["parsed"] | undefined, id: number | undefined) {
    const { run, scorers, output, labels } = this.#o;
    const judged =
      plan.pack === undefined
        ? { answers: [{ plan, outcome, parsed }], unanswered: [], parsed: withHops(plan, parsed) }
        : judgePack(plan.pack, outcome, output, labels);
    const trials: TrialRecord[] = [];
    const following: TrialPlan[] = [];
    for (const each of judged.answers) {
      const next = each.parsed?.kind === "valid" ? each.plan.chain?.follow(each.parsed.prediction) : undefined;
      if (next === undefined) trials.push(trialOf(run, each.plan, each.outcome, each.parsed, scorers, id));
      else following.push(next);
    }
    const next = plan.packedNext === undefined ? following : packedPlans(plan.packedNext, following);
    return { trials, unanswered: judged.unanswered, next, parsed: judged.parsed };
  }

  /** Whether tools run for it: then its answer is neither looked up nor kept nor shared. */
  #isLive(plan: TrialPlan): boolean {
    return runsTools(plan.shared.request, this.#o.allowed);
  }

  #watch(model: RunModel): TextWatch | undefined {
    if (!this.#watches.has(model.id))
      this.#watches.set(model.id, streaming(this.#o.stream, model.facts, this.#o.output, this.#o.labels));
    return this.#watches.get(model.id);
  }

  async #ask(
    plan: TrialPlan,
    request: () => ModelRequest,
    id: number | undefined,
    model: RunModel,
    open: Open,
  ): Promise<Settled> {
    const { queue, store, budget, run, owner } = this.#o;
    const expected = expectedOf(plan);
    const reservation: Spending = {
      calls: 1,
      tokens: expected.prompt + expected.completion,
      cost: costIn(model, expected) ?? 0,
    };
    let claimed = id === undefined;
    // The first of several answers would pass for the only one, and hops answer in their own form.
    const onText = plan.pack === undefined && plan.chain === undefined ? this.#watch(model) : undefined;
    const settled = await queue.add(
      {
        model: model.id,
        run,
        variant: plan.variant.id,
        tokens: reservation.tokens,
        send: async ({ signal }) => {
          const refused = budget.reserve(reservation);
          if (refused) {
            this.#o.onBudget(refused);
            return { outcome: { kind: "cancelled" }, cached: true };
          }
          open.inFlight = true;
          open.sends += 1;
          const { sends } = open;
          this.counts.inFlight += 1;
          let actual: Spending = { calls: 0, tokens: 0, cost: 0 };
          try {
            if (!claimed && id !== undefined) {
              claimed = (await store.requests.claim([id], owner, leaseMs)).has(id);
              if (!claimed) {
                open.taken = true;
                return { outcome: { kind: "cancelled" }, cached: true };
              }
            }
            this.counts.sent += 1;
            const reply = await model.provider.send(request(), {
              signal,
              trial: refOf(plan),
              ...(onText === undefined ? {} : { onText }),
            });
            for (const note of reply.notes ?? []) this.#o.onNote(model.id, note);
            actual = this.#spent(reply.outcome, plan, model);
            this.#noteReach(model.id, reply.outcome);
            return reply;
          } finally {
            budget.settle(reservation, actual);
            this.counts.inFlight -= 1;
            // Only after the queue has taken the reply: before that, an abort would lose an answer that is paid for. What
            // then waits for a retry is let go.
            setImmediate(() => {
              if (open.sends !== sends) return;
              open.inFlight = false;
              if (open.withdrawn) open.waiting.abort();
            });
          }
        },
      },
      open.waiting.signal,
    );
    this.counts.retried += Math.max(0, settled.attempts - 1);
    return settled;
  }

  #noteReach(model: string, outcome: Outcome): void {
    if (this.#reached.has(model)) return;
    if (outcome.kind !== "unavailable" || outcome.reason !== "connection") {
      if (outcome.kind !== "cancelled") this.#reached.add(model);
      return;
    }
    const failed = (this.#failedConnections.get(model) ?? 0) + 1;
    this.#failedConnections.set(model, failed);
    if (failed === unreachableAfter) this.#o.onUnreachable(model, outcome.message);
  }

  async #refused(plan: TrialPlan, message: string): Promise<TrialResult> {
    const outcome: Outcome = { kind: "tooLong", message, limitTokens: undefined };
    const completion = completionOf(unsent(outcome), undefined, expectedOf(plan), undefined, "call");
    const trial = trialOf(this.#o.run, plan, outcome, undefined, this.#o.scorers, undefined);
    await this.#o.store.requests.record(this.#row(plan), completion, [trial]);
    this.counts.failed += 1;
    return { kind: "done", trials: [trial], unanswered: [], next: [], completion };
  }

  async #replayed(plan: TrialPlan, model: RunModel): Promise<TrialResult> {
    const reply = await model.provider.send(
      { ...plan.shared.request, messages: toMessages(plan.prompt) },
      { signal: this.#hard.signal, trial: refOf(plan) },
    );
    const { outcome } = reply;
    if (outcome.kind === "cancelled") return { kind: "withdrawn" };
    const { parsed: read, tools } = this.#read(outcome, plan);
    const { parsed, ...judged } = this.#judge(plan, outcome, read, undefined);
    const settled = { reply, attempts: 0, queuedMs: 0 };
    const completion = completionOf(settled, parsed, expectedOf(plan), model, "replay", tools);
    await this.#o.store.requests.record(this.#row(plan), completion, judged.trials);
    this.counts.cached += 1;
    return { kind: "done", ...judged, completion };
  }

  /** Another process asks: its answer is scored here, as if it had come here. */
  async #fromElsewhere(plan: TrialPlan, id: number, model: RunModel): Promise<TrialResult> {
    const count = (change: 1 | -1) => this.#taken.set(model.id, this.takenElsewhere(model.id) + change);
    count(1);
    this.#o.onTaken();
    const row = await this.#elsewhere.wait(id);
    count(-1);
    if (row === "free") return this.#hard.signal.aborted ? { kind: "withdrawn" } : this.#call(plan, id, model);
    return this.#publish(plan, row);
  }

  async #publish(plan: TrialPlan, row: RequestRecord): Promise<TrialResult> {
    const outcome = storedOutcome(row);
    const { parsed: read, tools } = this.#read(outcome, plan);
    const settled: Settled = { reply: { outcome }, attempts: row.attempts ?? 0, queuedMs: row.queuedMs ?? 0 };
    const { trials, unanswered, next, parsed } = this.#judge(plan, outcome, read, row.id);
    // What told nothing stays open, so that a resumed run knows that it was asked.
    if (trials.length > 0) await this.#o.store.requests.publish(row.id, trials);
    return {
      kind: "done",
      trials,
      unanswered,
      next,
      completion: {
        ...completionOf(settled, parsed, expectedOf(plan), undefined, row.source ?? "call", tools),
        cost: row.cost,
      },
    };
  }

  /** `id` names the row when one was made before the answer turned up. */
  async #fromCache(plan: TrialPlan, answer: Extract<Outcome, { kind: "answered" }>, id?: number): Promise<TrialResult> {
    const { parsed: read, tools } = this.#read(answer, plan);
    const { trials, unanswered, next, parsed } = this.#judge(plan, answer, read, id);
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
    return { kind: "done", trials, unanswered, next, completion };
  }

  #read(outcome: Outcome, plan: TrialPlan): Partial<ReadAnswer> {
    if (outcome.kind !== "answered" || plan.pack !== undefined) return {};
    const { output, labels } = plan.chain ?? this.#o;
    return readAnswer(outcome, output, labels, plan.shared.request.tools);
  }

  #spent(outcome: Outcome, plan: TrialPlan, model: RunModel): Spending {
    if (outcome.kind !== "answered") return { calls: 1, tokens: 0, cost: 0 };
    const prompt = outcome.usage.promptTokens ?? plan.promptTokens;
    const completion = outcome.usage.completionTokens ?? plan.completionTokens;
    const cost = costIn(model, { prompt, cached: outcome.usage.cachedTokens ?? 0, completion }) ?? 0;
    return { calls: 1, tokens: prompt + completion, cost };
  }

  #row(plan: TrialPlan): NewRequest {
    return {
      run: this.#o.run,
      variant: plan.variant.index,
      model: plan.variant.model,
      key: plan.key,
      taskType: (trialsOf(plan)[0]?.chain ?? this.#o).output.type,
      complexity: plan.promptTokens < 500 ? "low" : plan.promptTokens < 4000 ? "medium" : "high",
      priority: plan.position,
      messages: plan.prompt.messages,
      request: plan.shared.json,
      context: plan.context,
      responseSchema: plan.shared.schemaJson,
      promptTokensEstimated: plan.promptTokens,
      trials: trialsOf(plan).map(({ position, repeat }) => [position, repeat] as const),
    };
  }
}

/** The reading of a chain's last request tells all its hops. */
function withHops({ chain }: TrialPlan, parsed: ReadAnswer["parsed"] | undefined): ReadAnswer["parsed"] | undefined {
  if (chain === undefined || parsed?.kind !== "valid") return parsed;
  return { ...parsed, value: { answer: parsed.value, hops: hopResults(chain, parsed.prediction) } };
}

/** Without a trial a request is not published: a resumed run must find it, and ask what it left open alone. */
function written(trials: readonly TrialRecord[]): { readonly trials?: readonly TrialRecord[] } {
  return trials.length === 0 ? {} : { trials };
}

/** Rows of an interrupted run are found again by what they ask, of whom and for which trial. */
function adoptionKey(plan: TrialPlan): string {
  return `${plan.variant.index}:${plan.position}:${plan.repeat}:${plan.key}`;
}

function refOf({ example, variant, repeat }: TrialPlan): TrialRef {
  return { example: example.id, layout: variant.layout, repeat, parameters: variant.parameters };
}

function expectedOf(plan: TrialPlan): ExpectedTokens {
  return { prompt: plan.promptTokens, completion: plan.completionTokens };
}

/** An outcome that took no call. */
function unsent(outcome: Outcome): Settled {
  return { reply: { outcome }, attempts: 0, queuedMs: 0 };
}
