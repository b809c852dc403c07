import type { ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources/chat/completions";
import { canonicalJson } from "../../base/json.ts";
import { fieldsOf } from "../../base/untyped.ts";
import type { Message } from "../prompt/prompt.ts";
import type { Scalar } from "../spec/experiment.ts";
import type { ModelRequest } from "./provider.ts";

/** What a server was found not to take as it is written, per model. */
export interface Quirks {
  /** `max_tokens` has to be called `max_completion_tokens`. */
  renamesMaxTokens: boolean;
  /** `response_format` with a schema is refused: the answer is only checked after it came. */
  refusesSchema: boolean;
  /** `stream_options` is refused: no usage with streams. */
  refusesStreamOptions: boolean;
}

/** Reasoning models refuse `max_tokens`; knowing it saves the first refusal. */
export function quirksOf(model: string): Quirks {
  const bare = model.slice(model.lastIndexOf("/") + 1);
  return { renamesMaxTokens: /^(?:o\d|gpt-5)/.test(bare), refusesSchema: false, refusesStreamOptions: false };
}

/** Notices from a refusal what to write otherwise; the note says so to people. Undefined when the refusal is about something else. */
export function learnQuirk(
  status: number | undefined,
  message: string,
  request: ModelRequest,
  quirks: Quirks,
): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  if (!quirks.renamesMaxTokens && "max_tokens" in request.parameters && message.includes("max_completion_tokens")) {
    quirks.renamesMaxTokens = true;
    return "max_tokens was sent as max_completion_tokens";
  }
  if (
    !quirks.refusesSchema &&
    request.responseSchema !== undefined &&
    /response_format|json_schema|guided|grammar/i.test(message)
  ) {
    quirks.refusesSchema = true;
    return "the server does not enforce response_format json_schema; the answer is checked after it came";
  }
  if (!quirks.refusesStreamOptions && message.includes("stream_options")) {
    quirks.refusesStreamOptions = true;
    return "the server does not take stream_options; streamed answers come without usage";
  }
  return undefined;
}

/** The body of a chat completion, without the fields that ask for streaming. */
export function chatBody(request: ModelRequest, quirks: Quirks) {
  const parameters: Record<string, Scalar> = { ...request.parameters };
  const maxTokens = parameters["max_tokens"];
  if (quirks.renamesMaxTokens && maxTokens !== undefined) {
    delete parameters["max_tokens"];
    parameters["max_completion_tokens"] ??= maxTokens;
  }
  const { responseSchema, tools } = request;
  return {
    ...request.more,
    ...parameters,
    model: request.model,
    messages: request.messages.map(toWire),
    ...(responseSchema === undefined || quirks.refusesSchema
      ? {}
      : {
          response_format: {
            type: "json_schema" as const,
            json_schema: { name: "answer", schema: { ...responseSchema }, strict: isStrict(responseSchema) },
          },
        }),
    ...(tools.length === 0 ? {} : { tools: tools.map(toTool) }),
  };
}

function toWire(message: Message): ChatCompletionMessageParam {
  const { content } = message;
  switch (message.role) {
    case "system":
      return { role: "system", content };
    case "user":
      return { role: "user", content };
    case "tool":
      return { role: "tool", content, tool_call_id: message.toolCallId ?? "" };
    case "assistant":
      if (message.toolCalls === undefined || message.toolCalls.length === 0) return { role: "assistant", content };
      return {
        role: "assistant",
        content,
        tool_calls: message.toolCalls.map((call) => ({
          id: call.id,
          type: "function",
          function: {
            name: call.tool,
            arguments: typeof call.params === "string" ? call.params : canonicalJson(call.params),
          },
        })),
      };
  }
}

function toTool(tool: ModelRequest["tools"][number]): ChatCompletionTool {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: { ...tool.parameters } },
  };
}

/** Strict mode wants every object closed and every property required; other schemas go as guidance. */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  const fields = fieldsOf(schema);
  if (fields === undefined) return true;
  const properties = fieldsOf(fields["properties"]);
  if (fields["type"] === "object" || properties !== undefined) {
    const required = Array.isArray(fields["required"]) ? fields["required"] : [];
    if (fields["additionalProperties"] !== false) return false;
    if (!Object.keys(properties ?? {}).every((name) => required.includes(name))) return false;
  }
  return Object.values(fields).every(isStrict);
}
