import type { ToolSpec } from "../provider/provider.ts";
import type { OutputPart } from "../spec/experiment.ts";
import { type ParsedAnswer, parseAnswer } from "./answer.ts";
import type { Outcome } from "./outcome.ts";
import { readToolUse, type ToolUse } from "./toolCalls.ts";

export type Answered = Extract<Outcome, { readonly kind: "answered" }>;

/** What an answer says, and the tool calls in it where tools were offered. */
export interface ReadAnswer {
  readonly parsed: ParsedAnswer;
  readonly tools: ToolUse | undefined;
}

/**
 * Reads an answer as the experiment asks for it. Where tools were offered, the answer is what stands beside the calls. Calls
 * without it are the answer themselves, as `{"tool_calls": […]}`, and are invalid when one of them is.
 */
export function readAnswer(
  answer: Pick<Answered, "text" | "toolCalls" | "tokenConfidence" | "recorded"> & Partial<Pick<Answered, "finish">>,
  output: OutputPart,
  labels: readonly string[],
  tools: readonly ToolSpec[],
): ReadAnswer {
  if (tools.length === 0) return { parsed: parseAnswer(answer, output, labels), tools: undefined };
  const use = readToolUse(answer, tools);
  const final = isWaiting(use, answer.finish) ? undefined : use.finalResponse;
  if (final !== undefined || use.calls.length === 0)
    return { parsed: parseAnswer({ ...answer, text: final ?? "" }, output, labels), tools: use };
  const errors = use.calls.flatMap(({ call, errors: own }) =>
    own.map(({ path, message }) => ({ path: `${call.tool || "tool call"}.${path}`, message })),
  );
  const [first] = errors;
  if (first !== undefined) {
    const message = `a tool call is wrong: ${first.path} ${first.message}`;
    return { parsed: { kind: "invalid", problem: "schema", message, errors, json: undefined }, tools: use };
  }
  return { parsed: parseAnswer({ ...answer, text: callsAsText(use) }, output, labels), tools: use };
}

/** Whether the model waits for the results of its calls before it answers. */
export function isWaiting(use: ToolUse, finish: Answered["finish"] | undefined): boolean {
  return use.calls.length > 0 && (finish === "toolCalls" || use.finalResponse === undefined);
}

function callsAsText(use: ToolUse): string {
  return JSON.stringify({ tool_calls: use.calls.map(({ call }) => ({ tool_name: call.tool, params: call.params })) });
}
