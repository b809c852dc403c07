import { writeCacheEntry } from "./cacheWriter.ts";
import { codeOf, complexities, failureClasses, sources, statuses, wordOf } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import { packed } from "./packing.ts";
import { maybeWord, trialPairsText } from "./requestRows.ts";
import { noRun } from "./runs.ts";
import type { Row, Value } from "./sqlite.ts";
import type { Completion, NewRequest, RequestTable } from "./store.ts";
import { writeTrials } from "./trialWriter.ts";
import { maybeNumber, number, orNull } from "./values.ts";

/** The steps of a request's life, each for the transaction that is open. Every change of a row's status is counted with it. */

export const pending = 0;
export const processing = 1;

/** Adds a row, ended already when a completion is given, with what was asked beside it. */
export function insertRequest(
  context: StoreContext,
  row: NewRequest,
  completion?: Completion,
): { readonly id: number; readonly run: number; readonly group: Row } {
  const { connection, registry } = context;
  const run = registry.run(row.run);
  if (run === undefined) throw noRun(row.run);
  const model = registry.name(row.model);
  const taskType = registry.name(row.taskType);
  const template = registry.template(run, row);
  const now = context.now();
  const asked = [
    run,
    row.variant,
    model,
    taskType,
    template.id,
    codeOf(complexities, row.complexity),
    row.priority,
    Math.round(row.promptTokensEstimated),
    now,
    now,
  ];
  const id =
    completion === undefined
      ? connection.insert(
          `INSERT INTO request (run, variant, model, task_type, template, complexity, priority,
            estimated_prompt_tokens, created_at, updated_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
          ...asked,
        )
      : connection.insert(
          `INSERT INTO request (run, variant, model, task_type, template, complexity, priority,
            estimated_prompt_tokens, created_at, updated_at, published_at, status, source, attempts, error_class,
            prompt_tokens, completion_tokens, cached_tokens, tokens_estimated, cost, latency_ms, first_token_ms,
            queued_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...asked,
          now,
          ...endColumns(completion),
        );
  connection.run(
    "INSERT INTO request_input (request, key, trials, texts, context) VALUES (?, ?, ?, ?, ?)",
    id,
    row.key,
    trialPairsText(row.trials),
    packed(JSON.stringify(template.texts)),
    row.context === undefined ? null : packed(row.context),
  );
  const group = { run, variant: row.variant, model, task_type: taskType };
  if (completion === undefined) countStatus(context, group, pending, 0, 1);
  return { id, run, group };
}

/** Claims a pending request; false when it is no longer pending. */
export function takeRequest(context: StoreContext, id: number, owner: string, leaseMs: number): boolean {
  const now = context.now();
  const lease = Math.round(leaseMs);
  const row = context.connection.get(
    `UPDATE request SET status = 1, lease_owner = ?, lease_until = ?, lease_ms = ?, updated_at = ?
      WHERE id = ? AND status = 0 RETURNING run, model, task_type`,
    context.registry.name(owner),
    now + lease,
    lease,
    now,
    id,
  );
  if (row === undefined) return false;
  countMoved(context, row, pending, processing);
  return true;
}

/** Ends a request; see the contract for what happens when two processes did. */
export function completeRequest(
  context: StoreContext,
  id: number,
  completion: Completion,
  more: NonNullable<Parameters<RequestTable["complete"]>[2]>,
): void {
  const { connection } = context;
  const row = connection.get(
    `SELECT run, variant, model, task_type, status, error_class, published_at, source, prompt_tokens,
      completion_tokens, cached_tokens, cost FROM request WHERE id = ?`,
    id,
  );
  if (row === undefined) throw new Error(`request ${id} is not in the store`);
  if (more.cache !== undefined) writeCacheEntry(context, more.cache);
  const ended = number(row["status"]) >= 2;
  // Another process that got hold of the lease may have ended it. The run's own word counts until it is published.
  if (row["published_at"] !== null || (ended && more.trials === undefined)) return;
  if (ended) countUsage(context, row, usageOf(row), -1);
  countStatus(context, row, number(row["status"]), errorCode(row["error_class"]), -1);
  const now = context.now();
  connection.run(
    `UPDATE request SET status = ?, source = ?, attempts = ?, error_class = ?, prompt_tokens = ?,
      completion_tokens = ?, cached_tokens = ?, tokens_estimated = ?, cost = ?, latency_ms = ?, first_token_ms = ?,
      queued_ms = ?, updated_at = ?, published_at = ?, lease_owner = NULL, lease_until = NULL, lease_ms = NULL
      WHERE id = ?`,
    ...endColumns(completion),
    now,
    more.trials === undefined ? null : now,
    id,
  );
  writeResult(context, id, row, completion);
  const run = number(row["run"]);
  writeTrials(context, run, more.trials ?? [], id, completion);
}

/** Writes how a request ended beside its row, and counts it. */
export function writeResult(context: StoreContext, id: number, group: Row, completion: Completion): void {
  context.connection.run(
    `INSERT OR REPLACE INTO request_result
      (request, error_message, validation_errors, raw, parsed, tool_calls, served_model) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    id,
    packedOrNull(completion.errorMessage),
    packedOrNull(completion.validationErrors),
    packedOrNull(completion.rawResponse),
    packedOrNull(completion.parsedResponse),
    completion.toolCalls.length === 0 ? null : packed(JSON.stringify(completion.toolCalls)),
    orNull(completion.servedModel),
  );
  const error = completion.errorClass === undefined ? 0 : codeOf(failureClasses, completion.errorClass) + 1;
  countStatus(context, group, codeOf(statuses, completion.status), error, 1);
  countUsage(context, group, completion, 1);
}

export function countMoved(context: StoreContext, row: Row, from: number, to: number): void {
  countStatus(context, row, from, 0, -1);
  countStatus(context, row, to, 0, 1);
}

/** `error` is 0 for none, else one more than the class's code. */
export function countStatus(context: StoreContext, row: Row, status: number, error: number, sign: 1 | -1): void {
  const { tallies } = context;
  tallies.requests.add([number(row["run"]), number(row["model"]), number(row["task_type"]), status, error], [sign]);
}

function countUsage(context: StoreContext, row: Row, usage: Usage, sign: 1 | -1): void {
  const called = usage.source === "call";
  context.tallies.variants.add(
    [number(row["run"]), number(row["variant"])],
    [
      0,
      0,
      0,
      0,
      0,
      0,
      sign * Math.round(usage.promptTokens ?? 0),
      sign * Math.round(usage.completionTokens ?? 0),
      sign * Math.round(usage.cachedTokens ?? 0),
      called ? sign * (usage.cost ?? 0) : 0,
      called && usage.status === "completed" && usage.cost === undefined ? sign : 0,
      usage.source === "cache" ? sign : 0,
    ],
  );
}

/** Deletes requests that ended before `before`, at most `limit`; how many. */
export function removeEnded(context: StoreContext, before: number, limit: number): number {
  const { connection } = context;
  const rows = connection.all(
    "SELECT id FROM request WHERE status >= 2 AND updated_at < ? ORDER BY updated_at LIMIT ?",
    before,
    limit,
  );
  for (const { id } of rows) {
    const row = connection.get(
      "DELETE FROM request WHERE id = ? RETURNING run, model, task_type, status, error_class",
      number(id),
    );
    connection.run("DELETE FROM request_input WHERE request = ?", number(id));
    connection.run("DELETE FROM request_result WHERE request = ?", number(id));
    if (row) countStatus(context, row, number(row["status"]), errorCode(row["error_class"]), -1);
  }
  return rows.length;
}

type Usage = Pick<Completion, "status" | "source" | "promptTokens" | "completionTokens" | "cachedTokens" | "cost">;

function usageOf(row: Row): Usage {
  return {
    status: number(row["status"]) === 2 ? "completed" : "failed",
    source: wordOf(sources, number(row["source"])),
    promptTokens: maybeNumber(row["prompt_tokens"]),
    completionTokens: maybeNumber(row["completion_tokens"]),
    cachedTokens: maybeNumber(row["cached_tokens"]),
    cost: maybeNumber(row["cost"]),
  };
}

/** From `status` to `queued_ms`, in the order both statements name them. */
function endColumns(completion: Completion): Value[] {
  return [
    codeOf(statuses, completion.status),
    codeOf(sources, completion.source),
    completion.attempts,
    completion.errorClass === undefined ? null : codeOf(failureClasses, completion.errorClass),
    roundedOrNull(completion.promptTokens),
    roundedOrNull(completion.completionTokens),
    roundedOrNull(completion.cachedTokens),
    completion.tokensEstimated ? 1 : 0,
    orNull(completion.cost),
    orNull(completion.latencyMs),
    orNull(completion.firstTokenMs),
    orNull(completion.queuedMs),
  ];
}

function errorCode(cell: Row[string] | undefined): number {
  const found = maybeWord(failureClasses, cell);
  return found === undefined ? 0 : codeOf(failureClasses, found) + 1;
}

function roundedOrNull(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

function packedOrNull(value: string | undefined): Value {
  return value === undefined ? null : packed(value);
}
