import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Message, ToolCall } from "../prompt/prompt.ts";
import type { ToolUse } from "../response/toolCalls.ts";

/** What a tool does, given arguments that meet its schema. A result that is no text is sent as JSON. */
export type RunTool = (params: unknown, options: { readonly signal: AbortSignal }) => unknown;

/** The tools that may run, by the name the experiment offers them under. Nothing outside this list is ever executed. */
export type AllowedTools = Readonly<Record<string, RunTool>>;

/** Longest time one tool may take. */
const toolTimeoutMs = 30_000;
/** Longest result that is sent back, in characters. */
const longestResult = 20_000;

/**
 * Runs what an answer asks for and gives the turns that continue the conversation: the model's own, and a result for each
 * call. Calls that are malformed or not allowed are answered by the reason, as is a tool that fails: what to make of it is
 * the model's to say.
 */
export async function toolTurn(
  text: string,
  use: ToolUse,
  native: boolean,
  allowed: AllowedTools,
  clock: Clock,
): Promise<readonly Message[]> {
  const results = await Promise.all(
    use.calls.map(async ({ call, errors }) => {
      if (errors.length > 0) return `error: ${errors.map(({ path, message }) => `${path} ${message}`).join("; ")}`;
      const tool = Object.hasOwn(allowed, call.tool) ? allowed[call.tool] : undefined;
      return tool === undefined ? `error: ${call.tool} is not available` : runTool(tool, call, clock);
    }),
  );
  const calls = use.calls.map(({ call }) => call);
  if (native) {
    return [
      { role: "assistant", content: text, toolCalls: calls },
      ...calls.map((call, i): Message => ({ role: "tool", content: results[i] ?? "", toolCallId: call.id })),
    ];
  }
  const written = calls.map((call, i) => ({ tool_name: call.tool, result: results[i] }));
  return [
    { role: "assistant", content: text },
    { role: "user", content: JSON.stringify({ tool_results: written }) },
  ];
}

async function runTool(tool: RunTool, call: ToolCall, clock: Clock): Promise<string> {
  const controller = new AbortController();
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(toolTimeoutMs, () => {
      const error = new Error(`no result within ${toolTimeoutMs / 1000} s`);
      controller.abort(error);
      reject(error);
    });
  });
  try {
    const running = (async () => tool(call.params, { signal: controller.signal }))();
    const result = await Promise.race([running, late]);
    const text = typeof result === "string" ? result : (JSON.stringify(result) ?? "");
    return text.length <= longestResult ? text : `${text.slice(0, longestResult)}… (cut)`;
  } catch (error) {
    return `error: ${messageOf(error)}`;
  } finally {
    cancel();
  }
}
