import { failureClasses, statuses, wordOf } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import type { RequestCounts, RequestStats, RequestStatus } from "./store.ts";
import { maybeNumber, number } from "./values.ts";
import { Where } from "./where.ts";

type Counts = Record<RequestStatus, number>;

/** Adds up the counter table; a handful of rows, whatever the number of requests. */
export function requestStats(context: StoreContext, run: string | undefined): RequestStats {
  const { connection, registry } = context;
  const where = new Where().andGiven("run = ?", run === undefined ? undefined : (registry.run(run) ?? -1));
  const total = noCounts();
  const byModel = new Map<string, Counts>();
  const byTaskType = new Map<string, Counts>();
  const byErrorClass: Record<string, number> = {};
  const counted = connection.all(
    `SELECT model, task_type, status, error_class, rows FROM request_count WHERE rows <> 0 AND ${where.sql}`,
    ...where.values,
  );
  for (const row of counted) {
    const status = wordOf(statuses, number(row["status"]));
    const rows = number(row["rows"]);
    total[status] += rows;
    countsOf(byModel, registry.nameText(number(row["model"])))[status] += rows;
    countsOf(byTaskType, registry.nameText(number(row["task_type"])))[status] += rows;
    const error = number(row["error_class"]);
    if (error > 0) {
      const name = wordOf(failureClasses, error - 1);
      byErrorClass[name] = (byErrorClass[name] ?? 0) + rows;
    }
  }
  const oldest = connection.get(
    `SELECT created_at FROM request WHERE id =
      (SELECT min(id) FROM request INDEXED BY request_pending WHERE status = 0 AND ${where.sql})`,
    ...where.values,
  );
  return {
    byStatus: total,
    byModel: sorted(byModel).map(([model, counts]) => ({ model, ...counts, successRate: successRate(counts) })),
    byTaskType: sorted(byTaskType).map(([taskType, counts]) => ({
      taskType,
      completed: counts.completed,
      failed: counts.failed,
      successRate: successRate(counts),
    })),
    byErrorClass,
    oldestPendingAt: maybeNumber(oldest?.["created_at"] ?? null),
  };
}

function noCounts(): Counts {
  return { pending: 0, processing: 0, completed: 0, failed: 0 };
}

function countsOf(groups: Map<string, Counts>, name: string): Counts {
  let counts = groups.get(name);
  if (counts === undefined) {
    counts = noCounts();
    groups.set(name, counts);
  }
  return counts;
}

function sorted(groups: ReadonlyMap<string, Counts>): [string, Counts][] {
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function successRate({ completed, failed }: Counts): number | undefined {
  return completed + failed === 0 ? undefined : completed / (completed + failed);
}

/** One pass over a run's requests. */
export function requestCounts(context: StoreContext, run: string): RequestCounts {
  const { connection, registry } = context;
  const row = connection.get(
    `SELECT coalesce(sum(attempts), 0) AS sent,
        coalesce(sum(status = 2 AND source = 0), 0) AS succeeded,
        coalesce(sum(status = 3), 0) AS failed,
        coalesce(sum(max(attempts - 1, 0)), 0) AS retried,
        coalesce(sum(status = 2 AND source <> 0), 0) AS cached
      FROM request INDEXED BY request_run WHERE run = ? AND status >= 2`,
    registry.run(run) ?? -1,
  );
  const count = (name: string) => number(row?.[name] ?? 0);
  return {
    sent: count("sent"),
    succeeded: count("succeeded"),
    failed: count("failed"),
    retried: count("retried"),
    cached: count("cached"),
  };
}
