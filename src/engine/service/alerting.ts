import { type Alert, type AlertChoices, type AlertFacts, alertSettings, alertsOf } from "../analysis/alerts.ts";
import { defaultCacheBytes } from "../cache/answerCache.ts";
import type { Budget } from "../runner/budget.ts";
import type { RunSummary, RunView } from "../runner/events.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RunRecord } from "../store/store.ts";
import { baselineOf } from "./asserting.ts";
import type { Services } from "./deps.ts";

const lookEveryMs = 1_000;
const sizeEveryMs = 5_000;

/** Earlier runs whose durations are averaged. */
const earlierRuns = 12;

/** Watches one run. */
export interface RunAlerts {
  /** What has come up since the last look; costs nothing more than once a second. Of models given up the run itself says why. */
  look(view: RunView, givenUp: Models): readonly Alert[];
  /** All that came up, with their latest figures. */
  all(): readonly Alert[];
  /** A last look, with the cache as it is now. */
  end(view: RunView, givenUp: Models): Promise<readonly Alert[]>;
}

type Models = Pick<ReadonlySet<string>, "has">;

export interface WatchedRun {
  readonly record: RunRecord;
  readonly experiment: Experiment;
  readonly budget: Budget;
  /** Time that a resumed run had taken before. */
  readonly workedBeforeMs: number;
}

export async function watchRun(services: Services, run: WatchedRun, choices: AlertChoices): Promise<RunAlerts> {
  const { store, deps } = services;
  const settings = alertSettings(choices);
  const { record, experiment } = run;
  const baseline = settings.accuracy === undefined ? undefined : await baselineFacts(services, run);
  const earlier = settings.duration === undefined ? [] : await earlierFacts(services, record);
  const maxBytes = deps.cacheBytes ?? defaultCacheBytes;
  const raised = new Map<string, Alert>();
  let bytes: number | undefined;
  let sizedAt = Number.NEGATIVE_INFINITY;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const size = async () => {
    if (settings.cache === undefined || experiment.cache.mode === "off") return;
    bytes = (await store.cache.stats()).bytes;
  };

  const judge = (view: RunView, givenUp: Models): readonly Alert[] => {
    const facts: AlertFacts = {
      ...viewFacts(view, givenUp),
      budgets: budgetFacts(run, view),
      cache: bytes === undefined ? undefined : { bytes, maxBytes },
      baseline,
      earlier,
      elapsedMs: run.workedBeforeMs + view.elapsedMs,
    };
    const fresh: Alert[] = [];
    for (const alert of alertsOf(facts, settings)) {
      const id = `${alert.kind} ${alert.subject}`;
      if (!raised.has(id)) fresh.push(alert);
      raised.set(id, alert);
    }
    return fresh;
  };

  return {
    look(view, givenUp) {
      const now = deps.clock.monotonic();
      if (now - sizedAt >= sizeEveryMs) {
        sizedAt = now;
        // A store in trouble is the run's to tell.
        size().catch(() => {});
      }
      if (now - lookedAt < lookEveryMs) return [];
      lookedAt = now;
      return judge(view, givenUp);
    },
    all: () => [...raised.values()],
    async end(view, givenUp) {
      await size();
      return judge(view, givenUp);
    },
  };
}

function viewFacts(view: RunView, givenUp: Models): Pick<AlertFacts, "models" | "windows" | "variants" | "sent"> {
  const unreadable = new Map<string, number>();
  for (const { model, unreadable: count = 0 } of view.variants)
    unreadable.set(model, (unreadable.get(model) ?? 0) + count);
  // A model may be in several pools.
  const models = new Map(view.queue.pools.flatMap((pool) => pool.models.map((model) => [model.model, model])));
  return {
    models: [...models.values()]
      .filter(({ model }) => !givenUp.has(model))
      .map(({ model, succeeded, failed }) => ({
        model,
        succeeded,
        failed,
        unreadable: Math.min(succeeded, unreadable.get(model) ?? 0),
      })),
    windows: view.queue.pools.flatMap(({ id, limits, learned, windowUsed }) => {
      const { requests, windowMs } = { ...limits, ...learned };
      return requests === undefined ? [] : [{ pool: id, used: windowUsed, limit: requests, windowMs }];
    }),
    variants: view.variants,
    sent: view.requests.sent,
  };
}

function budgetFacts({ experiment, budget }: WatchedRun, view: RunView): AlertFacts["budgets"] {
  const { maxCalls, maxTokens, maxCost, maxDuration } = experiment.limits;
  const { calls, tokens, cost } = budget.spent;
  const budgets = [
    { name: `${maxCalls} calls`, used: calls, limit: maxCalls },
    { name: `${maxTokens} tokens`, used: tokens, limit: maxTokens },
    { name: `$${maxCost}`, used: cost, limit: maxCost },
    { name: `${Math.round((maxDuration ?? 0) / 1000)} s`, used: view.elapsedMs, limit: maxDuration },
  ];
  return budgets.flatMap(({ limit, ...rest }) => (limit === undefined ? [] : [{ ...rest, limit }]));
}

async function baselineFacts({ store }: Services, { record }: WatchedRun): Promise<AlertFacts["baseline"]> {
  const run = await baselineOf(store, record);
  const summary = run === undefined || run === record.id ? undefined : (await store.runs.get(run))?.summary;
  if (run === undefined || summary === undefined) return undefined;
  return { run, variants: (JSON.parse(summary) as RunSummary).variants };
}

async function earlierFacts({ store }: Services, { id, file }: RunRecord): Promise<AlertFacts["earlier"]> {
  if (file === "") return [];
  const records = await store.runs.list({ file, limit: earlierRuns });
  return records.flatMap((record) => {
    if (record.id === id || record.status !== "finished" || record.summary === undefined) return [];
    const { durationMs, requests } = JSON.parse(record.summary) as RunSummary;
    return [{ durationMs, sent: requests.sent }];
  });
}
