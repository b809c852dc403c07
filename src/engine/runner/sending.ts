import type { Bagged } from "../../base/bag.ts";
import type { Clock } from "../../base/clock.ts";
import { approximateTokenizer } from "../context/tokenizer.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Queue, Settled, Task } from "../queue/queue.ts";
import type { Outcome } from "../response/outcome.ts";
import type { Answered } from "../response/read.ts";
import type { LimitsSpec, OutputPart } from "../spec/experiment.ts";
import type { RequestRecord, Store } from "../store/store.ts";
import type { Budget, BudgetReached, Spending } from "./budget.ts";
import { Claims } from "./claims.ts";
import type { RunContexts } from "./contexts.ts";
import { type Call, costFor } from "./reckoning.ts";
import type { RunModel } from "./record.ts";
import { streaming, type TextWatch } from "./streaming.ts";
import { expectedOf, refOf, type TrialPlan } from "./trialPlan.ts";

/** For how long a claimed row is this process's, unless it is renewed. */
export const leaseMs = 60_000;

/** Connections in a row that fail before a model's first answer: more would only keep a person with a wrong address waiting. */
const unreachableAfter = 3;

export interface SendingOptions {
  readonly run: string;
  readonly store: Store;
  readonly queue: Queue;
  readonly budget: Budget;
  readonly output: OutputPart;
  readonly labels: readonly string[];
  readonly stream: LimitsSpec["stream"];
  readonly contexts: RunContexts;
  readonly clock: Clock;
  /** `host:pid:start`, under which requests are claimed. */
  readonly owner: string;
  readonly onBudget: (reached: BudgetReached) => void;
  /** What a provider did differently from what was asked; comes with every such reply. */
  readonly onNote: (model: string, note: string) => void;
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

/** A request from when it waits until its answer is stored. */
export interface Open extends Bagged {
  readonly plan: TrialPlan;
  readonly model: RunModel;
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

/** Puts requests into the queue; when their turn comes, sets their budget aside, claims their row and sends them. */
export class Sending {
  readonly counts: Counts = { sent: 0, succeeded: 0, failed: 0, retried: 0, cached: 0, inFlight: 0 };
  readonly #o: SendingOptions;
  readonly #claims: Claims;
  readonly #watches = new Map<string, TextWatch | undefined>();
  /** Models that answered, and connections that failed before a first answer. */
  readonly #reached = new Set<string>();
  readonly #failedConnections = new Map<string, number>();

  constructor(options: SendingOptions) {
    this.#o = options;
    const { store, owner, clock } = options;
    this.#claims = new Claims(clock, (ids) => store.requests.claim(ids, owner, leaseMs));
  }

  /** `id` is the row to claim; undefined for a request that goes on with one that was claimed. */
  async ask(open: Open, request: () => ModelRequest, id: number | undefined): Promise<Settled> {
    const { queue, budget, run } = this.#o;
    const { plan, model } = open;
    const call = callOf(plan, model, id === undefined);
    let claimed = id === undefined;
    const send: Task["send"] = async ({ signal, left }) => {
      const asked = budget.take(call, signal);
      const taken = asked instanceof Promise ? await asked : asked;
      if (taken.kind !== "held") {
        if (taken.kind === "refused") this.#o.onBudget(taken.reached);
        return { outcome: { kind: "cancelled" }, cached: true };
      }
      this.#leaves(open);
      const { sends } = open;
      let actual: Spending = { calls: 0, tokens: 0, cost: 0 };
      try {
        if (!claimed && id !== undefined) {
          claimed = await this.#claims.take(id);
          if (!claimed) {
            open.taken = true;
            return { outcome: { kind: "cancelled" }, cached: true };
          }
        }
        this.counts.sent += 1;
        const onText = this.#watch(open);
        const trial = refOf(plan);
        const options = { signal, trial, onLeft: left, ...(onText === undefined ? {} : { onText }) };
        const reply = await this.#o.contexts.send(model, plan, request(), (one) => model.provider.send(one, options));
        for (const note of reply.notes ?? []) this.#o.onNote(model.id, note);
        actual = { ...actual, calls: 1 };
        if (reply.outcome.kind === "answered") {
          const tokens = tokensOf(reply.outcome, plan);
          actual = { calls: 1, tokens: tokens.prompt + tokens.completion, cost: costFor(model, tokens) };
          budget.learn(call, tokens);
        }
        this.#noteReach(model.id, reply.outcome);
        return reply;
      } finally {
        budget.settle(taken.amount, actual);
        this.#isBack(open, sends);
      }
    };
    const { prompt, completion } = call.expected;
    const task = { model: model.id, run, variant: plan.variant.id, tokens: prompt + completion, send };
    if (id !== undefined) this.#claims.add(id);
    const settled = await queue.add(task, open.waiting.signal);
    // Taken back, or given up with its model: it never had its turn.
    if (id !== undefined && !claimed) this.#claims.drop(id);
    this.counts.retried += Math.max(0, settled.attempts - 1);
    return settled;
  }

  /** Another process asks on this run's account: what that took is told when it is known, as a row or as nothing. */
  elsewhere({ plan, model }: Pick<Open, "plan" | "model">): (row: RequestRecord | undefined) => void {
    const { budget } = this.#o;
    const held = budget.hold(callOf(plan, model, false));
    return (row) =>
      budget.settle(held, {
        calls: row?.attempts ?? 0,
        tokens: (row?.promptTokens ?? 0) + (row?.completionTokens ?? 0),
        cost: row?.cost ?? 0,
      });
  }

  #leaves(open: Open): void {
    open.inFlight = true;
    open.sends += 1;
    this.counts.inFlight += 1;
  }

  #isBack(open: Open, sends: number): void {
    this.counts.inFlight -= 1;
    // Only after the queue has taken the reply: before that, an abort would lose an answer that is paid for. What then waits
    // for a retry is let go.
    setImmediate(() => {
      if (open.sends !== sends) return;
      open.inFlight = false;
      if (open.withdrawn) open.waiting.abort();
    });
  }

  /** The first of several answers would pass for the only one, and hops answer in their own form: they are read whole. */
  #watch({ plan, model }: Open): TextWatch | undefined {
    if (plan.pack !== undefined || plan.chain !== undefined) return undefined;
    if (!this.#watches.has(model.id)) {
      const { stream, output, labels } = this.#o;
      this.#watches.set(model.id, streaming(stream, model.facts, output, labels));
    }
    return this.#watches.get(model.id);
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
}

function callOf(plan: TrialPlan, model: RunModel, goesOn: boolean): Call {
  const part = `${plan.chain?.id ?? ""}${plan.pack === undefined ? "" : " packed"}${goesOn ? " goes on" : ""}`;
  return {
    model,
    kind: `${plan.variant.id} ${part}`,
    expected: expectedOf(plan),
    parameters: plan.shared.request.parameters,
  };
}

/** What an answer took; estimates where its provider does not say. */
function tokensOf({ usage, text }: Answered, plan: TrialPlan) {
  return {
    prompt: usage.promptTokens ?? plan.promptTokens,
    cached: usage.cachedTokens ?? 0,
    completion: usage.completionTokens ?? approximateTokenizer.count(text),
  };
}
