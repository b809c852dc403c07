import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Fields } from "../../base/untyped.ts";
import { approximateTokenizer } from "../context/tokenizer.ts";
import { type ModelRequest, type Provider, type ProviderFacts, splitModelId } from "../provider/provider.ts";
import type { Providers } from "../provider/registry.ts";
import type { Queue, SentReply } from "../queue/queue.ts";
import { openQueue } from "../queue/smartQueue.ts";
import type { Outcome } from "../response/outcome.ts";
import type { Answered } from "../response/read.ts";
import type { RunModel } from "../runner/record.ts";
import { Rejection, type Trouble } from "../wire/dialect.ts";
import { openaiDialect } from "../wire/openaiDialect.ts";
import { type ChatAsk, completionHead, completionOf, readChat, troubleOf } from "./chat.ts";

/** Which model answers for which name. */
export interface ModelNames {
  /** Full ids by the name that requests use. */
  readonly named: ReadonlyMap<string, string>;
  /** For every other name that is no `provider:model` itself; without one such names are unknown. */
  readonly otherwise: string | undefined;
}

export interface AskerOptions {
  readonly providers: Providers;
  readonly clock: Clock;
  readonly random: Random;
  readonly names: ModelNames;
  /** Requests in flight; default: what each provider bears. */
  readonly concurrency?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** Sees to the contexts of local models. */
  readonly contexts: LocalSender;
}

/** Sends requests of local models with a context that their machine can hold. */
export interface LocalSender {
  send(
    model: RunModel,
    ask: { readonly tokens: number },
    request: ModelRequest,
    send: (request: ModelRequest) => Promise<SentReply>,
  ): Promise<SentReply>;
  close(): Promise<void>;
}

/** How asking one chat completion went. */
export interface Asked {
  readonly status: number;
  /** A `chat.completion`, or `{error}`. */
  readonly body: unknown;
  readonly outcome: Outcome;
  /** Full id; undefined when the name meant nothing. */
  readonly model: string | undefined;
  readonly attempts: number;
  /** The model stays out of reach: the trouble is its own, not this request's. */
  readonly gaveUp: boolean;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Requests of one owner share its slots with those of others. */
  readonly owner: string;
  /** Called with the text that came since the last call. */
  readonly onText?: (added: string) => void;
}

/** Takes bodies of OpenAI's chat completions to whichever provider their model names, through one queue. */
export interface Asker {
  readonly queue: Queue;
  /** The full id behind a name; undefined when it names nothing. */
  resolve(name: string): string | undefined;
  /** @throws Rejection for a body that OpenAI would refuse, or whose model is unknown. */
  read(body: Fields): Promise<ReadyAsk>;
  ask(body: Fields, options: AskOptions): Promise<Asked>;
  send(ready: ReadyAsk, options: AskOptions): Promise<Asked & { readonly answer: Answered | undefined }>;
  /** Takes back what of an owner still waits, and what it may yet ask; what has been sent goes on, and is not sent again. */
  withdraw(owner: string): void;
  /** Resolves when local models are let go of. */
  close(): Promise<void>;
}

/** A request on its way. */
interface Open {
  readonly owner: string;
  readonly waiting: AbortController;
  inFlight: boolean;
  withdrawn: boolean;
}

export interface ReadyAsk extends ChatAsk {
  readonly id: string;
  /** Without the provider's prefix. */
  readonly model: string;
  /** As the body names it. */
  readonly asked: string;
  readonly provider: Provider;
  readonly tokens: number;
}

/** Characters a token has, roughly; only limits of tokens per minute go by it, and usage corrects it. */
const charactersPerToken = 4;

export function openAsker(options: AskerOptions): Asker {
  const { providers, clock, names } = options;
  const facts = new Map<string, ProviderFacts>();
  const opened = new Map<string, Promise<{ readonly provider: Provider; readonly model: string }>>();
  const { concurrency, requestsPerMinute, tokensPerMinute } = options;
  const told = concurrency !== undefined || requestsPerMinute !== undefined || tokensPerMinute !== undefined;
  const queue = openQueue({
    clock,
    random: options.random,
    // A batch is long: it starts wide and the queue finds what the provider bears.
    settings: { concurrency: 8, maxConcurrency: 128 },
    pools: told
      ? [{ id: "batch", models: ["*"], requests: requestsPerMinute, tokens: tokensPerMinute, concurrency }]
      : [],
    facts: (id) => {
      const known = facts.get(id);
      if (known === undefined) throw new Error(`the queue was given ${id}, which was not opened`);
      return known;
    },
    unload: async (id) => {
      const model = await opened.get(id);
      await model?.provider.unload?.(model.model);
    },
  });
  const known = new Set(providers.names());
  const open = new Set<Open>();
  const withdrawn = new Set<string>();

  function resolve(name: string): string | undefined {
    const alias = names.named.get(name);
    if (alias !== undefined) return alias;
    const split = splitModelId(name);
    if (split !== undefined && known.has(split.provider)) return `${split.provider}:${split.model}`;
    return names.otherwise;
  }

  async function read(body: Fields): Promise<ReadyAsk> {
    const asked = body["model"];
    if (typeof asked !== "string" || asked === "")
      throw new Rejection({ status: 400, message: "you must provide a model parameter" });
    const id = resolve(asked);
    if (id === undefined) throw new Rejection(openaiDialect.unknownModel(asked));
    let opening = opened.get(id);
    if (opening === undefined) {
      opening = providers.openModel(id).then((found) => {
        facts.set(id, found.provider.facts(found.model));
        return found;
      });
      opened.set(id, opening);
      opening.catch(() => opened.delete(id));
    }
    const { provider, model } = await opening;
    const chat = readChat(body, provider.passesMore === true);
    let characters = 0;
    for (const { content } of chat.request.messages) characters += content.length;
    return { ...chat, id, model, asked, provider, tokens: Math.ceil(characters / charactersPerToken) };
  }

  function localModel({ id, model, provider }: ReadyAsk): RunModel | undefined {
    const own = facts.get(id);
    return own?.local === true ? { id, name: model, provider, facts: own, price: undefined } : undefined;
  }

  async function send(ready: ReadyAsk, { signal, owner, onText }: AskOptions) {
    const { id, provider } = ready;
    const request: ModelRequest = { ...ready.request, model: ready.model, contextTokens: undefined };
    const local = localModel(ready);
    const tokens = local === undefined ? ready.tokens : countTokens(request);
    let told = 0;
    let last: SentReply | undefined;
    const one: Open = { owner, waiting: new AbortController(), inFlight: false, withdrawn: false };
    const abort = () => one.waiting.abort(signal.reason);
    if (signal.aborted || withdrawn.has(owner)) abort();
    signal.addEventListener("abort", abort, { once: true });
    open.add(one);
    const settled = await queue
      .add(
        {
          model: id,
          run: owner,
          variant: ready.asked,
          tokens,
          async send(attempt) {
            // What a listener has heard cannot be taken back: a stream that broke off stays broken.
            if (last !== undefined && (told > 0 || one.withdrawn)) return { ...last, cached: true };
            one.inFlight = true;
            const sendOne = (each: ModelRequest): Promise<SentReply> =>
              provider.send(each, {
                signal: attempt.signal,
                ...(onText === undefined
                  ? {}
                  : {
                      onText: (text: string) => {
                        if (text.length > told) onText(text.slice(told));
                        told = Math.max(told, text.length);
                        return false;
                      },
                    }),
              });
            const reply =
              local === undefined
                ? await sendOne(request)
                : await options.contexts.send(local, { tokens }, request, sendOne);
            // What is sent again at once has told a listener nothing yet.
            last = reply.mended === true ? undefined : reply;
            return reply;
          },
        },
        one.waiting.signal,
      )
      .finally(() => {
        open.delete(one);
        signal.removeEventListener("abort", abort);
      });
    const { outcome } = settled.reply;
    const common = { outcome, model: id, attempts: settled.attempts, gaveUp: settled.gaveUp === true };
    if (outcome.kind === "answered") {
      const head = completionHead(ready.asked, clock.now());
      return { ...common, status: 200, body: completionOf(outcome, head, request.messages), answer: outcome };
    }
    const trouble = troubleOf(outcome);
    return { ...common, status: trouble.status, body: troubleBody(trouble), answer: undefined };
  }

  return {
    queue,
    resolve,
    read,
    send,
    async ask(body, askOptions) {
      try {
        return await send(await read(body), askOptions);
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        const { trouble } = error;
        const outcome: Outcome = {
          kind: "rejected",
          reason: trouble.status === 404 ? "notFound" : "badRequest",
          status: trouble.status,
          message: trouble.message,
        };
        return {
          status: trouble.status,
          body: troubleBody(trouble),
          outcome,
          model: undefined,
          attempts: 0,
          gaveUp: false,
        };
      }
    },
    withdraw(owner) {
      withdrawn.add(owner);
      for (const one of open) {
        if (one.owner !== owner) continue;
        one.withdrawn = true;
        if (!one.inFlight) one.waiting.abort();
      }
    },
    async close() {
      queue.dispose();
      await queue.idle();
      await options.contexts.close();
    },
  };
}

function countTokens({ messages }: ModelRequest): number {
  return messages.reduce((sum, { content }) => sum + approximateTokenizer.count(content), 0);
}

/** The trouble as the object OpenAI's clients read. */
export function troubleBody(trouble: Trouble): unknown {
  return JSON.parse(openaiDialect.trouble(trouble)) as unknown;
}
