import { textField } from "../../base/untyped.ts";
import { isWorthKeeping } from "../cache/cache.ts";
import { readCompletion } from "../provider/openaiAnswer.ts";
import type { Outcome } from "../response/outcome.ts";
import { readAnswer } from "../response/read.ts";
import type { Design } from "../runner/design.ts";
import { completionOf } from "../runner/record.ts";
import type { Store } from "../store/store.ts";
import type { BatchAnswer } from "./lines.ts";

/** What a line of a provider's batch came to. */
export function answerOf(answer: BatchAnswer): Outcome {
  const { body, error, status } = answer;
  if (error === undefined) {
    // Nobody knows how long a batch's answers took.
    const timing = { latencyMs: 0, firstTokenMs: undefined, loadMs: undefined };
    const read = readCompletion(body, textField(body, "model") ?? "", timing);
    if (read !== undefined) return read;
  }
  const { code, message } = error ?? { code: "malformed", message: "the answer is no chat completion" };
  if (/context_length|string_above_max/.test(code)) return { kind: "tooLong", message, limitTokens: undefined };
  if (/content_filter|content_policy/.test(code)) return { kind: "filtered", message };
  if (status !== undefined && status >= 400 && status < 500 && status !== 429)
    return { kind: "rejected", reason: "badRequest", status, message };
  return { kind: "unavailable", reason: "server", status, message, retryAfterMs: undefined, body: undefined };
}

/** A provider's batch costs half of what its calls do. */
const batchShare = 0.5;

/** Ends a row of the request table with a batch's answer, as a worker would: the run it belongs to scores it when it goes on. */
export async function completeRow(store: Store, row: number, outcome: Outcome, planned: Design): Promise<void> {
  const request = await store.requests.get(row);
  if (request === undefined) return;
  const model = planned.models.get(request.model);
  if (model === undefined) throw new Error(`request ${row} asks ${request.model}, which its run does not have`);
  const { experiment, labels } = planned;
  const read =
    outcome.kind === "answered" ? readAnswer(outcome, experiment.prompt.output, labels, experiment.tools) : undefined;
  const settled = { reply: { outcome }, attempts: 1, queuedMs: 0 };
  const expected = { prompt: request.promptTokensEstimated, completion: planned.answerTokens };
  const full = completionOf(settled, read?.parsed, expected, model, "call", read?.tools);
  const completion = {
    ...full,
    cost: full.cost === undefined ? undefined : full.cost * batchShare,
    latencyMs: undefined,
    queuedMs: undefined,
  };
  const { mode } = experiment.cache;
  const keeps = (mode === "on" || mode === "write") && isWorthKeeping(outcome);
  const cache = {
    key: request.key,
    model: request.model,
    experiment: experiment.name,
    answer: JSON.stringify(outcome),
  };
  await store.requests.complete(row, completion, keeps ? { cache } : {});
}
