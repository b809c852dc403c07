import type { WireMessage } from "./dialect.ts";
import { type Asked, type Dialect, isObject, logprobOf, Rejection, type Reply, type Trouble } from "./dialect.ts";

/** Chat completions as OpenAI's API reference has them (platform.openai.com/docs/api-reference/chat). */
export const openaiDialect: Dialect = {
  name: "openai",
  streamType: "text/event-stream; charset=utf-8",
  read,
  trouble: ({ status, message, type, param, code }) =>
    JSON.stringify({
      error: {
        message,
        type: type ?? (status >= 500 ? "server_error" : "invalid_request_error"),
        param: param ?? null,
        code: code ?? null,
      },
    }),
  unparsable: () => ({ status: 400, message: unparsable }),
  unknownModel: (model) => ({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: "model_not_found",
  }),
  whole,
  stream,
  streamed: (line) => `data: ${line}\n\n`,
};

/** Every field of a chat completion request. */
export const chatFields: ReadonlySet<string> = new Set(
  `model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata
modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort response_format
safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
web_search_options`.split(/\s+/),
);

const unparsable =
  "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)";

const roles = ["system", "developer", "user", "assistant", "tool", "function"];

function bad(message: string, param: string | null = null, code: string | null = null): never {
  throw new Rejection({ status: 400, message, param, code });
}

function read(body: unknown): Asked {
  if (!isObject(body)) bad(unparsable);
  const request = new Map(Object.entries(body));
  for (const name of request.keys()) {
    if (!chatFields.has(name)) bad(`Unrecognized request argument supplied: ${name}`, null, null);
  }
  const model = request.get("model");
  if (model === undefined) bad("you must provide a model parameter");
  if (typeof model !== "string" || model === "")
    bad(`Invalid type for 'model': expected a string, but got ${kindOf(model)} instead.`, "model", "invalid_type");
  const temperature = number(request, "temperature", 0, 2);
  number(request, "top_p", 0, 1);
  number(request, "presence_penalty", -2, 2);
  number(request, "frequency_penalty", -2, 2);
  const n = integer(request, "n", 1) ?? 1;
  if (n !== 1) bad("This server answers with one choice; n must be 1.", "n", "invalid_value");
  const most = integer(request, "max_completion_tokens", 1) ?? integer(request, "max_tokens", 1);
  const stream = boolean(request, "stream") ?? false;
  const streamOptions = request.get("stream_options") ?? undefined;
  if (streamOptions !== undefined && !stream)
    bad("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (streamOptions !== undefined && !isObject(streamOptions))
    bad(
      `Invalid type for 'stream_options': expected an object, but got ${kindOf(streamOptions)} instead.`,
      "stream_options",
      "invalid_type",
    );
  const logprobs = boolean(request, "logprobs") ?? false;
  const topLogprobs = integer(request, "top_logprobs", 0);
  if (topLogprobs !== undefined && !logprobs)
    bad("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs");
  if (topLogprobs !== undefined && topLogprobs > 20)
    bad(
      "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20.",
      "top_logprobs",
      "integer_above_max_value",
    );
  const messages = messagesOf(request.get("messages"));
  const format = formatOf(request.get("response_format") ?? undefined, messages);
  return {
    model,
    messages,
    stream,
    temperature,
    seed: integer(request, "seed", Number.MIN_SAFE_INTEGER),
    schema: format.schema,
    json: format.json,
    maxTokens: most,
    stops: stopsOf(request.get("stop") ?? undefined),
    logprobs,
    tool: toolOf(request.get("tools") ?? undefined, request.get("tool_choice") ?? undefined),
    includeUsage: isObject(streamOptions) && streamOptions["include_usage"] === true,
    local: undefined,
  };
}

function messagesOf(value: unknown): WireMessage[] {
  if (value === undefined) bad("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
  if (!Array.isArray(value))
    bad(
      `Invalid type for 'messages': expected an array of objects, but got ${kindOf(value)} instead.`,
      "messages",
      "invalid_type",
    );
  if (value.length === 0)
    bad(
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      "messages",
      "empty_array",
    );
  return value.map((message: unknown, i): WireMessage => {
    const at = `messages[${i}]`;
    if (!isObject(message))
      bad(`Invalid type for '${at}': expected an object, but got ${kindOf(message)} instead.`, at, "invalid_type");
    const role = message["role"];
    if (role === undefined)
      bad(`Missing required parameter: '${at}.role'.`, `${at}.role`, "missing_required_parameter");
    if (typeof role !== "string" || !roles.includes(role)) {
      bad(
        `Invalid value: '${String(role)}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        `${at}.role`,
        "invalid_value",
      );
    }
    if (role === "tool" && typeof message["tool_call_id"] !== "string")
      bad(
        `Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.`,
        `${at}.tool_call_id`,
      );
    const calls = message["tool_calls"];
    const content = message["content"];
    if ((content === null || content === undefined) && role === "assistant" && Array.isArray(calls))
      return { role, content: "" };
    return { role: roleOf(role), content: contentOf(content, `${at}.content`) };
  });
}

function roleOf(role: string): WireMessage["role"] {
  switch (role) {
    case "system":
    case "developer":
    case "user":
    case "assistant":
      return role;
    default:
      return "tool";
  }
}

function contentOf(content: unknown, at: string): string {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) bad(`Invalid value for 'content': expected a string, got null.`, at);
  if (!Array.isArray(content))
    bad(
      `Invalid type for '${at}': expected one of a string or array of objects, but got ${kindOf(content)} instead.`,
      at,
      "invalid_type",
    );
  return content
    .map((part: unknown, i) => {
      const kind = isObject(part) ? part["type"] : undefined;
      if (!isObject(part) || typeof kind !== "string")
        bad(`Missing required parameter: '${at}[${i}].type'.`, `${at}[${i}].type`, "missing_required_parameter");
      if (kind !== "text" && kind !== "refusal")
        bad(`Invalid value: '${kind}'. This server reads text only.`, `${at}[${i}].type`, "invalid_value");
      const text = part["text"] ?? part["refusal"];
      if (typeof text !== "string")
        bad(`Missing required parameter: '${at}[${i}].text'.`, `${at}[${i}].text`, "missing_required_parameter");
      return text;
    })
    .join("");
}

function formatOf(
  format: unknown,
  messages: readonly WireMessage[],
): { readonly json: boolean; readonly schema: unknown } {
  if (format === undefined) return { json: false, schema: undefined };
  if (!isObject(format))
    bad(
      `Invalid type for 'response_format': expected an object, but got ${kindOf(format)} instead.`,
      "response_format",
      "invalid_type",
    );
  switch (format["type"]) {
    case "text":
      return { json: false, schema: undefined };
    case "json_object":
      if (!messages.some(({ content }) => /json/i.test(content))) {
        bad(
          "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
          "messages",
        );
      }
      return { json: true, schema: undefined };
    case "json_schema": {
      const given = format["json_schema"];
      if (!isObject(given))
        bad(
          "Missing required parameter: 'response_format.json_schema'.",
          "response_format.json_schema",
          "missing_required_parameter",
        );
      const name = given["name"];
      if (typeof name !== "string")
        bad(
          "Missing required parameter: 'response_format.json_schema.name'.",
          "response_format.json_schema.name",
          "missing_required_parameter",
        );
      if (!/^[\w-]{1,64}$/.test(name))
        bad(
          "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
          "response_format.json_schema.name",
          "invalid_value",
        );
      const schema = given["schema"];
      if (!isObject(schema))
        bad(
          "Missing required parameter: 'response_format.json_schema.schema'.",
          "response_format.json_schema.schema",
          "missing_required_parameter",
        );
      if (given["strict"] === true) checkStrict(schema, name, "()");
      return { json: true, schema };
    }
    default:
      bad(
        `Invalid value: '${String(format["type"])}'. Supported values are: 'json_object', 'json_schema', and 'text'.`,
        "response_format.type",
        "invalid_value",
      );
  }
}

/** Strict schemas list every property as required and allow no others. */
function checkStrict(schema: unknown, name: string, context: string): void {
  if (!isObject(schema)) return;
  const refuse = (why: string): never =>
    bad(`Invalid schema for response_format '${name}': In context=${context}, ${why}`, "response_format", null);
  if (context === "()" && schema["type"] !== "object")
    refuse(`schema must be a JSON Schema of 'type: "object"', got 'type: "${String(schema["type"] ?? "None")}"'.`);
  const properties = schema["properties"];
  if (schema["type"] === "object") {
    if (schema["additionalProperties"] !== false)
      refuse("'additionalProperties' is required to be supplied and to be false.");
    const names = isObject(properties) ? Object.keys(properties) : [];
    const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
    const missing = names.find((key) => !required.includes(key));
    if (missing !== undefined)
      refuse(
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
      );
  }
  if (isObject(properties))
    for (const [key, inner] of Object.entries(properties)) checkStrict(inner, name, `('properties', '${key}')`);
  checkStrict(schema["items"], name, "('items')");
}

function stopsOf(stop: unknown): readonly string[] {
  if (stop === undefined) return [];
  const all: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  if (all.length > 4)
    bad(
      `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${all.length} instead.`,
      "stop",
      "array_above_max_length",
    );
  return all.map((one) =>
    typeof one === "string"
      ? one
      : bad(
          `Invalid type for 'stop': expected one of a string or array of strings, but got ${kindOf(one)} instead.`,
          "stop",
          "invalid_type",
        ),
  );
}

function toolOf(tools: unknown, choice: unknown): Asked["tool"] {
  if (tools === undefined) {
    if (choice !== undefined && choice !== "none")
      bad("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
    return undefined;
  }
  if (!Array.isArray(tools))
    bad(
      `Invalid type for 'tools': expected an array of objects, but got ${kindOf(tools)} instead.`,
      "tools",
      "invalid_type",
    );
  const found = tools.map((tool: unknown, i) => {
    const given = isObject(tool) ? tool["function"] : undefined;
    const name = isObject(given) ? given["name"] : undefined;
    if (!isObject(tool) || tool["type"] !== "function" || !isObject(given))
      bad(`Missing required parameter: 'tools[${i}].function'.`, `tools[${i}].function`, "missing_required_parameter");
    if (typeof name !== "string" || !/^[\w-]{1,64}$/.test(name))
      bad(
        `Invalid 'tools[${i}].function.name': string does not match pattern.`,
        `tools[${i}].function.name`,
        "invalid_value",
      );
    return { name, parameters: given["parameters"] };
  });
  if (choice === "none") return undefined;
  const named = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : undefined;
  if (named === undefined) return found[0];
  return (
    found.find(({ name }) => name === named) ??
    bad(`Tool choice '${String(named)}' not found in 'tools' parameter.`, "tool_choice")
  );
}

function number(request: ReadonlyMap<string, unknown>, name: string, least: number, most: number): number | undefined {
  const value = request.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number")
    bad(`Invalid type for '${name}': expected a decimal, but got ${kindOf(value)} instead.`, name, "invalid_type");
  if (value < least)
    bad(
      `Invalid '${name}': decimal below minimum value. Expected a value >= ${least}, but got ${value} instead.`,
      name,
      "decimal_below_min_value",
    );
  if (value > most)
    bad(
      `Invalid '${name}': decimal above maximum value. Expected a value <= ${most}, but got ${value} instead.`,
      name,
      "decimal_above_max_value",
    );
  return value;
}

function integer(request: ReadonlyMap<string, unknown>, name: string, least: number): number | undefined {
  const value = request.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value))
    bad(`Invalid type for '${name}': expected an integer, but got ${kindOf(value)} instead.`, name, "invalid_type");
  if (value < least)
    bad(
      `Invalid '${name}': integer below minimum value. Expected a value >= ${least}, but got ${value} instead.`,
      name,
      "integer_below_min_value",
    );
  return value;
}

function boolean(request: ReadonlyMap<string, unknown>, name: string): boolean | undefined {
  const value = request.get(name) ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  return bad(`Invalid type for '${name}': expected a boolean, but got ${kindOf(value)} instead.`, name, "invalid_type");
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a decimal";
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}

function usageOf(reply: Reply): unknown {
  return {
    prompt_tokens: reply.promptTokens,
    completion_tokens: reply.completionTokens,
    total_tokens: reply.promptTokens + reply.completionTokens,
    prompt_tokens_details: { cached_tokens: reply.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function logprobsOf(pieces: readonly string[], confidence: number, first: number): unknown {
  const content = pieces.map((token, i) => {
    const logprob = logprobOf(first + i, confidence);
    const bytes = [...Buffer.from(token)];
    return { token, logprob, bytes, top_logprobs: [{ token, logprob, bytes }] };
  });
  return { content, refusal: null };
}

function toolCallOf(asked: Asked, reply: Reply): unknown {
  return {
    id: `call_${reply.id.slice(9, 33)}`,
    type: "function",
    function: { name: asked.tool?.name ?? "", arguments: JSON.stringify(reply.toolArguments ?? {}) },
  };
}

function whole(asked: Asked, reply: Reply): string {
  const message =
    reply.finish === "tool_calls"
      ? { role: "assistant", content: null, tool_calls: [toolCallOf(asked, reply)], refusal: null, annotations: [] }
      : { role: "assistant", content: reply.text, refusal: null, annotations: [] };
  return JSON.stringify({
    id: reply.id,
    object: "chat.completion",
    created: Math.floor(reply.createdAt / 1_000),
    model: reply.model,
    choices: [
      {
        index: 0,
        message,
        logprobs: asked.logprobs ? logprobsOf(reply.pieces, reply.confidence, 0) : null,
        finish_reason: reply.finish,
      },
    ],
    usage: usageOf(reply),
    service_tier: "default",
    system_fingerprint: "fp_simulator",
  });
}

function stream(asked: Asked, reply: Reply): readonly string[] {
  const head = `data: {"id":${JSON.stringify(reply.id)},"object":"chat.completion.chunk","created":${Math.floor(reply.createdAt / 1_000)},"model":${JSON.stringify(reply.model)},"service_tier":"default","system_fingerprint":"fp_simulator","choices":[`;
  const tail = asked.includeUsage ? `],"usage":null}\n\n` : "]}\n\n";
  const chunk = (delta: unknown, finish: string | null, logprobs: unknown = null): string =>
    `${head}${JSON.stringify({ index: 0, delta, logprobs, finish_reason: finish })}${tail}`;
  const chunks = [
    chunk({ role: "assistant", content: reply.finish === "tool_calls" ? null : "", refusal: null }, null),
  ];
  if (reply.finish === "tool_calls")
    chunks.push(chunk({ tool_calls: [{ index: 0, ...Object(toolCallOf(asked, reply)) }] }, null));
  else {
    for (const [i, piece] of reply.pieces.entries()) {
      chunks.push(chunk({ content: piece }, null, asked.logprobs ? logprobsOf([piece], reply.confidence, i) : null));
    }
  }
  chunks.push(chunk({}, reply.finish));
  if (asked.includeUsage) chunks.push(`${head}],"usage":${JSON.stringify(usageOf(reply))}}\n\n`);
  chunks.push("data: [DONE]\n\n");
  return chunks;
}

/** The error for a prompt that does not fit, as OpenAI words it. */
export function contextTrouble(most: number, messageTokens: number, completionTokens: number): Trouble {
  const message =
    completionTokens > 0
      ? `This model's maximum context length is ${most} tokens. However, you requested ${messageTokens + completionTokens} tokens (${messageTokens} in the messages, ${completionTokens} in the completion). Please reduce the length of the messages or completion.`
      : `This model's maximum context length is ${most} tokens. However, your messages resulted in ${messageTokens} tokens. Please reduce the length of the messages.`;
  return { status: 400, message, param: "messages", code: "context_length_exceeded" };
}
