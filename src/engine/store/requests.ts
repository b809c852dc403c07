import type { Disposable } from "../../base/disposable.ts";
import { writeCacheEntry } from "./cacheWriter.ts";
import type { ChangeFeed } from "./changeFeed.ts";
import { codeOf, complexities, failureClasses, sources, statuses, wordOf } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import { packed } from "./packing.ts";
import {
  claimedOf,
  maybeWord,
  messagesOf,
  requestOf,
  trialPairs,
  trialPairsText,
  wholeRequest,
} from "./requestRows.ts";
import { requestCounts, requestStats } from "./requestStats.ts";
import { noRun } from "./runs.ts";
import type { Row, Value } from "./sqlite.ts";
import type { Completion, NewRequest, RequestCounts, RequestTable, TrialRecord } from "./store.ts";
import { sweepBodies, sweepTemplates } from "./sweep.ts";
import { writeTrial } from "./trialWriter.ts";
import { maybeNumber, number, orNull, text } from "./values.ts";
import { Where } from "./where.ts";

const pending = 0;
const processing = 1;

/** Rows removed in one commit by a cleanup. */
const chunk = 2000;

export class SqliteRequests implements RequestTable {
  readonly #context: StoreContext;
  readonly #changes: ChangeFeed;

  constructor(context: StoreContext, changes: ChangeFeed) {
    this.#context = context;
    this.#changes = changes;
  }

  enqueue(rows: readonly NewRequest[]): Promise<readonly number[]> {
    return this.#write(() => rows.map((row) => this.#insert(row).id));
  }

  claim(ids: readonly number[], owner: string, leaseMs: number): Promise<ReadonlySet<number>> {
    return this.#write(() => {
      const taken = new Set<number>();
      for (const id of ids) if (this.#take(id, owner, leaseMs)) taken.add(id);
      return taken;
    });
  }

  claimNext(filter: Parameters<RequestTable["claimNext"]>[0]): ReturnType<RequestTable["claimNext"]> {
    return this.#write(() => {
      const { connection, registry } = this.#context;
      const run = filter.run === undefined ? undefined : (registry.run(filter.run) ?? -1);
      const models = filter.models?.map((model) => registry.name(model));
      const where = new Where()
        .andGiven("run = ?", run)
        .andGiven("model IN (SELECT value FROM json_each(?))", models && JSON.stringify(models));
      const next = connection.all(
        `SELECT id FROM request INDEXED BY request_pending WHERE status = 0 AND ${where.sql}
          ORDER BY priority, id LIMIT ?`,
        ...where.values,
        filter.limit,
      );
      return next.map((row) => {
        const id = number(row["id"]);
        this.#take(id, filter.owner, filter.leaseMs);
        return claimedOf(this.#whole(id), registry);
      });
    });
  }

  renew(owner: string, leaseMs: number): Promise<void> {
    return this.#context.commits.write(() => {
      const lease = Math.round(leaseMs);
      this.#context.connection.run(
        "UPDATE request SET lease_until = ?, lease_ms = ? WHERE status = 1 AND lease_owner = ?",
        this.#context.now() + lease,
        lease,
        this.#context.registry.name(owner),
      );
    });
  }

  release(ids: readonly number[]): Promise<void> {
    return this.#write(() => {
      for (const id of ids) {
        const row = this.#context.connection.get(
          `UPDATE request SET status = 0, lease_owner = NULL, lease_until = NULL, lease_ms = NULL, updated_at = ?
            WHERE id = ? AND status = 1 RETURNING run, model, task_type`,
          this.#context.now(),
          id,
        );
        if (row) this.#moved(row, processing, pending);
      }
    });
  }

  complete(id: number, completion: Completion, more: Parameters<RequestTable["complete"]>[2] = {}): Promise<void> {
    return this.#write(() => {
      const { connection } = this.#context;
      const row = connection.get(
        `SELECT run, variant, model, task_type, status, error_class, published_at, source, prompt_tokens,
          completion_tokens, cached_tokens, cost FROM request WHERE id = ?`,
        id,
      );
      if (row === undefined) throw new Error(`request ${id} is not in the store`);
      if (more.cache !== undefined) writeCacheEntry(this.#context, more.cache);
      const ended = number(row["status"]) >= 2;
      // Another process that got hold of the lease may have ended it. The run's own word counts until it is published.
      if (row["published_at"] !== null || (ended && more.trials === undefined)) return;
      if (ended) this.#tallyUsage(row, usageOf(row), -1);
      this.#tallyStatus(row, number(row["status"]), errorCode(row["error_class"]), -1);
      const now = this.#context.now();
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
      this.#ended(id, row, completion);
      const run = number(row["run"]);
      for (const trial of more.trials ?? []) writeTrial(this.#context, run, trial, id, completion);
    });
  }

  record(row: NewRequest, completion: Completion, trials: readonly TrialRecord[]): Promise<number> {
    return this.#write(() => {
      const { id, run, group } = this.#insert(row, completion);
      this.#ended(id, group, completion);
      for (const trial of trials) writeTrial(this.#context, run, trial, id, completion);
      return id;
    });
  }

  unpublished(run: string, limit: number): ReturnType<RequestTable["unpublished"]> {
    return this.#context.read(() =>
      this.#context.connection
        .all(
          `${wholeRequest} WHERE request.run = (SELECT key FROM run WHERE id = ?) AND request.status >= 2
            AND request.published_at IS NULL ORDER BY request.id LIMIT ?`,
          run,
          limit,
        )
        .map((row) => claimedOf(row, this.#context.registry)),
    );
  }

  publish(id: number, trials: readonly TrialRecord[]): Promise<void> {
    return this.#write(() => {
      const row = this.#context.connection.get(
        `UPDATE request SET published_at = ? WHERE id = ? AND status >= 2 AND published_at IS NULL
          RETURNING run, source, prompt_tokens, completion_tokens, latency_ms`,
        this.#context.now(),
        id,
      );
      if (row === undefined) return;
      const facts = {
        source: wordOf(sources, number(row["source"])),
        promptTokens: maybeNumber(row["prompt_tokens"]),
        completionTokens: maybeNumber(row["completion_tokens"]),
        latencyMs: maybeNumber(row["latency_ms"]),
      };
      for (const trial of trials) writeTrial(this.#context, number(row["run"]), trial, id, facts);
    });
  }

  counts(run: string): Promise<RequestCounts> {
    return this.#context.read(() => requestCounts(this.#context, run));
  }

  unfinished(run: string): ReturnType<RequestTable["unfinished"]> {
    return this.#context.read(() => {
      const { connection, registry } = this.#context;
      const key = registry.run(run);
      if (key === undefined) return [];
      return connection
        .all(
          `SELECT request.id, request.variant, request.status, request.attempts, request.lease_owner, input.key, input.trials FROM request
            JOIN request_input input ON input.request = request.id WHERE request.id IN (
              SELECT id FROM request INDEXED BY request_pending WHERE status = 0 AND run = ?
              UNION ALL SELECT id FROM request INDEXED BY request_held WHERE status = 1 AND run = ?)
            ORDER BY request.id`,
          key,
          key,
        )
        .map((row) => ({
          id: number(row["id"]),
          key: text(row["key"]),
          variant: number(row["variant"]),
          trials: trialPairs(text(row["trials"])),
          attempts: maybeNumber(row["attempts"]) ?? 0,
          state: wordOf(statuses, number(row["status"])),
          leaseOwner: row["lease_owner"] === null ? undefined : registry.nameText(number(row["lease_owner"])),
        }));
    });
  }

  recoverStale(isDead: (owner: string) => boolean = () => false): Promise<number> {
    return this.#write(() => {
      const { connection, registry } = this.#context;
      const now = this.#context.now();
      // A lease that reaches further than it was given for was given before the clock went back: let it run from now.
      connection.run(
        `UPDATE request INDEXED BY request_held SET lease_until = ? + lease_ms
          WHERE status = 1 AND lease_until > ? + lease_ms`,
        now,
        now,
      );
      const dead = connection
        .all("SELECT DISTINCT lease_owner FROM request INDEXED BY request_held WHERE status = 1")
        .map((row) => number(row["lease_owner"]))
        .filter((owner) => isDead(registry.nameText(owner)));
      const rows = connection.all(
        `UPDATE request INDEXED BY request_held
          SET status = 0, lease_owner = NULL, lease_until = NULL, lease_ms = NULL, updated_at = ?
          WHERE status = 1 AND (lease_until < ? OR lease_owner IN (SELECT value FROM json_each(?)))
          RETURNING run, model, task_type`,
        now,
        now,
        JSON.stringify(dead),
      );
      for (const row of rows) this.#moved(row, processing, pending);
      return rows.length;
    });
  }

  forget(ids: readonly number[]): Promise<void> {
    return this.#write(() => {
      for (const id of ids) {
        const row = this.#context.connection.get(
          "DELETE FROM request WHERE id = ? AND status = 0 RETURNING run, model, task_type",
          id,
        );
        if (row === undefined) continue;
        this.#context.connection.run("DELETE FROM request_input WHERE request = ?", id);
        this.#tallyStatus(row, pending, 0, -1);
      }
    });
  }

  get(id: number): ReturnType<RequestTable["get"]> {
    return this.#context.read(() => {
      const row = this.#context.connection.get(`${wholeRequest} WHERE request.id = ?`, id);
      return row && requestOf(row, this.#context.registry);
    });
  }

  messages(id: number): ReturnType<RequestTable["messages"]> {
    return this.#context.read(() => messagesOf(this.#whole(id), this.#context.registry));
  }

  list(filter: Parameters<RequestTable["list"]>[0]): ReturnType<RequestTable["list"]> {
    return this.#context.read(() => {
      const { connection, registry } = this.#context;
      const where = new Where()
        .and("request.id > ?", filter.after ?? 0)
        .andGiven("request.run = (SELECT key FROM run WHERE id = ?)", filter.run)
        .andGiven("request.task_type = (SELECT id FROM name WHERE text = ?)", filter.taskType);
      // Written out, as a partial index serves only a query that names its condition.
      if (filter.status !== undefined) where.and(`request.status = ${codeOf(statuses, filter.status)}`);
      if (filter.errorClass !== undefined) {
        where.and("request.status = 3 AND request.error_class = ?", codeOf(failureClasses, filter.errorClass));
      }
      return connection
        .all(`${wholeRequest} WHERE ${where.sql} ORDER BY request.id LIMIT ?`, ...where.values, filter.limit)
        .map((row) => requestOf(row, registry));
    });
  }

  stats(filter: Parameters<RequestTable["stats"]>[0] = {}): ReturnType<RequestTable["stats"]> {
    return this.#context.read(() => requestStats(this.#context, filter.run));
  }

  async cleanup(before: number): Promise<number> {
    let gone = 0;
    for (;;) {
      const some = await this.#write(() => this.#removeEnded(before));
      gone += some;
      if (some < chunk) break;
    }
    if (gone > 0) {
      await this.#context.commits.write(() => {
        sweepTemplates(this.#context.connection);
        sweepBodies(this.#context.connection);
        this.#context.registry.announceSweep();
      });
    }
    return gone;
  }

  onChange(listener: () => void): Disposable {
    return this.#changes.listen(listener);
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#context.commits.write(() => {
      this.#context.requestsChanged();
      return work();
    });
  }

  #whole(id: number): Row {
    const row = this.#context.connection.get(`${wholeRequest} WHERE request.id = ?`, id);
    if (row === undefined) throw new Error(`request ${id} is not in the store`);
    return row;
  }

  /** Adds a row, ended already when a completion is given, with what was asked beside it. */
  #insert(
    row: NewRequest,
    completion?: Completion,
  ): { readonly id: number; readonly run: number; readonly group: Row } {
    const { connection, registry } = this.#context;
    const run = registry.run(row.run);
    if (run === undefined) throw noRun(row.run);
    const model = registry.name(row.model);
    const taskType = registry.name(row.taskType);
    const template = registry.template(run, row);
    const now = this.#context.now();
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
    if (completion === undefined) this.#tallyStatus(group, pending, 0, 1);
    return { id, run, group };
  }

  #take(id: number, owner: string, leaseMs: number): boolean {
    const now = this.#context.now();
    const lease = Math.round(leaseMs);
    const row = this.#context.connection.get(
      `UPDATE request SET status = 1, lease_owner = ?, lease_until = ?, lease_ms = ?, updated_at = ?
        WHERE id = ? AND status = 0 RETURNING run, model, task_type`,
      this.#context.registry.name(owner),
      now + lease,
      lease,
      now,
      id,
    );
    if (row === undefined) return false;
    this.#moved(row, pending, processing);
    return true;
  }

  /** Writes how a request ended beside its row, and counts it. */
  #ended(id: number, group: Row, completion: Completion): void {
    this.#context.connection.run(
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
    this.#tallyStatus(group, codeOf(statuses, completion.status), error, 1);
    this.#tallyUsage(group, completion, 1);
  }

  #moved(row: Row, from: number, to: number): void {
    this.#tallyStatus(row, from, 0, -1);
    this.#tallyStatus(row, to, 0, 1);
  }

  /** `error` is 0 for none, else one more than the class's code. */
  #tallyStatus(row: Row, status: number, error: number, sign: 1 | -1): void {
    const { tallies } = this.#context;
    tallies.requests.add([number(row["run"]), number(row["model"]), number(row["task_type"]), status, error], [sign]);
  }

  #tallyUsage(row: Row, usage: Usage, sign: 1 | -1): void {
    const called = usage.source === "call";
    this.#context.tallies.variants.add(
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

  #removeEnded(before: number): number {
    const { connection } = this.#context;
    const rows = connection.all(
      "SELECT id FROM request WHERE status >= 2 AND updated_at < ? ORDER BY updated_at LIMIT ?",
      before,
      chunk,
    );
    for (const { id } of rows) {
      const row = connection.get(
        "DELETE FROM request WHERE id = ? RETURNING run, model, task_type, status, error_class",
        number(id),
      );
      connection.run("DELETE FROM request_input WHERE request = ?", number(id));
      connection.run("DELETE FROM request_result WHERE request = ?", number(id));
      if (row) this.#tallyStatus(row, number(row["status"]), errorCode(row["error_class"]), -1);
    }
    return rows.length;
  }
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
