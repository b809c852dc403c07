import { field, fieldsOf, textField } from "../../base/untyped.ts";
import type { ToolCall } from "../prompt/prompt.ts";
import type { ToolSpec } from "../provider/provider.ts";
import { findJson } from "./json.ts";
import { type FieldError, schemaErrors } from "./jsonSchema.ts";
import type { Outcome } from "./outcome.ts";

/** One call a model asked for, held against the tool's own schema. */
interface CheckedToolCall {
  readonly call: ToolCall;
  /** Empty when the tool exists and takes these arguments. */
  readonly errors: readonly FieldError[];
}

/** What an answer wants done, in either form. */
export interface ToolUse {
  readonly calls: readonly CheckedToolCall[];
  /** The answer beside the calls; undefined while the model waits for their results. */
  readonly finalResponse: string | undefined;
  /** Calls by tool, those with errors included. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * The tool calls of an answer: the SDKs' native ones, or else a JSON text `{"tool_calls": [{"tool_name": …, "params": …}],
 * "final_response": …}`. An answer without either has no calls, and its text is the final response.
 */
export function readToolUse(
  answer: Pick<Extract<Outcome, { kind: "answered" }>, "text" | "toolCalls">,
  tools: readonly ToolSpec[],
): ToolUse {
  const written = readWritten(answer.text);
  const said = answer.toolCalls.length > 0 ? answer.toolCalls : (written?.calls ?? []);
  const calls = said.map((call) => ({ call, errors: callErrors(call, tools) }));
  const counts: Record<string, number> = {};
  for (const { call } of calls) counts[call.tool] = (counts[call.tool] ?? 0) + 1;
  const text = written === undefined ? answer.text : written.finalResponse;
  return { calls, finalResponse: text === "" ? undefined : text, counts };
}

function readWritten(
  text: string,
): { readonly calls: readonly ToolCall[]; readonly finalResponse: string | undefined } | undefined {
  if (!text.includes("tool_calls")) return undefined;
  const fields = fieldsOf(findJson(text));
  const list = fields?.["tool_calls"];
  if (!Array.isArray(list)) return undefined;
  const calls = list.map((entry, index) => ({
    id: textField(entry, "id") ?? `call_${index}`,
    tool: textField(entry, "tool_name") ?? textField(entry, "name") ?? "",
    params: field(entry, "params") ?? field(entry, "arguments") ?? {},
  }));
  const final = fields?.["final_response"];
  if (final === undefined || final === null) return { calls, finalResponse: undefined };
  return { calls, finalResponse: typeof final === "string" ? final : JSON.stringify(final) };
}

function callErrors(call: ToolCall, tools: readonly ToolSpec[]): readonly FieldError[] {
  if (call.tool === "") return [{ path: "tool_name", message: "is missing" }];
  const tool = tools.find(({ name }) => name === call.tool);
  if (tool === undefined) {
    const known = tools.map(({ name }) => name).join(", ") || "none";
    return [{ path: "tool_name", message: `is "${call.tool}", which is not offered (${known})` }];
  }
  if (typeof call.params === "string") return [{ path: "params", message: "is not valid JSON" }];
  return schemaErrors(tool.parameters, call.params ?? {}).map(({ path, message }) => ({
    path: path === "(root)" ? "params" : path.startsWith("[") ? `params${path}` : `params.${path}`,
    message,
  }));
}
