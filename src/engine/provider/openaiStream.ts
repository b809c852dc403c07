import type OpenAI from "openai";
import { Stream } from "openai/core/streaming";
import type { Clock } from "../../base/clock.ts";
import { field, numberField, textField } from "../../base/untyped.ts";
import type { Outcome } from "../response/outcome.ts";
import { finished, finishOf, meanProbability, parseArguments, readUsage, unknownUsage } from "./openaiAnswer.ts";
import { connectionLost } from "./trouble.ts";

/**
 * Reads a streamed completion to its end, or until `onText` finds the answer complete: then the connection is dropped, which
 * ends the server's work, and the usage stays unknown.
 */
export async function readStream(
  response: Response,
  options: {
    readonly client: OpenAI;
    readonly askedModel: string;
    readonly onText: (textSoFar: string) => boolean;
    readonly clock: Clock;
    /** On the clock's monotonic scale. */
    readonly startedAt: number;
  },
): Promise<Outcome> {
  const { clock, startedAt } = options;
  const calls = new Map<number, { id: string; tool: string; written: string }>();
  const tokens: unknown[] = [];
  let text = "";
  let usage = unknownUsage;
  let reason: string | undefined;
  let servedModel: string | undefined;
  let fingerprint: string | undefined;
  let firstTokenMs: number | undefined;
  let enough = false;
  const stream = Stream.fromSSEResponse<unknown>(response, new AbortController(), options.client);
  for await (const chunk of stream) {
    servedModel ??= textField(chunk, "model");
    fingerprint ??= textField(chunk, "system_fingerprint");
    if (field(chunk, "usage")) usage = readUsage(field(chunk, "usage"));
    const choice = field(chunk, "choices", 0);
    reason = textField(choice, "finish_reason") ?? reason;
    const logprobs = field(choice, "logprobs", "content");
    if (Array.isArray(logprobs)) tokens.push(...logprobs);
    const written = field(choice, "delta", "tool_calls");
    if (Array.isArray(written)) {
      firstTokenMs ??= clock.monotonic() - startedAt;
      for (const delta of written) addCall(calls, delta);
    }
    const added = textField(choice, "delta", "content") ?? textField(choice, "delta", "refusal");
    if (!added) continue;
    firstTokenMs ??= clock.monotonic() - startedAt;
    text += added;
    if (options.onText(text)) {
      enough = true;
      break;
    }
  }
  if (!enough && reason === undefined) return connectionLost("the stream ended before the answer did");
  return finished({
    text,
    toolCalls: [...calls.values()].map(({ id, tool, written }) => ({ id, tool, params: parseArguments(written) })),
    finish: enough ? "stop" : finishOf(reason),
    usage,
    timing: { latencyMs: clock.monotonic() - startedAt, firstTokenMs, loadMs: undefined },
    servedModel,
    askedModel: options.askedModel,
    fingerprint,
    tokenConfidence: meanProbability(tokens),
  });
}

/** Calls arrive in slivers: the name first, then the arguments bit by bit, told apart by their index. */
function addCall(calls: Map<number, { id: string; tool: string; written: string }>, delta: unknown): void {
  const index = numberField(delta, "index") ?? 0;
  const call = calls.get(index) ?? { id: `call_${index}`, tool: "", written: "" };
  call.id = textField(delta, "id") || call.id;
  call.tool += textField(delta, "function", "name") ?? "";
  call.written += textField(delta, "function", "arguments") ?? "";
  calls.set(index, call);
}
