import { field, fieldsOf, numberField, textField } from "../../base/untyped.ts";
import type { ToolCall } from "../prompt/prompt.ts";
import type { Outcome, Timing, Usage } from "../response/outcome.ts";

type Answered = Extract<Outcome, { kind: "answered" }>;

export const unknownUsage: Usage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

/** The answer in a chat completion; undefined when the JSON is something else. */
export function readCompletion(body: unknown, askedModel: string, timing: Timing): Outcome | undefined {
  const choice = field(body, "choices", 0);
  const message = fieldsOf(field(choice, "message"));
  if (message === undefined) return undefined;
  const refusal = textField(message, "refusal");
  const text = contentText(message["content"]);
  const toolCalls = readToolCalls(message["tool_calls"]);
  if (text === undefined && refusal === undefined && toolCalls.length === 0 && !("content" in message))
    return undefined;
  const finish = refusal === undefined ? finishOf(textField(choice, "finish_reason")) : "filter";
  return finished({
    text: text ?? refusal ?? "",
    toolCalls,
    finish,
    usage: readUsage(field(body, "usage")),
    timing,
    servedModel: textField(body, "model"),
    askedModel,
    fingerprint: textField(body, "system_fingerprint"),
    tokenConfidence: meanProbability(field(choice, "logprobs", "content")),
  });
}

/** One outcome from the pieces; an answer that the provider's filter emptied is `filtered`. */
export function finished(pieces: {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: Answered["finish"];
  readonly usage: Usage;
  readonly timing: Timing;
  readonly servedModel: string | undefined;
  readonly askedModel: string;
  readonly fingerprint: string | undefined;
  readonly tokenConfidence: number | undefined;
}): Outcome {
  if (pieces.finish === "filter" && pieces.text === "") {
    return { kind: "filtered", message: "the provider's content filter withheld the answer" };
  }
  return {
    kind: "answered",
    text: pieces.text,
    toolCalls: pieces.toolCalls,
    usage: pieces.usage,
    timing: pieces.timing,
    finish: pieces.finish,
    servedModel: pieces.servedModel === pieces.askedModel ? undefined : pieces.servedModel,
    tokenConfidence: pieces.tokenConfidence,
    ...(pieces.fingerprint === undefined ? {} : { fingerprint: pieces.fingerprint }),
  };
}

export function finishOf(reason: string | undefined): Answered["finish"] {
  switch (reason) {
    case "stop":
      return "stop";
    case "length":
      return "length";
    case "tool_calls":
    case "function_call":
      return "toolCalls";
    case "content_filter":
      return "filter";
    default:
      return "other";
  }
}

export function readUsage(usage: unknown): Usage {
  return {
    promptTokens: numberField(usage, "prompt_tokens"),
    completionTokens: numberField(usage, "completion_tokens"),
    cachedTokens: numberField(usage, "prompt_tokens_details", "cached_tokens"),
  };
}

/** Mean of the tokens' probabilities, from their log-probabilities; undefined without any. */
export function meanProbability(tokens: unknown): number | undefined {
  if (!Array.isArray(tokens) || tokens.length === 0) return undefined;
  let sum = 0;
  for (const token of tokens) {
    const logprob = numberField(token, "logprob");
    if (logprob === undefined) return undefined;
    sum += Math.exp(Math.min(0, logprob));
  }
  const mean = sum / tokens.length;
  return mean > 0 ? mean : undefined;
}

/** Arguments as the model wrote them, parsed when they are JSON. */
export function parseArguments(written: unknown): unknown {
  if (typeof written !== "string") return written;
  try {
    const parsed: unknown = JSON.parse(written);
    return parsed;
  } catch {
    return written;
  }
}

function readToolCalls(calls: unknown): ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.map((call, index) => ({
    id: textField(call, "id") ?? `call_${index}`,
    tool: textField(call, "function", "name") ?? "",
    params: parseArguments(field(call, "function", "arguments")),
  }));
}

/** Text, or the text parts of a content list, as some servers answer. */
function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => textField(part, "text") ?? "").join("");
}
