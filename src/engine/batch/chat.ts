import { randomUUID } from "node:crypto";
import { type Fields, field, fieldsOf, textField } from "../../base/untyped.ts";
import { approximateTokenizer } from "../context/tokenizer.ts";
import type { Message, ToolCall } from "../prompt/prompt.ts";
import { parseArguments } from "../provider/openaiAnswer.ts";
import type { ModelRequest, ToolSpec } from "../provider/provider.ts";
import type { Outcome } from "../response/outcome.ts";
import type { Answered } from "../response/read.ts";
import type { Scalar } from "../spec/experiment.ts";
import { Rejection, type Trouble } from "../wire/dialect.ts";
import { chatFields, openaiDialect } from "../wire/openaiDialect.ts";

/** A chat completion request as OpenAI's protocol brings it, made ready for any provider. */
export interface ChatAsk {
  readonly request: Omit<ModelRequest, "model" | "contextTokens">;
  readonly stream: boolean;
  /** Whether a stream ends with usage. */
  readonly includeUsage: boolean;
}

/** Fields that mean nothing to a model, or that are read below. */
const handled = new Set(["model", "messages", "stream", "stream_options", "n", "tools", "response_format"]);

/** What an account keeps or counts by; only a provider of the same protocol has a use for it. */
const accounts = new Set(
  "metadata user store service_tier safety_identifier prompt_cache_key prompt_cache_retention parallel_tool_calls".split(
    " ",
  ),
);

/**
 * Reads the body of a chat completion. Fields that are none of OpenAI's are passed on as parameters, as servers of local
 * models have more of them. @throws Rejection for what OpenAI would refuse, and for what the provider cannot be told.
 */
export function readChat(body: Fields, passesMore: boolean): ChatAsk {
  const parameters: Record<string, Scalar> = {};
  const more: Record<string, unknown> = {};
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (chatFields.has(name)) known[name] = value;
    if (handled.has(name) || value === null) continue;
    if (name === "stop" && Array.isArray(value) && value.length === 1) parameters[name] = String(value[0]);
    else if (accounts.has(name)) {
      if (passesMore) more[name] = value;
    } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      parameters[name] = value;
    else more[name] = value;
  }
  const { stream, includeUsage, logprobs } = openaiDialect.read(known);
  if (logprobs) refuse("logprobs", "This server does not pass on log-probabilities.");
  const choice = body["tool_choice"] ?? "auto";
  const tools = choice === "none" ? [] : toolsOf(body["tools"]);
  if (choice === "auto" || choice === "none") {
    delete parameters["tool_choice"];
  } else if (typeof choice === "string") {
    delete parameters["tool_choice"];
    more["tool_choice"] = choice;
  }
  const format = body["response_format"] ?? undefined;
  const schema = fieldsOf(field(format, "json_schema", "schema"));
  if (textField(format, "type") === "json_object") more["response_format"] = format;
  const [first] = Object.keys(more);
  if (first !== undefined && !passesMore)
    refuse(first, `'${first}' cannot be passed on to the provider of this model in the form it has here.`);
  return {
    request: {
      messages: messagesOf(body["messages"]),
      parameters,
      responseSchema: schema,
      tools,
      ...(first === undefined ? {} : { more }),
    },
    stream,
    includeUsage,
  };
}

function refuse(param: string, message: string): never {
  throw new Rejection({ status: 400, message, param, code: "unsupported_parameter" });
}

/** The dialect has read them already: nothing here can be of another shape. */
function messagesOf(given: unknown): Message[] {
  return (Array.isArray(given) ? given : []).map((message: unknown): Message => {
    const role = textField(message, "role");
    const content = contentOf(field(message, "content"));
    if (role === "tool" || role === "function")
      return { role: "tool", content, toolCallId: textField(message, "tool_call_id") ?? "" };
    if (role !== "assistant") return { role: role === "user" ? "user" : "system", content };
    const calls = field(message, "tool_calls");
    if (!Array.isArray(calls) || calls.length === 0) return { role, content };
    return {
      role,
      content,
      toolCalls: calls.map(
        (call: unknown): ToolCall => ({
          id: textField(call, "id") ?? "",
          tool: textField(call, "function", "name") ?? "",
          params: parseArguments(field(call, "function", "arguments")),
        }),
      ),
    };
  });
}

function contentOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => textField(part, "text") ?? textField(part, "refusal") ?? "").join("");
}

function toolsOf(given: unknown): ToolSpec[] {
  return (Array.isArray(given) ? given : []).map(
    (tool: unknown): ToolSpec => ({
      name: textField(tool, "function", "name") ?? "",
      description: textField(tool, "function", "description") ?? "",
      parameters: fieldsOf(field(tool, "function", "parameters")) ?? { type: "object", properties: {} },
    }),
  );
}

const finishNames = {
  stop: "stop",
  length: "length",
  toolCalls: "tool_calls",
  filter: "content_filter",
  other: "stop",
};

/** Who answers and when, the same for every piece of a stream. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** As it was asked for. */
  readonly model: string;
}

export function completionHead(model: string, now: number): CompletionHead {
  return { id: `chatcmpl-${randomUUID().replaceAll("-", "")}`, created: Math.floor(now / 1000), model };
}

/** The answer as OpenAI's `chat.completion`. Tokens that the provider did not count are estimated. */
export function completionOf(answer: Answered, head: CompletionHead, messages: readonly Message[]): object {
  const calls = answer.toolCalls.map(wireCall);
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: answer.text === "" && calls.length > 0 ? null : answer.text,
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: finishNames[answer.finish],
      },
    ],
    usage: usageOf(answer, messages),
    service_tier: "default",
    system_fingerprint: answer.fingerprint ?? null,
  };
}

function wireCall({ id, tool, params }: ToolCall) {
  const written = typeof params === "string" ? params : JSON.stringify(params);
  return { id, type: "function", function: { name: tool, arguments: written } };
}

function usageOf({ usage, text }: Answered, messages: readonly Message[]) {
  const count = (one: string) => approximateTokenizer.count(one);
  const prompt = usage.promptTokens ?? messages.reduce((sum, { content }) => sum + 4 + count(content), 3);
  const completion = usage.completionTokens ?? count(text);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The pieces of a streamed answer, each a whole server-sent event. */
export function chunks(head: CompletionHead, includeUsage: boolean) {
  const chunk = (choices: readonly object[], usage: object | null = null): string =>
    openaiDialect.streamed(
      JSON.stringify({
        id: head.id,
        object: "chat.completion.chunk",
        created: head.created,
        model: head.model,
        service_tier: "default",
        system_fingerprint: null,
        choices,
        ...(includeUsage ? { usage } : {}),
      }),
    );
  const delta = (content: object, finish: string | null = null) =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason: finish }]);
  return {
    first: () => delta({ role: "assistant", content: "", refusal: null }),
    text: (content: string) => delta({ content }),
    last(answer: Answered, messages: readonly Message[]): string {
      const calls = answer.toolCalls.map((call, index) => ({ index, ...wireCall(call) }));
      return [
        ...(calls.length === 0 ? [] : [delta({ tool_calls: calls })]),
        delta({}, finishNames[answer.finish]),
        ...(includeUsage ? [chunk([], usageOf(answer, messages))] : []),
        openaiDialect.streamed("[DONE]"),
      ].join("");
    },
  };
}

/** An outcome that is no answer, as OpenAI's API would tell it. */
export function troubleOf(outcome: Exclude<Outcome, { kind: "answered" }>): Trouble {
  switch (outcome.kind) {
    case "rateLimited":
      return { status: 429, message: outcome.message, type: "requests", code: "rate_limit_exceeded" };
    case "unavailable": {
      const timeout = outcome.reason === "timeout";
      const code = timeout ? "request_timeout" : outcome.reason === "outOfMemory" ? "out_of_memory" : null;
      return { status: timeout ? 504 : 503, message: outcome.message, type: "server_error", code };
    }
    case "tooLong":
      return { status: 400, message: outcome.message, param: "messages", code: "context_length_exceeded" };
    case "filtered":
      return { status: 400, message: outcome.message, code: "content_filter" };
    case "rejected":
      return rejectedTrouble(outcome);
    case "cancelled":
      return { status: 499, message: "The request was cancelled.", code: "request_cancelled" };
  }
}

function rejectedTrouble({ reason, message }: Extract<Outcome, { kind: "rejected" }>): Trouble {
  switch (reason) {
    case "auth":
      return { status: 401, message, code: "invalid_api_key" };
    case "notFound":
      return { status: 404, message, code: "model_not_found" };
    case "quota":
      return { status: 429, message, type: "insufficient_quota", code: "insufficient_quota" };
    case "badRequest":
      return { status: 400, message };
  }
}
