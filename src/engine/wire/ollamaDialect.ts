import { messageOf } from "../../base/errors.ts";
import type { WireMessage } from "./dialect.ts";
import { type Asked, type Dialect, isObject, logprobOf, Rejection, type Reply } from "./dialect.ts";

/** Ollama's native API (docs/api.md of ollama/ollama), chat and generate. */
export function ollamaDialect(endpoint: "chat" | "generate"): Dialect {
  return {
    name: "ollama",
    streamType: "application/x-ndjson",
    read: (body) => read(body, endpoint),
    trouble: ({ message }) => JSON.stringify({ error: message }),
    unparsable: (body, error) => ({
      status: 400,
      message: body.trim() === "" ? "missing request body" : `invalid JSON: ${messageOf(error)}`,
    }),
    unknownModel: (model) => ({ status: 404, message: `model '${model}' not found` }),
    whole: (asked, reply) =>
      `{${head(reply)},${said(endpoint, reply.text, asked, reply)},${ending(reply)}${asked.logprobs ? `,"logprobs":${JSON.stringify(logprobs(reply.pieces, reply.confidence, 0))}` : ""}}`,
    stream: (asked, reply) => {
      const start = head(reply);
      const lines =
        reply.finish === "tool_calls"
          ? [`{${start},${said(endpoint, "", asked, reply)},"done":false}\n`]
          : reply.pieces.map((piece, i) => {
              const odds = asked.logprobs
                ? `,"logprobs":${JSON.stringify(logprobs([piece], reply.confidence, i))}`
                : "";
              return `{${start},${said(endpoint, piece)},"done":false${odds}}\n`;
            });
      lines.push(`{${start},${said(endpoint, "")},${ending(reply)}}\n`);
      return lines;
    },
    streamed: (line) => `${line}\n`,
  };
}

const optionTypes: Readonly<Record<string, "integer" | "float32" | "array" | "boolean">> = {
  num_ctx: "integer",
  num_predict: "integer",
  num_keep: "integer",
  num_batch: "integer",
  num_gpu: "integer",
  num_thread: "integer",
  main_gpu: "integer",
  seed: "integer",
  top_k: "integer",
  repeat_last_n: "integer",
  temperature: "float32",
  top_p: "float32",
  min_p: "float32",
  typical_p: "float32",
  repeat_penalty: "float32",
  presence_penalty: "float32",
  frequency_penalty: "float32",
  stop: "array",
  use_mmap: "boolean",
};

function bad(message: string): never {
  throw new Rejection({ status: 400, message });
}

function mistyped(value: unknown, field: string, type: string): never {
  const got = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return bad(`json: cannot unmarshal ${got} into Go struct field ${field} of type ${type}`);
}

function read(body: unknown, endpoint: "chat" | "generate"): Asked {
  if (!isObject(body)) mistyped(body, "", endpoint === "chat" ? "api.ChatRequest" : "api.GenerateRequest");
  const struct = endpoint === "chat" ? "ChatRequest" : "GenerateRequest";
  const text = (name: string): string | undefined => {
    const value = body[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    return mistyped(value, `${struct}.${name}`, "string");
  };
  const flag = (name: string): boolean | undefined => {
    const value = body[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    return mistyped(value, `${struct}.${name}`, "bool");
  };
  const model = text("model");
  if (model === undefined || model === "") bad("model is required");
  const options = optionsOf(body["options"] ?? undefined, struct);
  const format = formatOf(body["format"] ?? undefined);
  const predict = numeric(options, "num_predict");
  const tools = body["tools"] ?? undefined;
  if (tools !== undefined && !Array.isArray(tools)) mistyped(tools, `${struct}.tools`, "api.Tools");
  return {
    // A name without a tag means its latest.
    model: model.replace(/:latest$/, ""),
    messages:
      endpoint === "chat"
        ? chatMessages(body["messages"] ?? undefined)
        : promptMessages(text("prompt"), text("system")),
    stream: flag("stream") ?? true,
    temperature: numeric(options, "temperature"),
    seed: numeric(options, "seed"),
    schema: format.schema,
    json: format.json,
    maxTokens: predict === undefined || predict < 0 ? undefined : predict,
    stops: stopsOf(options["stop"]),
    logprobs: flag("logprobs") ?? false,
    tool: toolOf(tools),
    includeUsage: true,
    local: {
      endpoint,
      context: numeric(options, "num_ctx"),
      truncate: flag("truncate") ?? true,
      shift: flag("shift") ?? true,
      keepAliveMs: keepAliveOf(body["keep_alive"] ?? undefined),
    },
  };
}

function chatMessages(value: unknown): WireMessage[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) mistyped(value, "ChatRequest.messages", "[]api.Message");
  return value.map((message: unknown): WireMessage => {
    if (!isObject(message)) mistyped(message, "ChatRequest.messages", "api.Message");
    const { role, content } = { role: message["role"], content: message["content"] ?? "" };
    if (typeof role !== "string") mistyped(role, "ChatRequest.messages.role", "string");
    if (typeof content !== "string") mistyped(content, "ChatRequest.messages.content", "string");
    switch (role) {
      case "system":
      case "user":
      case "assistant":
      case "tool":
        return { role, content };
      default:
        return bad(`invalid role: ${role}`);
    }
  });
}

function promptMessages(prompt: string | undefined, system: string | undefined): WireMessage[] {
  if (prompt === undefined || prompt === "") return [];
  const user: WireMessage = { role: "user", content: prompt };
  return system === undefined || system === "" ? [user] : [{ role: "system", content: system }, user];
}

function optionsOf(options: unknown, struct: string): Readonly<Record<string, unknown>> {
  if (options === undefined) return {};
  if (!isObject(options)) mistyped(options, `${struct}.options`, "map[string]interface {}");
  for (const [name, value] of Object.entries(options)) {
    const type = optionTypes[name];
    if (type === undefined || value === null) continue;
    const right =
      type === "array"
        ? Array.isArray(value)
        : type === "boolean"
          ? typeof value === "boolean"
          : typeof value === "number" && (type === "float32" || Number.isInteger(value));
    if (!right) bad(`option "${name}" must be of type ${type}`);
  }
  return options;
}

function numeric(options: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = options[name];
  return typeof value === "number" ? value : undefined;
}

function stopsOf(stop: unknown): readonly string[] {
  return Array.isArray(stop) ? stop.filter((one): one is string => typeof one === "string") : [];
}

function formatOf(format: unknown): { readonly json: boolean; readonly schema: unknown } {
  if (format === undefined || format === "") return { json: false, schema: undefined };
  if (format === "json") return { json: true, schema: undefined };
  if (isObject(format)) return { json: true, schema: format };
  return bad(`invalid format: ${JSON.stringify(format)}; expected "json" or a valid JSON Schema object`);
}

function toolOf(tools: unknown): Asked["tool"] {
  const first: unknown = Array.isArray(tools) ? tools[0] : undefined;
  const given = isObject(first) ? first["function"] : undefined;
  const name = isObject(given) ? given["name"] : undefined;
  return isObject(given) && typeof name === "string" ? { name, parameters: given["parameters"] } : undefined;
}

const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Seconds as a number, or Go's duration text; negative means for ever. */
function keepAliveOf(value: unknown): number {
  if (value === undefined) return 5 * 60_000;
  if (typeof value === "number") return value < 0 ? Number.POSITIVE_INFINITY : value * 1_000;
  if (typeof value !== "string")
    bad(`json: cannot unmarshal ${typeof value} into Go struct field ChatRequest.keep_alive of type api.Duration`);
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(value);
  if (match === null) {
    if (/^-?0$/.test(value)) return 0;
    bad(
      /^-?\d+$/.test(value)
        ? `time: missing unit in duration ${JSON.stringify(value)}`
        : `time: invalid duration ${JSON.stringify(value)}`,
    );
  }
  let ms = 0;
  for (const part of (match[2] ?? "").matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(part[1]) * (goUnits[part[2] ?? "s"] ?? 0);
  return match[1] === "-" && ms > 0 ? Number.POSITIVE_INFINITY : ms;
}

function head(reply: Reply): string {
  return `"model":${JSON.stringify(reply.model)},"created_at":"${new Date(reply.createdAt).toISOString()}"`;
}

function said(endpoint: "chat" | "generate", text: string, asked?: Asked, reply?: Reply): string {
  if (endpoint === "generate") return `"response":${JSON.stringify(text)}`;
  if (reply?.finish === "tool_calls") {
    const call = { function: { name: asked?.tool?.name ?? "", arguments: reply.toolArguments ?? {} } };
    return `"message":${JSON.stringify({ role: "assistant", content: "", tool_calls: [call] })}`;
  }
  return `"message":{"role":"assistant","content":${JSON.stringify(text)}}`;
}

function ending(reply: Reply): string {
  const ns = (ms: number): number => Math.max(1, Math.round(ms * 1e6));
  // Ollama names no part for generation alone when nothing was measured; here a tenth goes to the prompt.
  const evaluating = Math.max(0, reply.totalMs - reply.loadMs);
  const reason = reply.finish === "length" ? "length" : "stop";
  return `"done":true,"done_reason":"${reason}","total_duration":${ns(reply.totalMs)},"load_duration":${ns(reply.loadMs)},"prompt_eval_count":${reply.promptTokens},"prompt_eval_duration":${ns(evaluating * 0.1)},"eval_count":${reply.completionTokens},"eval_duration":${ns(evaluating * 0.9)}`;
}

function logprobs(pieces: readonly string[], confidence: number, first: number): unknown {
  return pieces.map((token, i) => ({
    token,
    logprob: logprobOf(first + i, confidence),
    bytes: [...Buffer.from(token)],
  }));
}

/** The refusal of a prompt that does not fit, when the request forbade cutting it. */
export function ollamaContextMessage(style: "plain" | "nested", promptTokens: number, context: number): string {
  if (style === "plain") return "the input length exceeds the context length";
  return JSON.stringify({
    error: {
      code: 400,
      message: `request (${promptTokens} tokens) exceeds the available context size (${context} tokens), try increasing it`,
      type: "exceed_context_size_error",
      n_prompt_tokens: promptTokens,
      n_ctx: context,
    },
  });
}
