import { Ollama } from "ollama/browser";
import type { Clock } from "../../base/clock.ts";
import { messageOf, UserError } from "../../base/errors.ts";
import { field, numberField, textField } from "../../base/untyped.ts";
import type { ModelMemory } from "../gpu/fit.ts";
import type { LoadedModel } from "../gpu/gpu.ts";
import type { ToolCall } from "../prompt/prompt.ts";
import type { Outcome, Reply } from "../response/outcome.ts";
import { type Fetch, type Http, openHttp } from "./http.ts";
import { OllamaRefusal, ollamaOutcome } from "./ollamaErrors.ts";
import { ollamaUrl } from "./ollamaHost.ts";
import { memoryOf } from "./ollamaMemory.ts";
import { modelDetail, parallelOf } from "./ollamaModels.ts";
import { chatBody, contextTokensOf } from "./ollamaRequest.ts";
import { wholeLines } from "./ollamaStream.ts";
import { mightNotFit, refusesToCut, wouldBeCut } from "./ollamaVersion.ts";
import { finished, finishOf, meanProbability } from "./openaiAnswer.ts";
import type { ModelInfo, ModelRequest, Provider, SendOptions } from "./provider.ts";
import { redact } from "./redact.ts";
import {
  abortedOutcome,
  connectionLost,
  hostOf,
  isLoopback,
  keyTrouble,
  malformed,
  orAborted,
  transportOutcome,
} from "./trouble.ts";

export interface OllamaOptions {
  /** `OLLAMA_HOST` or `OLLAMA_BASE_URL`, and the proxies' names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Only servers behind a login want one. */
  readonly key: () => Promise<string | undefined>;
  /** A host's fetch, used for remote servers only: this machine needs no proxy, and long answers no five-minute limit. */
  readonly fetch?: Fetch;
  readonly concurrency?: number;
}

export interface OllamaProvider extends Provider {
  readonly url: string;
  running(signal: AbortSignal): Promise<readonly LoadedModel[]>;
  /** The longest context the model was made for; undefined when the server does not say. */
  contextLength(model: string, signal: AbortSignal): Promise<number | undefined>;
  unload(model: string): Promise<void>;
}

/** Ollama's native API over the `ollama` SDK: only there can a prompt be kept from being cut in silence. */
export function openOllama(options: OllamaOptions): OllamaProvider {
  const { clock } = options;
  const url = ollamaUrl(options.env);
  const loopback = isLoopback(url);
  const http: Http = openHttp({
    env: loopback ? {} : options.env,
    ...(options.fetch === undefined || loopback ? {} : { fetch: options.fetch }),
    ...(options.concurrency === undefined ? {} : { connections: options.concurrency }),
  });
  const parallel = parallelOf(options.env, loopback);
  const cloud = /(?:^|\.)ollama\.com$/.test(new URL(url).hostname);

  /** The SDK aborts all its streams or none, so each call has a client of its own, bound to the call's signal. */
  function clientFor(signal: AbortSignal, key: string | undefined, streams = false): Ollama {
    return new Ollama({
      host: url,
      ...(key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } }),
      fetch: async (input, init) => {
        const response = await http.fetch(input, { ...init, signal });
        if (!response.ok) throw new OllamaRefusal(response.status, await response.text(), response.headers);
        return streams ? wholeLines(response) : response;
      },
    });
  }

  async function send(request: ModelRequest, sendOptions: SendOptions): Promise<Reply> {
    const { signal } = sendOptions;
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    let key: string | undefined;
    try {
      key = await options.key();
    } catch (error) {
      return { outcome: keyTrouble(error) };
    }
    try {
      return { outcome: await chat(request, sendOptions, key) };
    } catch (error) {
      return { outcome: ollamaOutcome(error, { signal, url, model: request.model, nowMs: clock.now(), key }) };
    }
  }

  let version: Promise<string | undefined> | undefined;

  /** Asked once and by no call in particular. A server that does not say is taken for a new one. */
  function serverVersion(key: string | undefined): Promise<string | undefined> {
    version ??= clientFor(AbortSignal.timeout(versionMs), key)
      .version()
      .then(
        (said) => textField(said, "version"),
        () => {
          version = undefined;
          return undefined;
        },
      );
    return version;
  }

  async function chat(
    request: ModelRequest,
    { signal, onText }: SendOptions,
    key: string | undefined,
  ): Promise<Outcome> {
    if (mightNotFit(request)) {
      const known = await orAborted(serverVersion(key), signal);
      if (!refusesToCut(known)) return wouldBeCut(request, known);
    }
    const startedAt = clock.monotonic();
    const elapsed = () => clock.monotonic() - startedAt;
    const body = chatBody(request);
    const pieces = new Pieces();
    if (onText === undefined) {
      const answer = await clientFor(signal, key).chat({ ...body, stream: false });
      pieces.add(answer);
      return concluded(answer, pieces, request, elapsed());
    }
    const stop = new AbortController();
    const client = clientFor(AbortSignal.any([signal, stop.signal]), key, true);
    for await (const part of await client.chat({ ...body, stream: true })) {
      if (pieces.add(part)) pieces.firstTokenMs ??= elapsed();
      if (part.done) return concluded(part, pieces, request, elapsed());
      if (pieces.text !== "" && onText(pieces.text)) {
        // Dropping the connection is what makes the server stop writing.
        stop.abort();
        return concluded({ done_reason: "stop" }, pieces, request, elapsed());
      }
    }
    return connectionLost("the stream ended before the answer did");
  }

  /** Runs a call that lists or shows something, in words for people when it fails. */
  async function ask<T>(signal: AbortSignal, what: string, call: (client: Ollama) => Promise<T>): Promise<T> {
    let key: string | undefined;
    try {
      key = await options.key();
      return await call(clientFor(signal, key));
    } catch (error) {
      signal.throwIfAborted();
      const trouble = transportOutcome(error, url);
      const reason = trouble !== undefined && "message" in trouble ? trouble.message : messageOf(error);
      throw new UserError(
        "provider-unreachable",
        `Ollama at ${hostOf(url)} does not ${what} (${redact(reason, key)})`,
        "start it with ollama serve, or set OLLAMA_HOST",
      );
    }
  }

  async function memory(model: string, signal: AbortSignal): Promise<ModelMemory> {
    const [shown, weights] = await Promise.all([
      ask<unknown>(signal, `show ${model}`, (client) => client.show({ model })),
      // The size stands in the list only.
      ask(signal, "list its models", (client) => client.list()).then(
        ({ models }) => models.find(({ name }) => name === model || name === `${model}:latest`)?.size,
      ),
    ]);
    return memoryOf(shown, weights);
  }

  async function contextLength(model: string, signal: AbortSignal): Promise<number | undefined> {
    const shown: unknown = await ask(signal, `show ${model}`, (client) => client.show({ model }));
    return memoryOf(shown, undefined).contextTokens;
  }

  return {
    name: "ollama",
    url,
    facts: () => ({
      scope: `ollama:${hostOf(url)}`,
      local: !cloud,
      replayed: false,
      systemRole: true,
      exploratory: false,
      free: !cloud,
      maxConcurrency: cloud ? undefined : parallel,
      usualConcurrency: cloud ? undefined : 1,
    }),
    send,
    async models(signal) {
      const { models } = await ask(signal, "list its models", (client) => client.list());
      return Promise.all(
        models.map(async ({ name, details, size }): Promise<ModelInfo> => {
          // A list is worth having even when one of its models cannot be shown.
          const contextTokens = await contextLength(name, signal).catch(() => undefined);
          const detail = modelDetail({
            parameters: details?.parameter_size,
            quantisation: details?.quantization_level,
            bytes: size,
            contextTokens,
          });
          return { id: name, contextTokens, detail };
        }),
      );
    },
    contextLength,
    memory,
    async running(signal) {
      const { models } = await ask(signal, "say what it has loaded", (client) => client.ps());
      return models.map((model) => ({
        name: model.name,
        bytes: numberField(model, "size"),
        vramBytes: numberField(model, "size_vram"),
        contextTokens: numberField(model, "context_length"),
      }));
    },
    async unload(model) {
      const signal = AbortSignal.timeout(unloadMs);
      await ask(signal, `unload ${model}`, (client) =>
        client.generate({ model, prompt: "", keep_alive: 0, stream: false }),
      );
    },
    close: () => http.close(),
  };
}

/** A server that does not say its version within this time is asked no more. */
const versionMs = 5_000;

/** A server that does not unload within this time is not waited for. */
const unloadMs = 30_000;

/** An answer as it grows. */
class Pieces {
  text = "";
  readonly toolCalls: ToolCall[] = [];
  readonly logprobs: unknown[] = [];
  firstTokenMs: number | undefined = undefined;

  /** True when something of the answer was in the part. */
  add(part: unknown): boolean {
    const content = textField(part, "message", "content") ?? "";
    this.text += content;
    const calls = field(part, "message", "tool_calls");
    const before = this.toolCalls.length;
    if (Array.isArray(calls)) {
      for (const call of calls) {
        this.toolCalls.push({
          id: textField(call, "id") ?? `call_${this.toolCalls.length}`,
          tool: textField(call, "function", "name") ?? "",
          params: field(call, "function", "arguments"),
        });
      }
    }
    const logprobs = field(part, "logprobs");
    if (Array.isArray(logprobs)) this.logprobs.push(...logprobs);
    return content !== "" || this.toolCalls.length > before;
  }
}

/** The outcome of an answer whose last part is `last`. Durations come in nanoseconds. */
function concluded(last: unknown, pieces: Pieces, request: ModelRequest, elapsedMs: number): Outcome {
  const reason = textField(last, "done_reason");
  if (reason === "load" || (reason === undefined && field(last, "message") === undefined)) {
    return malformed("the response is JSON but no answer", 200, JSON.stringify(last));
  }
  const promptTokens = numberField(last, "prompt_eval_count");
  const contextTokens = contextTokensOf(request);
  if (promptTokens !== undefined && promptTokens >= contextTokens) {
    return {
      kind: "tooLong",
      message: `the prompt fills the whole context of ${contextTokens} tokens: part of it was cut off`,
      limitTokens: contextTokens,
    };
  }
  const loadNs = numberField(last, "load_duration");
  const loadMs = loadNs === undefined ? undefined : loadNs / 1e6;
  return finished({
    text: pieces.text,
    toolCalls: pieces.toolCalls,
    finish: pieces.toolCalls.length > 0 ? "toolCalls" : finishOf(reason),
    usage: { promptTokens, completionTokens: numberField(last, "eval_count"), cachedTokens: undefined },
    timing: { latencyMs: Math.max(0, elapsedMs - (loadMs ?? 0)), firstTokenMs: pieces.firstTokenMs, loadMs },
    servedModel: textField(last, "model"),
    askedModel: request.model,
    fingerprint: undefined,
    tokenConfidence: meanProbability(pieces.logprobs),
  });
}
