import type { ContextManager } from "../context/contextManager.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { SentReply } from "../queue/queue.ts";
import { RunContexts } from "../runner/contexts.ts";
import { contextManager } from "../runner/localModels.ts";
import { answerBound } from "../runner/reckoning.ts";
import type { RunModel } from "../runner/record.ts";
import type { Services } from "./deps.ts";
import { keepLearned, machineOf } from "./machine.ts";

/** As `context.vramWarning` and `context.trimEvery` are where a file does not say. */
const usual = { vramWarning: 14 * 1024 ** 3, trimEvery: 50 };
/** What a model is first loaded with where nobody says, in tokens. */
const leastTokens = 8_192;
const mostTokens = 1 << 20;
const step = 1_024;
/** Estimates are low by up to a fifth. */
const margin = 1.2;
const answerRoom = 1_024;
/** The cards are watched for so long after the last answer. */
const watchedMs = 10_000;

/** What is known of a request before it leaves. */
export interface LocalAsk {
  /** Estimated tokens of its prompt. */
  readonly tokens: number;
  /** The context that whoever planned it chose; undefined lets the request decide. */
  readonly contextTokens?: number | undefined;
}

/**
 * The contexts of local models that are asked for others: by the batch server, batch runs and workers. As in a run, a context is
 * chosen from what prompts need and the machine holds, shrinks or is loaded anew when memory runs out, and what was learned is kept.
 * Otherwise than in a run prompts are not known beforehand, so it grows, by doubling, when one does not fit; and nothing of a prompt
 * is ever left out: what does not fit into the largest context is the server's to refuse.
 */
export class LocalContexts {
  readonly #services: Services;
  /** The context a person asked for. */
  readonly #fixed: number | undefined;
  readonly #managers = new Map<string, ContextManager>();
  readonly #contexts = new RunContexts(this.#managers, usual.vramWarning);
  readonly #models = new Map<string, RunModel>();
  /** Context that prompts needed so far, and whether there is no more to be had. */
  readonly #needed = new Map<string, { readonly tokens: number; readonly capped: boolean }>();
  readonly #growing = new Map<string, Promise<void>>();
  #inFlight = 0;
  #release: (() => void) | undefined;
  #cancelRelease = () => {};

  constructor(services: Services, fixed?: number) {
    this.#services = services;
    this.#fixed = fixed;
    this.#contexts.listen(({ model, reason }) =>
      services.emit("log", { level: "warn", message: `${model}: ${reason}` }),
    );
  }

  /** The context the model is asked with now, in tokens; undefined before its first request. */
  tokens(model: string): number | undefined {
    return this.#managers.get(model)?.tokens;
  }

  /** Sends a local model's request with the context of now, and sees to what its reply tells of memory. */
  async send(
    model: RunModel,
    ask: LocalAsk,
    request: ModelRequest,
    send: (request: ModelRequest) => Promise<SentReply>,
  ): Promise<SentReply> {
    if ("num_ctx" in request.parameters) return send(request);
    const room = answerBound(request.parameters) ?? answerRoom;
    const wanted = ask.contextTokens ?? Math.ceil((ask.tokens * margin + room) / step) * step;
    await this.#grow(model, wanted, ask.contextTokens !== undefined);
    this.#watch();
    this.#inFlight += 1;
    try {
      const had = this.#managers.get(model.id)?.tokens ?? 0;
      // What cannot fit is no news about counts.
      if (ask.tokens > had) return await send({ ...request, contextTokens: had });
      const reply = await this.#contexts.send(model, { promptTokens: ask.tokens }, request, send);
      if (reply.outcome.kind !== "tooLong" || ask.contextTokens !== undefined) return reply;
      await this.#grow(model, 2 * had, false);
      return (this.#managers.get(model.id)?.tokens ?? 0) > had ? { ...reply, mended: true } : reply;
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#unwatchSoon();
    }
  }

  async close(): Promise<void> {
    this.#cancelRelease();
    this.#release?.();
    this.#release = undefined;
    await this.#keep();
  }

  /** Makes room for so many tokens, as far as there is any. `exact` takes no more than that. */
  async #grow(model: RunModel, wanted: number, exact: boolean): Promise<void> {
    for (;;) {
      const growing = this.#growing.get(model.id);
      const needed = this.#needed.get(model.id);
      if (growing !== undefined) await growing;
      else if (needed !== undefined && (needed.capped || wanted <= needed.tokens)) return;
      else {
        const tokens =
          this.#fixed ??
          (exact ? wanted : Math.min(mostTokens, Math.max(wanted, leastTokens, 2 * (needed?.tokens ?? 0))));
        const opening = this.#open(model, tokens).finally(() => this.#growing.delete(model.id));
        this.#growing.set(model.id, opening);
        await opening;
      }
    }
  }

  async #open(model: RunModel, tokens: number): Promise<void> {
    // What was learned so far goes into the next one.
    await this.#keep();
    const { manager } = await contextManager(model, tokens, usual, machineOf(this.#services));
    this.#models.set(model.id, model);
    this.#managers.set(model.id, manager);
    const less = manager.tokens < tokens;
    this.#needed.set(model.id, { tokens, capped: less || this.#fixed !== undefined || tokens >= mostTokens });
    if (less) {
      const message = `${model.id} is asked with ${manager.tokens} tokens of context, not ${tokens}: the model or this machine has no room for more`;
      this.#services.emit("log", { level: "warn", message });
    }
  }

  async #keep(): Promise<void> {
    await keepLearned(this.#services, { contexts: this.#contexts, models: this.#models });
  }

  /** Reads the cards while models are asked. */
  #watch(): void {
    this.#cancelRelease();
    if (this.#release !== undefined) return;
    const { gpus } = this.#services;
    const listening = gpus.onReport((report) => {
      this.#contexts.seen(report, this.#models.values()).catch((error: unknown) => {
        this.#services.emit("log", { level: "error", message: String(error) });
      });
    });
    const held = gpus.hold();
    this.#release = () => {
      held.dispose();
      listening.dispose();
    };
  }

  #unwatchSoon(): void {
    this.#cancelRelease = this.#services.deps.clock.after(watchedMs, () => {
      this.#release?.();
      this.#release = undefined;
    });
  }
}
