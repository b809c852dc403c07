import type { Clock } from "../../base/clock.ts";
import type { Cache } from "../cache/cache.ts";
import type { Example } from "../dataset/example.ts";
import type { Scorer } from "../metrics/scorers/scorer.ts";
import type { Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Queue, Settled } from "../queue/queue.ts";
import { type ParsedAnswer, parseAnswer } from "../response/answer.ts";
import type { Outcome } from "../response/outcome.ts";
import { repairMessages } from "../response/repair.ts";
import type { OutputPart } from "../spec/experiment.ts";
import type { Completion, NewRequest, RequestRecord, Store, TrialRecord } from "../store/store.ts";
import type { Budget, BudgetReached, Spending } from "./budget.ts";
import { Elsewhere } from "./elsewhere.ts";
import { completionOf, costIn, type ExpectedTokens, type RunModel, storedOutcome, trialOf } from "./record.ts";

/** One example under one variant, once, ready to be asked. */
export interface TrialPlan {
  readonly variant: Variant;
  /** Place in the run's order. */
  readonly position: number;
  readonly repeat: number;
  readonly example: Example;
  readonly prompt: Prompt;
  readonly request: ModelRequest;
  readonly key: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** What was left out so that it fits, JSON; undefined when nothing was. */
  readonly context: string | undefined;
  /** Why it must not be sent: a prompt of this row does not fit, so the row counts for no layout. */
  readonly refused: string | undefined;
}

/** How asking a trial went. */
export type TrialResult =
  | { readonly kind: "done"; readonly trial: TrialRecord; readonly completion: Completion }
  /** Nothing was learned and nothing is stored: the run is stopping, or nobody needs the answer any more. */
  | { readonly kind: "withdrawn" }
  /** The request can never work for this model: a key, a name, a quota. */
  | { readonly kind: "modelFailed"; readonly outcome: Extract<Outcome, { kind: "rejected" }> };

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
  /** `host:pid:start`, under which requests are claimed. */
  readonly owner: string;
  /** Rows of an interrupted run that were asked for before, by `adoptionKey`. */
  readonly adopted: Map<string, number>;
  /** Requests another process answered while the run was down, by `adoptionKey`. */
  readonly answered: ReadonlyMap<string, RequestRecord>;
  readonly onBudget: (reached: BudgetReached) => void;
  /** Nothing this model was asked has ever reached it, or it stopped answering. */
  readonly onUnreachable: (model: string, message: string) => void;
}

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
  /** Models that answered, and connections that failed before a first answer. */
  readonly #reached = new Set<string>();
  readonly #failedConnections = new Map<string, number>();

  constructor(options: PipelineOptions) {
    this.#o = options;
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
    const found = await cache.get(plans.map((plan) => plan.key));
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
    this.withdraw(() => true);
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
      withdrawn: false,
      unwanted: false,
      taken: false,
    };
    this.#open.add(open);
    try {
      const own: Settled[] = [];
      const asked = await cache.share(plan.key, async () => {
        const settled = await this.#ask(plan, plan.request, id, model, open);
        own.push(settled);
        return settled.reply.outcome;
      });
      if (open.taken) return await this.#fromElsewhere(plan, id, model);
      const [first] = own;
      if (first === undefined) {
        // Another trial with the same prompt was in flight and brought the answer.
        if (asked.outcome.kind !== "answered")
          throw new Error(`a shared answer to ${plan.key} is ${asked.outcome.kind}`);
        return await this.#fromCache(plan, asked.outcome, id);
      }
      const { outcome } = first.reply;
      if (outcome.kind === "cancelled") {
        await store.requests.release([id]);
        if (open.unwanted) await store.requests.forget([id]);
        return { kind: "withdrawn" };
      }
      if (outcome.kind === "rejected" && outcome.reason !== "badRequest") {
        await store.requests.release([id]);
        return { kind: "modelFailed", outcome };
      }
      if (first.attempts === 0 && (outcome.kind === "unavailable" || outcome.kind === "rateLimited")) {
        // The queue gave the model up before this left: a resumed run asks for it again.
        await store.requests.release([id]);
        this.#o.onUnreachable(model.id, outcome.message);
        return { kind: "withdrawn" };
      }
      let settled = first;
      let parsed = this.#parse(outcome);
      if (outcome.kind === "answered" && parsed?.kind === "invalid" && this.#o.output.type === "json") {
        // One re-ask that quotes the error; the first answer stays when the second is no better.
        const messages = [...plan.request.messages, ...repairMessages(outcome.text, parsed)];
        const second = await this.#ask(plan, { ...plan.request, messages }, undefined, model, open);
        const again = this.#parse(second.reply.outcome);
        if (again !== undefined && again.kind !== "invalid") {
          settled = { ...second, attempts: first.attempts + second.attempts };
          parsed = again;
        }
      }
      const completion = completionOf(settled, parsed, expectedOf(plan), model, "call");
      const trial = trialOf(this.#o.run, plan, settled.reply.outcome, parsed, this.#o.scorers, id);
      const answer = settled === first ? settled.reply.outcome : undefined;
      const entry = answer && cache.entryFor(plan.key, plan.variant.model, this.#o.experiment, answer);
      await store.requests.complete(id, completion, { trials: [trial], ...(entry ? { cache: entry } : {}) });
      if (completion.status === "completed") this.counts.succeeded += 1;
      else this.counts.failed += 1;
      return { kind: "done", trial, completion };
    } finally {
      this.#open.delete(open);
    }
  }

  async #ask(
    plan: TrialPlan,
    request: ModelRequest,
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
            const reply = await model.provider.send(request, {
              signal: AbortSignal.any([signal, this.#hard.signal]),
              trial: {
                example: plan.example.id,
                layout: plan.variant.layout,
                repeat: plan.repeat,
                parameters: plan.variant.parameters,
              },
            });
            actual = this.#spent(reply.outcome, plan, model);
            this.#noteReach(model.id, reply.outcome);
            return reply;
          } finally {
            budget.settle(reservation, actual);
            open.inFlight = false;
            this.counts.inFlight -= 1;
            // Only after the queue has taken the reply: what then waits for a retry is let go.
            if (open.withdrawn) setImmediate(() => open.waiting.abort());
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
    return { kind: "done", trial, completion };
  }

  async #replayed(plan: TrialPlan, model: RunModel): Promise<TrialResult> {
    const reply = await model.provider.send(plan.request, {
      signal: this.#hard.signal,
      trial: {
        example: plan.example.id,
        layout: plan.variant.layout,
        repeat: plan.repeat,
        parameters: plan.variant.parameters,
      },
    });
    const { outcome } = reply;
    if (outcome.kind === "cancelled") return { kind: "withdrawn" };
    const parsed = this.#parse(outcome);
    const completion = completionOf({ reply, attempts: 0, queuedMs: 0 }, parsed, expectedOf(plan), model, "replay");
    const trial = trialOf(this.#o.run, plan, outcome, parsed, this.#o.scorers, undefined);
    await this.#o.store.requests.record(this.#row(plan), completion, [trial]);
    this.counts.cached += 1;
    return { kind: "done", trial, completion };
  }

  /** Another process asks: its answer is scored here, as if it had come here. */
  async #fromElsewhere(plan: TrialPlan, id: number, model: RunModel): Promise<TrialResult> {
    const row = await this.#elsewhere.wait(id);
    if (row === "free") return this.#hard.signal.aborted ? { kind: "withdrawn" } : this.#call(plan, id, model);
    return this.#publish(plan, row);
  }

  async #publish(plan: TrialPlan, row: RequestRecord): Promise<TrialResult> {
    const outcome = storedOutcome(row);
    const parsed = this.#parse(outcome);
    const settled: Settled = { reply: { outcome }, attempts: row.attempts ?? 0, queuedMs: row.queuedMs ?? 0 };
    const trial = trialOf(this.#o.run, plan, outcome, parsed, this.#o.scorers, row.id);
    await this.#o.store.requests.publish(row.id, [trial]);
    return {
      kind: "done",
      trial,
      completion: {
        ...completionOf(settled, parsed, expectedOf(plan), undefined, row.source ?? "call"),
        cost: row.cost,
      },
    };
  }

  /** `id` names the row when one was made before the answer turned up. */
  async #fromCache(plan: TrialPlan, answer: Extract<Outcome, { kind: "answered" }>, id?: number): Promise<TrialResult> {
    const parsed = this.#parse(answer);
    const completion: Completion = {
      ...completionOf(unsent(answer), parsed, expectedOf(plan), undefined, "cache"),
      // A replayed answer was neither waited for nor paid.
      latencyMs: undefined,
      firstTokenMs: undefined,
      queuedMs: undefined,
      cost: 0,
    };
    const { requests } = this.#o.store;
    const trial = trialOf(this.#o.run, plan, answer, parsed, this.#o.scorers, id);
    if (id === undefined) await requests.record(this.#row(plan), completion, [trial]);
    else await requests.complete(id, completion, { trials: [trial] });
    this.counts.cached += 1;
    return { kind: "done", trial, completion };
  }

  #parse(outcome: Outcome): ParsedAnswer | undefined {
    return outcome.kind === "answered" ? parseAnswer(outcome, this.#o.output, this.#o.labels) : undefined;
  }

  #spent(outcome: Outcome, plan: TrialPlan, model: RunModel): Spending {
    if (outcome.kind !== "answered") return { calls: 1, tokens: 0, cost: 0 };
    const prompt = outcome.usage.promptTokens ?? plan.promptTokens;
    const completion = outcome.usage.completionTokens ?? plan.completionTokens;
    const cost = costIn(model, { prompt, cached: outcome.usage.cachedTokens ?? 0, completion }) ?? 0;
    return { calls: 1, tokens: prompt + completion, cost };
  }

  #row(plan: TrialPlan): NewRequest {
    const { model: _model, messages: _messages, responseSchema, ...rest } = plan.request;
    return {
      run: this.#o.run,
      variant: plan.variant.index,
      model: plan.variant.model,
      key: plan.key,
      taskType: this.#o.output.type,
      complexity: plan.promptTokens < 500 ? "low" : plan.promptTokens < 4000 ? "medium" : "high",
      priority: plan.position,
      messages: plan.prompt.messages,
      request: JSON.stringify(rest),
      context: plan.context,
      responseSchema: responseSchema && JSON.stringify(responseSchema),
      promptTokensEstimated: plan.promptTokens,
      trials: [[plan.position, plan.repeat]],
    };
  }
}

/** Rows of an interrupted run are found again by what they ask, of whom and for which trial. */
function adoptionKey(plan: TrialPlan): string {
  return `${plan.variant.index}:${plan.position}:${plan.repeat}:${plan.key}`;
}

function expectedOf(plan: TrialPlan): ExpectedTokens {
  return { prompt: plan.promptTokens, completion: plan.completionTokens };
}

/** An outcome that took no call. */
function unsent(outcome: Outcome): Settled {
  return { reply: { outcome }, attempts: 0, queuedMs: 0 };
}
