import type { Clock } from "../../base/clock.ts";
import type { Message } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Settled } from "../queue/queue.ts";
import type { ParsedAnswer } from "../response/answer.ts";
import type { Usage } from "../response/outcome.ts";
import { type Answered, isWaiting, readAnswer } from "../response/read.ts";
import { repairMessages } from "../response/repair.ts";
import { readToolUse, type ToolUse } from "../response/toolCalls.ts";
import type { OutputPart } from "../spec/experiment.ts";
import { type AllowedTools, toolTurn } from "./tools.ts";

/** How answers of one experiment are read and carried on. */
export interface Reading {
  readonly output: OutputPart;
  readonly labels: readonly string[];
  readonly allowed: AllowedTools;
  readonly clock: Clock;
}

/** What asking one trial led to, all of its calls together. */
export interface Exchange {
  /** Attempts, waiting, tokens and latency are sums; the text is the last answer's. */
  readonly settled: Settled;
  /** Undefined when there was no answer. */
  readonly parsed: ParsedAnswer | undefined;
  /** Calls of all turns; undefined when no tools were offered. */
  readonly tools: ToolUse | undefined;
  /** True when the answer is that of the first call, so that it may stand for a later one. */
  readonly plain: boolean;
}

/** Turns in which tools may run before the model must have answered. */
const maxToolTurns = 4;

/** Whether a tool of this request would be run. Then answers are asked anew each time, as results may be others tomorrow. */
export function runsTools(request: Pick<ModelRequest, "tools">, allowed: AllowedTools): boolean {
  return request.tools.some(({ name }) => Object.hasOwn(allowed, name));
}

/**
 * Carries on after the first answer: runs allowed tools and asks again with their results, then asks once more where the
 * answer cannot be read and could have been. A follow-up that is cancelled or given up is what the whole exchange comes to.
 */
export async function carryOn(
  first: Settled,
  request: ModelRequest,
  reading: Reading,
  ask: (request: ModelRequest) => Promise<Settled>,
): Promise<Exchange> {
  let settled = first;
  let messages: readonly Message[] = request.messages;
  const uses: ToolUse[] = [];
  if (runsTools(request, reading.allowed)) {
    for (let turn = 0; turn < maxToolTurns; turn++) {
      const { outcome } = settled.reply;
      if (outcome.kind !== "answered") break;
      const use = readToolUse(outcome, request.tools);
      if (!isWaiting(use, outcome.finish)) break;
      uses.push(use);
      const native = outcome.toolCalls.length > 0;
      messages = [...messages, ...(await toolTurn(outcome.text, use, native, reading.allowed, reading.clock))];
      settled = joined(settled, await ask({ ...request, messages }));
    }
  }
  const { outcome } = settled.reply;
  if (outcome.kind !== "answered") return { settled, parsed: undefined, tools: together(uses), plain: false };
  const read = readAnswer(outcome, reading.output, reading.labels, request.tools);
  const tools = read.tools && together([...uses, read.tools]);
  const plain = settled === first;
  const mendable = reading.output.type === "json" || (read.tools?.calls.length ?? 0) > 0;
  if (read.parsed.kind === "valid" || !mendable) return { settled, parsed: read.parsed, tools, plain };
  // One re-ask that quotes the error; the first answer stays when the second is no better.
  const wrong = outcome.text === "" ? JSON.stringify(outcome.toolCalls) : outcome.text;
  const second = await ask({ ...request, messages: [...messages, ...repairMessages(wrong, read.parsed)] });
  const { outcome: mended } = second.reply;
  if (mended.kind === "cancelled" || second.gaveUp)
    return { settled: joined(settled, second), parsed: undefined, tools, plain: false };
  const again =
    mended.kind === "answered" ? readAnswer(mended, reading.output, reading.labels, request.tools) : undefined;
  if (again === undefined || again.parsed.kind === "invalid")
    return { settled: joined(second, settled), parsed: read.parsed, tools, plain };
  return {
    settled: joined(settled, second),
    parsed: again.parsed,
    tools: again.tools && together([...uses, again.tools]),
    plain: false,
  };
}

/** The later call's answer, with what both took. */
function joined(before: Settled, after: Settled): Settled {
  const sums = { attempts: before.attempts + after.attempts, queuedMs: before.queuedMs + after.queuedMs };
  const a = before.reply.outcome;
  const b = after.reply.outcome;
  if (a.kind !== "answered" || b.kind !== "answered") return { ...after, ...sums };
  const outcome: Answered = {
    ...b,
    usage: usageOf(a.usage, b.usage),
    timing: {
      latencyMs: a.timing.latencyMs + b.timing.latencyMs,
      firstTokenMs: a.timing.firstTokenMs,
      loadMs: a.timing.loadMs,
    },
  };
  return { ...after, ...sums, reply: { ...after.reply, outcome } };
}

function usageOf(a: Usage, b: Usage): Usage {
  const sum = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined ? undefined : x + y;
  return {
    promptTokens: sum(a.promptTokens, b.promptTokens),
    completionTokens: sum(a.completionTokens, b.completionTokens),
    cachedTokens: sum(a.cachedTokens ?? 0, b.cachedTokens ?? 0),
  };
}

function together(uses: readonly ToolUse[]): ToolUse | undefined {
  const last = uses.at(-1);
  if (last === undefined) return undefined;
  const counts: Record<string, number> = {};
  for (const use of uses) {
    for (const [tool, count] of Object.entries(use.counts)) counts[tool] = (counts[tool] ?? 0) + count;
  }
  return { calls: uses.flatMap(({ calls }) => calls), finalResponse: last.finalResponse, counts };
}
