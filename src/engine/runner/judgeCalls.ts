import { Emitter } from "../../base/event.ts";
import type { Answered, Cache } from "../cache/cache.ts";
import { keyFunction } from "../cache/cacheKey.ts";
import { approximateTokenizer } from "../context/tokenizer.ts";
import { messageText, type PromptMessage, toMessages } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Queue, Settled } from "../queue/queue.ts";
import type { JudgeCalls, JudgeReply } from "../scoring/judgeScorer.ts";
import { type Completion, judgeVariant, type Store } from "../store/store.ts";
import type { Budget, BudgetReached, Spending } from "./budget.ts";
import { type Call, costFor } from "./reckoning.ts";
import { completionOf, type RunModel } from "./record.ts";

/** Why a judge cannot go on. */
export type JudgeTrouble =
  | { readonly kind: "budget"; readonly reached: BudgetReached }
  | { readonly kind: "rejected" | "unavailable"; readonly model: string; readonly message: string };

export interface JudgeWorld {
  readonly run: string;
  readonly experiment: string;
  readonly store: Store;
  readonly cache: Cache;
  readonly queue: Queue;
  readonly budget: Budget;
  readonly model: RunModel;
  /** Undefined lets models be asked; otherwise only what is known counts. */
  readonly silent?: boolean;
}

/** Tokens a judgement takes. */
const tokensPerItem = 40;

/**
 * Asks a judge's model through the run's own queue and budget, and keeps each call as a row of the request table: its tokens and cost
 * are the run's, and no variant's.
 */
export class RunJudge implements JudgeCalls {
  readonly #o: JudgeWorld;
  readonly #keyOf: ReturnType<typeof keyFunction>;
  readonly #trouble = new Emitter<JudgeTrouble>();
  readonly #asked = new Emitter<Completion>();
  readonly onTrouble = this.#trouble.event;
  /** A call has ended and is stored. */
  readonly onAsked = this.#asked.event;

  constructor(options: JudgeWorld) {
    this.#o = options;
    const { id, facts } = options.model;
    this.#keyOf = keyFunction({ ...shared, model: id, endpoint: facts.scope });
  }

  async ask(messages: readonly PromptMessage[], items: number, signal: AbortSignal): Promise<JudgeReply> {
    const { queue, run, model, silent } = this.#o;
    if (silent === true) return { kind: "unavailable" };
    const expected = {
      prompt: messages.reduce((sum, message) => sum + approximateTokenizer.count(messageText(message)), 0),
      completion: items * tokensPerItem,
    };
    const request: ModelRequest = { ...shared, model: model.name, messages: toMessages({ messages }) };
    const tokens = expected.prompt + expected.completion;
    const { budget } = this.#o;
    const call: Call = { model, kind: `judge ${model.id}`, expected, parameters: shared.parameters };
    let reached: BudgetReached | undefined;
    const settled = await queue.add(
      {
        model: model.id,
        run,
        variant: "judge",
        tokens,
        send: async (attempt) => {
          const taken = await budget.take(call, attempt.signal);
          if (taken.kind === "refused") reached = taken.reached;
          if (taken.kind !== "held") return { outcome: { kind: "cancelled" }, cached: true };
          let actual: Spending = { calls: 0, tokens: 0, cost: 0 };
          try {
            const reply = await model.provider.send(request, { signal: attempt.signal });
            const { usage } = reply.outcome.kind === "answered" ? reply.outcome : { usage: undefined };
            const billed = {
              prompt: usage?.promptTokens ?? expected.prompt,
              cached: usage?.cachedTokens ?? 0,
              completion: usage?.completionTokens ?? expected.completion,
            };
            actual =
              usage === undefined
                ? { calls: 1, tokens: 0, cost: 0 }
                : { calls: 1, tokens: billed.prompt + billed.completion, cost: costFor(model, billed) };
            if (usage !== undefined) budget.learn(call, billed);
            return reply;
          } finally {
            budget.settle(taken.amount, actual);
          }
        },
      },
      signal,
    );
    if (reached !== undefined) this.#trouble.fire({ kind: "budget", reached });
    return this.#told(settled, messages, expected);
  }

  async known(messages: readonly PromptMessage[]): Promise<string | undefined> {
    const key = this.#keyOf(messages, 0);
    return (await this.#o.cache.get([key])).get(key)?.text;
  }

  async keep(messages: readonly PromptMessage[], text: string): Promise<void> {
    const { cache, store, model, experiment } = this.#o;
    const answer: Answered = {
      kind: "answered",
      text,
      toolCalls: [],
      usage: { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined },
      timing: { latencyMs: 0, firstTokenMs: undefined, loadMs: undefined },
      finish: "stop",
      servedModel: undefined,
      tokenConfidence: undefined,
    };
    const entry = cache.entryFor(this.#keyOf(messages, 0), model.id, experiment, answer);
    if (entry !== undefined) await store.cache.put([entry]);
  }

  async #told(
    settled: Settled,
    messages: readonly PromptMessage[],
    expected: { readonly prompt: number; readonly completion: number },
  ): Promise<JudgeReply> {
    const { outcome } = settled.reply;
    const { model } = this.#o;
    if (outcome.kind === "cancelled") return { kind: "unavailable" };
    await this.#record(settled, messages, expected);
    if (outcome.kind === "answered") return { kind: "answered", text: outcome.text };
    const message = outcome.message;
    const rejected = outcome.kind === "rejected" && outcome.reason !== "badRequest";
    if (rejected || settled.gaveUp) {
      this.#trouble.fire({ kind: rejected ? "rejected" : "unavailable", model: model.id, message });
      return { kind: "unavailable" };
    }
    return { kind: "failed", message };
  }

  async #record(
    settled: Settled,
    messages: readonly PromptMessage[],
    expected: { readonly prompt: number; readonly completion: number },
  ): Promise<void> {
    const { store, run, model } = this.#o;
    const completion = completionOf(settled, undefined, expected, model, "call");
    await store.requests.record(
      {
        run,
        variant: judgeVariant,
        model: model.id,
        key: this.#keyOf(messages, 0),
        taskType: "judge",
        complexity: expected.prompt < 500 ? "low" : expected.prompt < 4000 ? "medium" : "high",
        priority: 0,
        messages,
        request: JSON.stringify({ parameters: shared.parameters, tools: [], contextTokens: undefined }),
        context: undefined,
        responseSchema: undefined,
        promptTokensEstimated: expected.prompt,
        trials: [],
      },
      completion,
      [],
    );
    this.#asked.fire(completion);
  }
}

/** What all of a judge's requests have in common. The same words get the same score wherever a model can keep to that. */
const shared = {
  parameters: { temperature: 0 },
  responseSchema: undefined,
  tools: [],
  contextTokens: undefined,
} as const;
