import OpenAI, { APIError } from "openai";
import type { Clock } from "../../base/clock.ts";
import { messageOf, UserError } from "../../base/errors.ts";
import { field, fieldsOf, numberField } from "../../base/untyped.ts";
import type { LimitReport, Outcome, Reply, Timing } from "../response/outcome.ts";
import { type Fetch, type LeanInit, openHttp } from "./http.ts";
import { parseLimits } from "./limitHeaders.ts";
import { readCompletion } from "./openaiAnswer.ts";
import { OpenAIClient } from "./openaiClient.ts";
import { openaiOutcome } from "./openaiErrors.ts";
import { chatBody, learnQuirk, type Quirks, quirksOf } from "./openaiRequest.ts";
import { readStream } from "./openaiStream.ts";
import type { ModelInfo, ModelRequest, Provider, SendOptions } from "./provider.ts";
import { redact } from "./redact.ts";
import { abortedOutcome, hostOf, isLoopback, keyTrouble, malformed } from "./trouble.ts";

export interface OpenAIOptions {
  /** The name in front of its model ids; default `openai`. */
  readonly name?: string;
  /** `OPENAI_BASE_URL`, `OPENAI_ORG_ID` or `OPENAI_ORGANIZATION`, `OPENAI_PROJECT_ID`, and the proxies' names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Asked before each call and held by nobody; undefined sends no key, which local servers accept. */
  readonly key: () => Promise<string | undefined>;
  /** Instead of our own connections: a host's fetch that knows its proxies. */
  readonly fetch?: Fetch;
  /** Calls expected in flight at once; sizes the connection pool. */
  readonly concurrency?: number;
}

const publicUrl = "https://api.openai.com/v1";

/** Timers cannot wait longer. The SDK insists on a timeout; ours comes through the signal. */
const noTimeoutMs = 0x7fffffff;

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** OpenAI's chat completions and every server that speaks them, over the `openai` SDK with its retries off. */
export function openOpenAI(options: OpenAIOptions): Provider {
  const { env, clock } = options;
  const name = options.name ?? "openai";
  const baseUrl = (env["OPENAI_BASE_URL"] || publicUrl).replace(/\/+$/, "");
  const http = openHttp({
    env,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(options.concurrency === undefined ? {} : { connections: options.concurrency }),
  });
  // A host's fetch knows nothing of what ours takes besides.
  const Client = options.fetch === undefined ? OpenAIClient : OpenAI;
  const client = new Client({
    baseURL: baseUrl,
    // The key travels with each call, so that the client holds none and a new one counts at once.
    apiKey: "unused",
    adminAPIKey: null,
    organization: env["OPENAI_ORG_ID"] ?? env["OPENAI_ORGANIZATION"] ?? null,
    project: env["OPENAI_PROJECT_ID"] ?? null,
    defaultHeaders: { Authorization: null },
    maxRetries: 0,
    timeout: noTimeoutMs,
    fetch: http.fetch,
    logLevel: "off",
    logger: silent,
  });
  const quirks = new Map<string, Quirks>();
  const free = isLoopback(baseUrl);
  const needsKey = baseUrl === publicUrl;

  async function send(request: ModelRequest, sendOptions: SendOptions): Promise<Reply> {
    const { signal } = sendOptions;
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    let key: string | undefined;
    try {
      key = await options.key();
    } catch (error) {
      return { outcome: keyTrouble(error) };
    }
    if (key === undefined && needsKey) return { outcome: noKey };
    const known = quirks.get(request.model) ?? quirksOf(request.model);
    quirks.set(request.model, known);
    const notes: string[] = [];
    for (;;) {
      try {
        const reply = await call(request, sendOptions, known, key);
        return notes.length === 0 ? reply : { ...reply, notes };
      } catch (error) {
        const note = error instanceof APIError ? learnQuirk(error.status, error.message, request, known) : undefined;
        if (note !== undefined && !signal.aborted) {
          notes.push(note);
          continue;
        }
        const outcome = openaiOutcome(error, { signal, baseUrl, key, nowMs: clock.now() });
        return withLimits(outcome, error instanceof APIError ? error.headers : undefined);
      }
    }
  }

  async function call(
    request: ModelRequest,
    { signal, onText, onLeft }: SendOptions,
    known: Quirks,
    key: string | undefined,
  ): Promise<Reply> {
    const startedAt = clock.monotonic();
    const body = chatBody(request, known);
    const usageWithStream = known.refusesStreamOptions ? {} : { stream_options: { include_usage: true } };
    const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
    const leaving: LeanInit = { onLeft };
    const how = { signal, headers, fetchOptions: leaving };
    const sent =
      onText === undefined
        ? client.chat.completions.create(body, how)
        : client.chat.completions.create({ ...body, ...usageWithStream, stream: true }, how);
    const response = await sent.asResponse();
    const contentType = response.headers.get("content-type") ?? "";
    if (onText !== undefined && contentType.includes("event-stream")) {
      const outcome = await readStream(response, { client, askedModel: request.model, onText, clock, startedAt });
      return withLimits(signal.aborted ? abortedOutcome(signal) : outcome, response.headers);
    }
    const text = await response.text();
    const timing = { latencyMs: clock.monotonic() - startedAt, firstTokenMs: undefined, loadMs: undefined };
    const outcome = readBody(text, response, { model: request.model, timing, key });
    return withLimits(outcome, response.headers);
  }

  function withLimits(outcome: Outcome, headers: Headers | undefined): Reply {
    if (headers === undefined) return { outcome };
    const limits: LimitReport | undefined = parseLimits((header) => headers.get(header), clock.now());
    return limits === undefined ? { outcome } : { outcome, limits };
  }

  async function models(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    let key: string | undefined;
    try {
      key = await options.key();
      const found: ModelInfo[] = [];
      const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
      for await (const model of client.models.list({ signal, headers })) {
        found.push({
          id: model.id,
          contextTokens:
            numberField(model, "context_length") ??
            numberField(model, "max_model_len") ??
            numberField(model, "context_window"),
          detail: model.owned_by,
        });
      }
      return found;
    } catch (error) {
      signal.throwIfAborted();
      throw new UserError(
        "provider-unreachable",
        `${name} at ${hostOf(baseUrl)} does not list its models (${reasonFor(error, key)})`,
        needsKey ? "check the key and the network" : "check OPENAI_BASE_URL and that the server runs",
      );
    }
  }

  function reasonFor(error: unknown, key: string | undefined): string {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return redact(messageOf(error).replace(cause === "" ? "" : /\.$/, "") + cause, key);
  }

  return {
    name,
    passesMore: true,
    facts: () => ({
      scope: `${name}:${hostOf(baseUrl)}`,
      local: false,
      replayed: false,
      systemRole: true,
      exploratory: false,
      free,
      maxConcurrency: undefined,
    }),
    send,
    models,
    close: () => http.close(),
  };
}

function readBody(
  text: string,
  response: Response,
  { model, timing, key }: { readonly model: string; readonly timing: Timing; readonly key: string | undefined },
): Outcome {
  const { status } = response;
  if (text.trim() === "") return malformed("the response is empty", status, undefined);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const contentType = response.headers.get("content-type") ?? "";
    const what = contentType.includes("json")
      ? `the response is not valid JSON (${messageOf(error)})`
      : `the response is ${contentType || "of no stated type"}, not JSON`;
    return malformed(what, status, text, key);
  }
  const outcome = readCompletion(body, model, timing);
  if (outcome !== undefined) return outcome;
  // Gateways report the failure of the server behind them inside a 200.
  const trouble = fieldsOf(field(body, "error"));
  if (trouble === undefined) return malformed("the response is JSON but no chat completion", status, text, key);
  throw APIError.generate(numberField(trouble, "code") ?? 500, { error: trouble }, undefined, response.headers);
}

const noKey: Outcome = {
  kind: "rejected",
  reason: "auth",
  status: undefined,
  message: "no key for OpenAI: set OPENAI_API_KEY or add the key",
};
