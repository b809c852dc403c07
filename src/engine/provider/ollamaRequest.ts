import type { ChatRequest, Message as WireMessage } from "ollama";
import { fieldsOf } from "../../base/untyped.ts";
import type { Message } from "../prompt/prompt.ts";
import type { Scalar } from "../spec/experiment.ts";
import type { ModelRequest } from "./provider.ts";

/** Asked for when nobody says: enough for most prompts, affordable on a small card. */
const defaultContextTokens = 8192;

/** Names of the chat-completion world for what Ollama calls otherwise. */
const renamed: Readonly<Record<string, string>> = {
  max_tokens: "num_predict",
  max_completion_tokens: "num_predict",
};

/** Parameters that stand beside `options`, not in them. */
const topLevel: ReadonlySet<string> = new Set(["think", "logprobs", "top_logprobs"]);

export function contextTokensOf(request: ModelRequest): number {
  const asked = request.parameters["num_ctx"];
  return request.contextTokens ?? (typeof asked === "number" ? asked : defaultContextTokens);
}

/**
 * The body of /api/chat, but for `stream`. `truncate` and `shift` are off, as a prompt cut in silence would look like an
 * effect of its layout: Ollama refuses instead. They are missing in the SDK's types and pass through it.
 */
export function chatBody(request: ModelRequest) {
  const options: Record<string, Scalar | string[]> = {};
  const beside: Record<string, Scalar> = {};
  for (const [name, value] of Object.entries(request.parameters)) {
    if (topLevel.has(name)) beside[name] = value;
    else if (name === "stop") options["stop"] = [String(value)];
    else options[renamed[name] ?? name] = value;
  }
  options["num_ctx"] = contextTokensOf(request);
  return {
    ...beside,
    model: request.model,
    messages: request.messages.map(toWire),
    options,
    keep_alive: -1,
    truncate: false,
    shift: false,
    ...(request.responseSchema === undefined ? {} : { format: { ...request.responseSchema } }),
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(toTool) }),
  } satisfies ChatRequest & { truncate: boolean; shift: boolean };
}

function toWire(message: Message): WireMessage {
  const { role, content } = message;
  if (message.toolCalls === undefined || message.toolCalls.length === 0) return { role, content };
  return {
    role,
    content,
    tool_calls: message.toolCalls.map((call) => ({
      function: { name: call.tool, arguments: { ...fieldsOf(call.params) } },
    })),
  };
}

function toTool(tool: ModelRequest["tools"][number]) {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: { ...tool.parameters } },
  };
}
