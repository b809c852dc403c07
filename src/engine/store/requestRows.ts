import type { SQLOutputValue } from "node:sqlite";
import { complexities, failureClasses, sources, statuses, wordOf } from "./codes.ts";
import type { Registry } from "./registry.ts";
import type { Row } from "./sqlite.ts";
import type { ClaimedRequest, RequestRecord } from "./store.ts";
import { longText, maybeLongText, maybeNumber, maybeText, number, text } from "./values.ts";

/** A whole request: its row, what was asked, and how it ended. */
export const wholeRequest = `SELECT request.*, run.id AS run_id, input.key, input.trials, input.texts, input.context,
  template.skeleton, template.request AS parameters, template.response_schema, result.error_message,
  result.validation_errors, result.raw, result.parsed, result.tool_calls, result.served_model
  FROM request JOIN run ON run.key = request.run JOIN request_input input ON input.request = request.id
  JOIN template ON template.id = request.template LEFT JOIN request_result result ON result.request = request.id`;

export function requestOf(row: Row, registry: Registry): RequestRecord {
  const ended = number(row["status"]) >= 2;
  return {
    id: number(row["id"]),
    run: text(row["run_id"]),
    variant: number(row["variant"]),
    model: registry.nameText(number(row["model"])),
    key: text(row["key"]),
    taskType: registry.nameText(number(row["task_type"])),
    complexity: wordOf(complexities, number(row["complexity"])),
    priority: number(row["priority"]),
    request: longText(row["parameters"]),
    context: maybeLongText(row["context"]),
    responseSchema: maybeLongText(row["response_schema"]),
    promptTokensEstimated: number(row["estimated_prompt_tokens"]),
    trials: trialPairs(text(row["trials"])),
    state: wordOf(statuses, number(row["status"])),
    createdAt: number(row["created_at"]),
    updatedAt: number(row["updated_at"]),
    publishedAt: maybeNumber(row["published_at"]),
    leaseOwner: row["lease_owner"] === null ? undefined : registry.nameText(number(row["lease_owner"])),
    leaseUntil: maybeNumber(row["lease_until"]),
    ...(ended ? completionOf(row) : {}),
  };
}

export function claimedOf(row: Row, registry: Registry): ClaimedRequest {
  return { ...requestOf(row, registry), prompt: messagesOf(row, registry) };
}

export function messagesOf(row: Row, registry: Registry): ClaimedRequest["prompt"] {
  return registry.messages(text(row["skeleton"]), JSON.parse(longText(row["texts"])));
}

function completionOf(row: Row): Partial<RequestRecord> {
  return {
    status: number(row["status"]) === 2 ? "completed" : "failed",
    source: wordOf(sources, number(row["source"])),
    attempts: number(row["attempts"]),
    errorClass: maybeWord(failureClasses, row["error_class"]),
    errorMessage: maybeLongText(row["error_message"]),
    validationErrors: maybeLongText(row["validation_errors"]),
    rawResponse: maybeLongText(row["raw"]),
    parsedResponse: maybeLongText(row["parsed"]),
    toolCalls: row["tool_calls"] === null ? [] : JSON.parse(longText(row["tool_calls"])),
    promptTokens: maybeNumber(row["prompt_tokens"]),
    completionTokens: maybeNumber(row["completion_tokens"]),
    cachedTokens: maybeNumber(row["cached_tokens"]),
    tokensEstimated: number(row["tokens_estimated"]) === 1,
    cost: maybeNumber(row["cost"]),
    latencyMs: maybeNumber(row["latency_ms"]),
    firstTokenMs: maybeNumber(row["first_token_ms"]),
    queuedMs: maybeNumber(row["queued_ms"]),
    servedModel: maybeText(row["served_model"]),
  };
}

export function maybeWord<T>(words: readonly T[], cell: SQLOutputValue | undefined): T | undefined {
  return cell === null ? undefined : wordOf(words, number(cell));
}

/** `position,repeat` pairs, flat. */
export function trialPairsText(pairs: RequestRecord["trials"]): string {
  return pairs.join();
}

export function trialPairs(flat: string): RequestRecord["trials"] {
  if (flat === "") return [];
  const numbers = flat.split(",").map(Number);
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) pairs.push([numbers[i] as number, numbers[i + 1] as number]);
  return pairs;
}
