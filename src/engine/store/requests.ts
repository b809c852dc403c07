import type { Disposable } from "../../base/disposable.ts";
import type { ChangeFeed } from "./changeFeed.ts";
import { codeOf, failureClasses, sources, statuses, wordOf } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import { claimedOf, messagesOf, requestOf, trialPairs, wholeRequest } from "./requestRows.ts";
import { requestCounts, requestStats } from "./requestStats.ts";
import { requestTimeline } from "./requestTimeline.ts";
import {
  completeRequest,
  countMoved,
  countStatus,
  insertRequest,
  pending,
  processing,
  removeEnded,
  takeRequest,
  writeResult,
} from "./requestWriter.ts";
import { runMeasures } from "./runMeasures.ts";
import type { Row } from "./sqlite.ts";
import type { Completion, NewRequest, RequestCounts, RequestTable, RunMeasures, TrialRecord } from "./store.ts";
import { sweepBodies, sweepTemplates } from "./sweep.ts";
import { writeTrials } from "./trialWriter.ts";
import { maybeNumber, number, text } from "./values.ts";
import { Where } from "./where.ts";

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
    return this.#write(() => rows.map((row) => insertRequest(this.#context, row).id));
  }

  claim(ids: readonly number[], owner: string, leaseMs: number): Promise<ReadonlySet<number>> {
    return this.#write(() => {
      const taken = new Set<number>();
      for (const id of ids) if (takeRequest(this.#context, id, owner, leaseMs)) taken.add(id);
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
        takeRequest(this.#context, id, filter.owner, filter.leaseMs);
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
        if (row) countMoved(this.#context, row, processing, pending);
      }
    });
  }

  complete(id: number, completion: Completion, more: Parameters<RequestTable["complete"]>[2] = {}): Promise<void> {
    return this.#write(() => completeRequest(this.#context, id, completion, more));
  }

  record(row: NewRequest, completion: Completion, trials: readonly TrialRecord[]): Promise<number> {
    return this.#write(() => {
      const { id, run, group } = insertRequest(this.#context, row, completion);
      writeResult(this.#context, id, group, completion);
      writeTrials(this.#context, run, trials, id, completion);
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
      writeTrials(this.#context, number(row["run"]), trials, id, facts);
    });
  }

  counts(run: string): Promise<RequestCounts> {
    return this.#context.read(() => requestCounts(this.#context, run));
  }

  measures(run: string): Promise<RunMeasures> {
    return this.#context.read(() => runMeasures(this.#context, run));
  }

  timeline(run: string, points: number): ReturnType<RequestTable["timeline"]> {
    return this.#context.read(() => requestTimeline(this.#context, run, points));
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

  answered(run: string): ReturnType<RequestTable["answered"]> {
    return this.#context.read(() => {
      const { connection, registry } = this.#context;
      const rows = connection.tuples(
        `SELECT request.id, request.variant, input.key, input.trials FROM request INDEXED BY request_run
          JOIN request_input input ON input.request = request.id WHERE request.run = ? AND request.status = 2
          ORDER BY request.id`,
        registry.run(run) ?? -1,
      );
      return Array.from(rows, ([id, variant, key, trials]) => ({
        id: number(id),
        variant: number(variant),
        key: text(key),
        trials: trialPairs(text(trials)),
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
      for (const row of rows) countMoved(this.#context, row, processing, pending);
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
        countStatus(this.#context, row, pending, 0, -1);
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
      const some = await this.#write(() => removeEnded(this.#context, before, chunk));
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
}
