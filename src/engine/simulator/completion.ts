import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, sleep } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { approximateTokens, read, readPrompt } from "../reader/reader.ts";
import { drawFault, drawLatency, drawsOf, type Fault } from "./chance.ts";
import type { Counters } from "./counters.ts";
import { type Asked, type Dialect, Rejection, type Reply, type Trouble } from "./dialect.ts";
import type { Gpu } from "./gpu.ts";
import { ollamaContextMessage } from "./ollamaDialect.ts";
import { contextTrouble } from "./openaiDialect.ts";
import type { SimulatedMessage, SimulatorOptions } from "./options.ts";
import { writeOut } from "./pieces.ts";
import type { PrefixCache } from "./prefixCache.ts";
import { admit, goDuration, type Limiter, stateOf } from "./rateLimit.ts";
import { truncated } from "./truncate.ts";

/** What the life of a request needs of the server. */
export interface Desk {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly gpu: Gpu;
  readonly prefixes: PrefixCache;
  /** Milliseconds since the server started. */
  now(): number;
  limitersOf(model: string): readonly Limiter[];
  serves(model: string): boolean;
}

const hugeBytes = 10 * 1024 * 1024;

/** Answers one completion request, or does to it what the options ask for. */
export async function complete(
  desk: Desk,
  dialect: Dialect,
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { counters, options } = desk;
  counters.requests++;
  const refuse = (trouble: Trouble, headers: Readonly<Record<string, string>> = {}) => {
    send(response, trouble.status, dialect.trouble(trouble), { "content-type": "application/json", ...headers });
  };
  const reject = (trouble: Trouble) => {
    counters.rejected++;
    refuse(trouble);
  };
  if (
    dialect.name === "openai" &&
    options.apiKey !== undefined &&
    request.headers.authorization !== `Bearer ${options.apiKey}`
  ) {
    reject({ status: 401, message: "Incorrect API key provided.", code: "invalid_api_key" });
    return;
  }
  let asked: Asked;
  try {
    asked = dialect.read(parsed(body));
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    reject(error.trouble);
    return;
  }
  if (!desk.serves(asked.model)) {
    reject(
      dialect.name === "openai"
        ? {
            status: 404,
            message: `The model \`${asked.model}\` does not exist or you do not have access to it.`,
            code: "model_not_found",
          }
        : { status: 404, message: `model '${asked.model}' not found` },
    );
    return;
  }
  counters.model(asked.model).requests++;
  const hash = options.hashBodies === false ? undefined : createHash("sha256").update(body).digest("hex").slice(0, 16);
  const occurrence = hash === undefined ? counters.requests : counters.arrived(hash);
  const random = drawsOf(options.seed ?? 1, hash ?? "", occurrence);

  const dead = options.deadModels?.find(({ model }) => model === asked.model);
  if (dead !== undefined) {
    if (dead.how === "refuse") request.socket.destroy();
    else if (dead.how === "unavailable") refuse({ status: 503, message: "The server is overloaded or not ready yet." });
    else await gone(request, counters);
    return;
  }

  const count = options.tokens ?? approximateTokens;
  const countAll = (messages: readonly SimulatedMessage[]) =>
    messages.reduce((sum, { content }) => sum + count(content) + 4, 3);
  const promptTokens = countAll(asked.messages);
  const refusal = admit(desk.limitersOf(asked.model), promptTokens, desk.now());
  if (refusal !== undefined) {
    counters.refuse(asked.model, desk.now());
    if (refusal.kind === "tooLarge") {
      refuse({
        status: 429,
        message: `Request too large for ${asked.model} on tokens per min (TPM): Limit ${refusal.limit}, Requested ${refusal.needed}.`,
        type: "tokens",
        code: "rate_limit_exceeded",
      });
      return;
    }
    const what = refusal.what === "requests" ? "requests per min (RPM)" : "tokens per min (TPM)";
    const wait: Readonly<Record<string, string>> = refusal.tell
      ? { "retry-after": String(Math.ceil(refusal.waitMs / 1000)), "retry-after-ms": String(Math.ceil(refusal.waitMs)) }
      : {};
    refuse(
      {
        status: 429,
        message: `Rate limit reached for ${asked.model} on ${what}: Limit ${refusal.limit}, Used ${Math.round(refusal.used)}, Requested ${refusal.needed}. Please try again in ${goDuration(refusal.waitMs)}.`,
        type: refusal.what,
        code: "rate_limit_exceeded",
      },
      { ...limitHeaders(desk, asked.model), ...wait },
    );
    return;
  }
  if (options.concurrency !== undefined && counters.inFlight >= options.concurrency) {
    counters.refuse(asked.model, desk.now());
    refuse({ status: 429, message: "Too many requests at once.", code: "rate_limit_exceeded" });
    return;
  }
  counters.accepted(desk.now());
  try {
    await answer(desk, dialect, asked, { promptTokens, countAll, count, hash, random, request, response });
  } finally {
    counters.inFlight--;
  }
}

interface Case {
  readonly promptTokens: number;
  readonly countAll: (messages: readonly SimulatedMessage[]) => number;
  readonly count: (text: string) => number;
  readonly hash: string | undefined;
  readonly random: Random;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer(desk: Desk, dialect: Dialect, asked: Asked, given: Case): Promise<void> {
  const { options, counters, clock } = desk;
  const { request, response, random } = given;
  const startedAt = clock.monotonic();
  const headers = limitHeaders(desk, asked.model);
  const refuse = (trouble: Trouble, more: Readonly<Record<string, string>> = {}) =>
    send(response, trouble.status, dialect.trouble(trouble), {
      "content-type": "application/json",
      ...headers,
      ...more,
    });

  const most = options.contextTokens ?? 128_000;
  let { messages } = asked;
  let { promptTokens } = given;
  let loadMs = 0;
  if (asked.local === undefined) {
    if (promptTokens + (asked.maxTokens ?? 0) > most) {
      counters.rejected++;
      refuse(contextTrouble(most, promptTokens, asked.maxTokens ?? 0));
      return;
    }
  } else {
    const context = Math.min(asked.local.context ?? options.ollama?.defaultContext ?? 4096, most);
    const loading = desk.gpu.load(asked.model, context, clock.now());
    if (loading.kind === "outOfMemory") {
      counters.rejected++;
      refuse({
        status: 500,
        message: `llama runner process has terminated: cudaMalloc failed: out of memory (needs ${loading.neededBytes} bytes, ${loading.freeBytes} free)`,
      });
      return;
    }
    if (loading.fresh) loadMs = options.ollama?.loadMs ?? 0;
    loading.loaded.expiresAt = clock.now() + asked.local.keepAliveMs;
    if (promptTokens > context) {
      const forbidden = (options.ollama?.honoursTruncate ?? true) && (!asked.local.truncate || !asked.local.shift);
      if (forbidden) {
        counters.rejected++;
        refuse({
          status: 400,
          message: ollamaContextMessage(options.ollama?.contextError ?? "nested", promptTokens, context),
        });
        return;
      }
      messages = truncated(messages, context, given.countAll);
      promptTokens = given.countAll(messages);
    }
  }

  const cachedTokens = options.prefixCache === false ? 0 : desk.prefixes.lookUp(asked.model, messages, promptTokens);
  const fault = drawFault(options.faults, random);
  if (fault !== undefined) counters.fault(fault);
  const wait = loadMs + drawLatency(options.latency, promptTokens - cachedTokens, random);
  const left = leaving(request);
  try {
    if (wait > 0) await sleep(clock, wait, left.signal);
    if (fault === "hang")
      await new Promise<void>((_, gaveUp) => left.signal.addEventListener("abort", () => gaveUp(left.signal.reason)));
    if (fault !== undefined && troubled(fault, refuse, response, options)) return;

    const said = await text(desk, asked, messages);
    const toolCall = asked.tool !== undefined && options.echoTools === true;
    const spoken = fault === "badAnswer" ? broken(asked) : said.text;
    const written = writeOut(toolCall ? "" : spoken, asked.maxTokens, asked.stops);
    const completionTokens = Math.max(1, written.pieces.length);
    const perToken = options.latency?.perTokenMs ?? 0;
    const reply: Reply = {
      id: `chatcmpl-${(given.hash ?? String(counters.requests)).padEnd(24, "0")}`,
      model: asked.model,
      createdAt: clock.now(),
      text: written.text,
      pieces: written.pieces,
      finish: toolCall ? "tool_calls" : written.finish,
      toolArguments: toolCall ? {} : undefined,
      promptTokens,
      completionTokens,
      cachedTokens,
      confidence: said.confidence,
      loadMs,
      totalMs: clock.monotonic() - startedAt + (asked.stream ? 0 : perToken * completionTokens),
    };
    counters.promptTokens += promptTokens;
    counters.completionTokens += completionTokens;
    counters.cachedTokens += cachedTokens;
    if (asked.stream) {
      const chunks = dialect.stream(asked, reply);
      response.writeHead(200, { "content-type": dialect.streamType, "cache-control": "no-cache", ...headers });
      const until = fault === "cut" ? Math.ceil(chunks.length / 2) : chunks.length;
      for (const chunk of chunks.slice(0, until)) {
        if (perToken > 0) await sleep(clock, perToken, left.signal);
        response.write(chunk);
      }
      if (fault === "cut") {
        response.destroy();
        return;
      }
      response.end();
    } else {
      if (perToken > 0) await sleep(clock, perToken * completionTokens, left.signal);
      const whole = dialect.whole(asked, reply);
      if (fault === "cut") {
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(whole)),
          ...headers,
        });
        response.write(whole.slice(0, whole.length / 2), () => response.destroy());
        return;
      }
      send(response, 200, whole, { "content-type": "application/json", ...headers });
    }
    desk.gpu.answered();
    if (asked.local?.keepAliveMs === 0) desk.gpu.unload(asked.model);
    counters.finished(asked.model, given.hash);
  } catch (error) {
    if (!left.signal.aborted) throw error;
    counters.aborted++;
  } finally {
    left.release();
  }
}

/** Faults that take the place of an answer; true when one did. */
function troubled(
  fault: Fault,
  refuse: (trouble: Trouble, more?: Readonly<Record<string, string>>) => void,
  response: ServerResponse,
  options: SimulatorOptions,
): boolean {
  const json = { "content-type": "application/json" };
  switch (fault) {
    case "rateLimited":
      refuse(
        {
          status: 429,
          message: "Rate limit reached. Please try again later.",
          type: "requests",
          code: "rate_limit_exceeded",
        },
        { "retry-after": String(options.faults?.retryAfterSeconds ?? 1) },
      );
      return true;
    case "serverError":
      refuse({ status: 500, message: "The server had an error while processing your request." });
      return true;
    case "unavailable":
      refuse({ status: 503, message: "The engine is currently overloaded, please try again later." });
      return true;
    case "malformedJson":
      send(response, 200, '{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"mess', json);
      return true;
    case "wrongSchema":
      send(response, 200, '{"result":"ok","data":[1,2,3]}', json);
      return true;
    case "wrongContentType":
      send(response, 200, "<html><body><h1>502 Bad Gateway</h1></body></html>", { "content-type": "text/html" });
      return true;
    case "huge": {
      const long = "a".repeat(hugeBytes);
      send(
        response,
        200,
        JSON.stringify({
          id: "chatcmpl-1",
          object: "chat.completion",
          created: 0,
          model: "m",
          choices: [{ index: 0, message: { role: "assistant", content: long }, finish_reason: "stop" }],
          message: { role: "assistant", content: long },
          done: true,
        }),
        json,
      );
      return true;
    }
    case "empty":
      send(response, 200, "", json);
      return true;
    default:
      return false;
  }
}

async function text(
  desk: Desk,
  asked: Asked,
  messages: readonly SimulatedMessage[],
): Promise<{ readonly text: string; readonly confidence: number }> {
  const { answer: own } = desk.options;
  const context = { model: asked.model, temperature: asked.temperature, seed: asked.seed, schema: asked.schema };
  if (own !== undefined) return { text: await own(messages, context), confidence: 0.5 };
  const options = { temperature: asked.temperature, ...(asked.seed === undefined ? {} : { seed: asked.seed }) };
  return read(asked.model, messages, options) ?? readPrompt(messages, options);
}

function broken(asked: Asked): string {
  return asked.json ? '{"answer": "unfinished' : "I am not able to say which of these it is, as several seem to fit.";
}

/** The rate-limit headers of OpenAI, for the tightest limit of each kind. */
function limitHeaders(desk: Desk, model: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const limiters = desk.limitersOf(model);
  for (const what of ["requests", "tokens"] as const) {
    const state = stateOf(limiters, what, desk.now());
    if (state === undefined) continue;
    headers[`x-ratelimit-limit-${what}`] = String(state.limit);
    headers[`x-ratelimit-remaining-${what}`] = String(state.remaining);
    headers[`x-ratelimit-reset-${what}`] = goDuration(state.resetMs);
  }
  return headers;
}

function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers });
  response.end(body);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Aborts when the client goes away. */
function leaving(request: IncomingMessage): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const gone = () => controller.abort(new Error("the client went away"));
  request.socket.once("close", gone);
  return { signal: controller.signal, release: () => void request.socket.off("close", gone) };
}

async function gone(request: IncomingMessage, counters: Counters): Promise<void> {
  await new Promise<void>((resolve) => request.socket.once("close", () => resolve()));
  counters.aborted++;
}
