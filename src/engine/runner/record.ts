import { approximateTokenizer } from "../context/tokenizer.ts";
import { type AnyScorer, isSlow, type ScoreInput } from "../metrics/scorers/scorer.ts";
import { type BilledTokens, costOf, type Price } from "../plan/prices.ts";
import type { Provider, ProviderFacts } from "../provider/provider.ts";
import type { Settled } from "../queue/queue.ts";
import type { ParsedAnswer } from "../response/answer.ts";
import { failureClassOf } from "../response/failure.ts";
import type { Outcome } from "../response/outcome.ts";
import type { ToolUse } from "../response/toolCalls.ts";
import type { Completion, RequestRecord, TrialRecord } from "../store/store.ts";
import type { TrialPlan } from "./trialPlan.ts";

/** A model as a run uses it. */
export interface RunModel {
  readonly id: string;
  /** Without the provider's prefix. */
  readonly name: string;
  readonly provider: Provider;
  readonly facts: ProviderFacts;
  /** What the user says it costs, even of a server on this machine; 0 for other free ones. Undefined when it is unknown. */
  readonly price: Price | undefined;
}

/** US dollars; undefined when the price is unknown. */
export function costIn(model: RunModel, tokens: BilledTokens): number | undefined {
  return model.price && costOf(model.price, tokens);
}

/** Tokens a call is reckoned to take before it is sent. */
export interface ExpectedTokens {
  readonly prompt: number;
  readonly completion: number;
}

/** How a request ended, as the table keeps it. `model` is undefined when nothing was paid for. */
export function completionOf(
  settled: Settled,
  parsed: ParsedAnswer | undefined,
  expected: ExpectedTokens,
  model: RunModel | undefined,
  source: Completion["source"],
  tools?: ToolUse,
): Completion {
  const { outcome } = settled.reply;
  const answered = outcome.kind === "answered";
  const prompt = answered ? (outcome.usage.promptTokens ?? expected.prompt) : undefined;
  const completion = answered
    ? (outcome.usage.completionTokens ?? approximateTokenizer.count(outcome.text))
    : undefined;
  const cached = answered ? outcome.usage.cachedTokens : undefined;
  const billed = { prompt: prompt ?? 0, cached: cached ?? 0, completion: completion ?? 0 };
  return {
    status: answered ? "completed" : "failed",
    source,
    attempts: settled.attempts,
    errorClass: failureClassOf(outcome, parsed),
    errorMessage: errorMessageOf(outcome, parsed),
    validationErrors: errorsOf(parsed, tools),
    rawResponse: answered ? outcome.text : outcome.kind === "unavailable" ? outcome.body : undefined,
    parsedResponse: parsed?.kind === "valid" ? JSON.stringify(parsed.value) : undefined,
    toolCalls: tools === undefined ? (answered ? outcome.toolCalls : []) : tools.calls.map(({ call }) => call),
    promptTokens: prompt,
    completionTokens: completion,
    cachedTokens: cached,
    tokensEstimated:
      answered && (outcome.usage.promptTokens === undefined || outcome.usage.completionTokens === undefined),
    cost: !answered || model === undefined ? undefined : costIn(model, billed),
    latencyMs: answered ? outcome.timing.latencyMs : undefined,
    firstTokenMs: answered ? outcome.timing.firstTokenMs : undefined,
    queuedMs: settled.queuedMs,
    servedModel: answered ? outcome.servedModel : undefined,
  };
}

/** What a schema objects to: the answer's own, or the arguments' of a tool. */
function errorsOf(parsed: ParsedAnswer | undefined, tools: ToolUse | undefined): string | undefined {
  const errors =
    parsed?.kind === "invalid" && parsed.errors.length > 0
      ? parsed.errors
      : (tools?.calls ?? []).flatMap(({ call, errors: own }) =>
          own.map(({ path, message }) => ({ path: `${call.tool || "tool call"}.${path}`, message })),
        );
  return errors.length === 0 ? undefined : JSON.stringify(errors);
}

function errorMessageOf(outcome: Outcome, parsed: ParsedAnswer | undefined): string | undefined {
  if (outcome.kind === "answered") return parsed?.kind === "invalid" ? parsed.message : undefined;
  return "message" in outcome ? outcome.message : outcome.kind;
}

/** A trial, and what its slow scorers are to judge when it has any. */
export interface TrialDraft {
  readonly trial: TrialRecord;
  readonly input: ScoreInput | undefined;
}

/** A trial with the scores that take no time, or why it has none. */
export function trialOf(
  run: string,
  plan: TrialPlan,
  outcome: Outcome,
  parsed: ParsedAnswer | undefined,
  scorers: readonly AnyScorer[],
  request: number | undefined,
): TrialDraft {
  const base = {
    run,
    variant: plan.variant.index,
    position: plan.position,
    repeat: plan.repeat,
    exampleId: plan.example.id,
    request,
    expected: plan.example.expected,
    confidence: undefined,
    prediction: undefined,
    scores: {},
  };
  if (parsed === undefined || outcome.kind !== "answered") {
    // Content reasons count as wrong; reasons of transport, and prompts that do not fit, say nothing about the layout.
    const wrong = outcome.kind === "filtered" || (outcome.kind === "unavailable" && outcome.reason === "timeout");
    return { trial: { ...base, state: wrong ? "failed" : "void", score: wrong ? 0 : undefined }, input: undefined };
  }
  const { input, ...scored } = scoreAnswer(outcome.text, parsed, plan.example, scorers);
  return { trial: { ...base, ...scored }, input };
}

/** What the scorers say that take no time, and what the others are to judge. */
export function scoreAnswer(
  text: string,
  parsed: ParsedAnswer,
  example: ScoreInput["example"],
  scorers: readonly AnyScorer[],
): Pick<TrialRecord, "state" | "prediction" | "score" | "confidence" | "scores"> & Pick<TrialDraft, "input"> {
  if (parsed.kind === "invalid") {
    return {
      state: "unparsable",
      prediction: undefined,
      score: 0,
      confidence: undefined,
      scores: {},
      input: undefined,
    };
  }
  const input = { parsed, text, example };
  const [primary] = scorers;
  const values = new Map(
    scorers.flatMap((scorer) => (isSlow(scorer) ? [] : [[scorer.name, scorer.score(input).value] as const])),
  );
  const score = values.get(primary?.name ?? "");
  if (primary !== undefined) values.delete(primary.name);
  return {
    state: "scored",
    prediction: parsed.prediction,
    score: score ?? 0,
    confidence: parsed.confidence,
    scores: Object.fromEntries(values),
    input: scorers.some(isSlow) ? input : undefined,
  };
}

/** What a stored request led to, for a run that takes up another process's result or scores an old one again. */
export function storedOutcome(row: RequestRecord): Outcome {
  if (row.state === "completed") {
    return {
      kind: "answered",
      text: row.rawResponse ?? "",
      toolCalls: row.toolCalls ?? [],
      usage: { promptTokens: row.promptTokens, completionTokens: row.completionTokens, cachedTokens: row.cachedTokens },
      timing: { latencyMs: row.latencyMs ?? 0, firstTokenMs: row.firstTokenMs, loadMs: undefined },
      finish: "stop",
      servedModel: row.servedModel,
      tokenConfidence: undefined,
    };
  }
  const message = row.errorMessage ?? "it failed";
  if (row.errorClass !== "unavailable") return { kind: "tooLong", message, limitTokens: undefined };
  return {
    kind: "unavailable",
    reason: "server",
    status: undefined,
    message,
    retryAfterMs: undefined,
    body: row.rawResponse,
  };
}
