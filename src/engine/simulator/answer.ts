import type { ServerResponse } from "node:http";
import { sleep } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { type ReaderOptions, type Reading, read, readPrompt } from "../reader/reader.ts";
import { fillSchema } from "../reader/schemaAnswer.ts";
import type { Asked, Dialect, Reply, Trouble, WireMessage } from "../wire/dialect.ts";
import { ollamaContextMessage } from "../wire/ollamaDialect.ts";
import { contextTrouble } from "../wire/openaiDialect.ts";
import { leaving, send } from "../wire/respond.ts";
import { badAnswer, breakReply, hugeAnswer } from "./breakage.ts";
import { drawFault, drawLatency } from "./chance.ts";
import { type Desk, limitHeaders } from "./desk.ts";
import { type Written, writeOut } from "./pieces.ts";
import { truncated } from "./truncate.ts";

export interface Case {
  readonly promptTokens: number;
  /** Of the request's body; undefined when bodies are not hashed. */
  readonly hash: string | undefined;
  readonly random: Random;
  readonly response: ServerResponse;
}

/** Answers a request that was let in, or does to it what the drawn fault says. */
export async function answer(desk: Desk, dialect: Dialect, asked: Asked, given: Case): Promise<void> {
  const { options, counters, clock } = desk;
  const { response, random, hash } = given;
  const startedAt = clock.monotonic();
  const headers = {
    ...(dialect.name === "openai"
      ? { "x-request-id": requestId(given, counters.requests), "openai-version": "2020-10-01" }
      : {}),
    ...limitHeaders(desk, asked.model),
  };
  const fitted = placed(desk, asked, given.promptTokens);
  if (fitted.kind === "trouble") {
    counters.rejected++;
    send(response, fitted.trouble.status, dialect.trouble(fitted.trouble), {
      "content-type": "application/json",
      ...headers,
    });
    return;
  }
  const { messages, promptTokens, loadMs } = fitted;
  const cachedTokens =
    options.prefixCache === false
      ? 0
      : asked.local === undefined
        ? desk.prefixes.lookUp(asked.model, messages, promptTokens)
        : desk.prefixes.sinceLast(asked.model, messages, promptTokens);
  const fault = drawFault(options.faults, random);
  if (fault !== undefined) counters.fault(fault);
  const waitMs = loadMs + drawLatency(options.latency, promptTokens - cachedTokens, random);

  const left = leaving(response);
  try {
    if (waitMs > 0) await sleep(clock, waitMs, left.signal);
    if (fault === "hang") await sleep(clock, Number.MAX_SAFE_INTEGER, left.signal);
    if (fault !== undefined && breakReply(fault, dialect, asked, response, headers, options.faults ?? {})) return;

    const said = await answerText(desk, asked, messages);
    const calls = asked.tool !== undefined && options.echoTools === true;
    const words = fault === "badAnswer" ? badAnswer(asked) : said.text;
    const written = fault === "huge" ? hugeAnswer() : calls ? nothing : writeOut(words, fitted.mostTokens, asked.stops);
    const perTokenMs = options.latency?.perTokenMs ?? 0;
    const completionTokens = Math.max(1, written.pieces.length);
    const reply: Reply = {
      id: `chatcmpl-${(hash ?? "").padEnd(20, "0")}${String(counters.requests).padStart(9, "0")}`,
      model: asked.model,
      createdAt: clock.now(),
      text: written.text,
      pieces: written.pieces,
      finish: calls ? "tool_calls" : written.finish,
      toolArguments: calls
        ? fillSchema(asked.tool?.parameters, { ...said, candidates: said.candidates ?? [] })
        : undefined,
      promptTokens,
      completionTokens,
      cachedTokens,
      confidence: said.confidence,
      loadMs,
      totalMs: clock.monotonic() - startedAt + perTokenMs * completionTokens,
    };
    if (asked.stream) {
      const chunks = dialect.stream(asked, reply);
      response.writeHead(200, { "content-type": dialect.streamType, "cache-control": "no-cache", ...headers });
      const sent = fault === "cut" ? chunks.slice(0, Math.ceil(chunks.length / 2)) : chunks;
      if (perTokenMs === 0) response.write(sent.join(""));
      else {
        for (const chunk of sent) {
          response.write(chunk);
          await sleep(clock, perTokenMs, left.signal);
        }
      }
      if (fault === "cut") return cutOff(response);
      response.end();
    } else {
      if (perTokenMs > 0) await sleep(clock, perTokenMs * completionTokens, left.signal);
      const whole = dialect.whole(asked, reply);
      if (fault === "cut") {
        const length = String(Buffer.byteLength(whole));
        response.writeHead(200, { "content-type": "application/json", ...headers, "content-length": length });
        response.write(whole.slice(0, whole.length / 2));
        return cutOff(response);
      }
      send(response, 200, whole, { "content-type": "application/json", ...headers });
    }
    counters.promptTokens += promptTokens;
    counters.completionTokens += completionTokens;
    counters.cachedTokens += cachedTokens;
    counters.finished(asked.model, hash);
    desk.gpu.answered();
    if (asked.local?.keepAliveMs === 0) desk.gpu.unload(asked.model);
  } catch (error) {
    if (!left.signal.aborted) throw error;
    counters.aborted++;
  } finally {
    left.release();
  }
}

const nothing: Written = { text: "", pieces: [], finish: "stop" };

function requestId({ hash }: Case, number: number): string {
  return `req_${(hash ?? "0").padStart(16, "0")}${number.toString(16).padStart(16, "0")}`;
}

/** Ends the connection once what was written is on its way, so that the client sees a part of it. */
function cutOff(response: ServerResponse): void {
  response.write("", () => setImmediate(() => response.destroy()));
}

type Placed =
  | { readonly kind: "trouble"; readonly trouble: Trouble }
  | {
      readonly kind: "fits";
      readonly messages: readonly WireMessage[];
      readonly promptTokens: number;
      readonly loadMs: number;
      readonly mostTokens: number | undefined;
    };

/** Holds a prompt against the context window; on the Ollama side it also loads the model and may cut the prompt. */
function placed(desk: Desk, asked: Asked, promptTokens: number): Placed {
  const { options, gpu, clock } = desk;
  const most = options.contextTokens ?? 128_000;
  const { messages, maxTokens, local } = asked;
  if (local === undefined) {
    if (promptTokens + (maxTokens ?? 1) > most) {
      return { kind: "trouble", trouble: contextTrouble(most, promptTokens, maxTokens ?? 0) };
    }
    return { kind: "fits", messages, promptTokens, loadMs: 0, mostTokens: maxTokens };
  }
  const context = Math.min(local.context ?? options.ollama?.defaultContext ?? 4_096, most);
  const loading = gpu.load(asked.model, context, clock.now());
  if (loading.kind === "outOfMemory") {
    const message = `llama runner process has terminated: cudaMalloc failed: out of memory (${loading.neededBytes} bytes needed, ${loading.freeBytes} free)`;
    return { kind: "trouble", trouble: { status: 500, message } };
  }
  loading.loaded.expiresAt = clock.now() + local.keepAliveMs;
  const loadMs = loading.fresh ? (options.ollama?.loadMs ?? 0) : 0;
  const honoured = options.ollama?.honoursTruncate ?? true;
  const room = (used: number): number | undefined =>
    honoured && !local.shift ? Math.min(maxTokens ?? context, Math.max(1, context - used)) : maxTokens;
  if (promptTokens <= context) return { kind: "fits", messages, promptTokens, loadMs, mostTokens: room(promptTokens) };
  if (honoured && !local.truncate) {
    const style = options.ollama?.contextError ?? "nested";
    return { kind: "trouble", trouble: { status: 400, message: ollamaContextMessage(style, promptTokens, context) } };
  }
  const cut = truncated(messages, context, desk.count);
  const left = desk.count(cut);
  return { kind: "fits", messages: cut, promptTokens: left, loadMs, mostTokens: room(left) };
}

type Said = Pick<Reading, "text" | "confidence"> & Partial<Pick<Reading, "candidates">>;

async function answerText(desk: Desk, asked: Asked, messages: readonly WireMessage[]): Promise<Said> {
  const { model, temperature, seed, schema } = asked;
  const own = desk.options.answer;
  if (own !== undefined)
    return { text: await own(messages, { model, temperature: temperature ?? 0, seed, schema }), confidence: 0.9 };
  const options: ReaderOptions = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(schema === undefined ? {} : { schema }),
  };
  const reading = read(model, messages, options) ?? readPrompt(messages, options);
  if (!asked.json || /^\s*[[{]/.test(reading.text)) return reading;
  return { ...reading, text: JSON.stringify({ answer: reading.text }) };
}
