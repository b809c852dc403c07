import { randomBytes } from "node:crypto";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { alertSettings } from "../analysis/alerts.ts";
import type { ResumeOptions, RunOptions, Source } from "../api.ts";
import { AnswerCache } from "../cache/answerCache.ts";
import type { PriceTable } from "../plan/prices.ts";
import { createProviders, keysFromEnv, type Providers } from "../provider/registry.ts";
import { matchesAny } from "../queue/globs.ts";
import { presets } from "../queue/presets.ts";
import type { Queue } from "../queue/queue.ts";
import { openQueue } from "../queue/smartQueue.ts";
import { checkBudget, type Design, design } from "../runner/design.ts";
import type { RunSummary, RunView } from "../runner/events.ts";
import { joinLayouts, layoutsWith } from "../runner/joining.ts";
import { exampleRecords, experimentHash, newRecord } from "../runner/newRun.ts";
import { prepare } from "../runner/prepare.ts";
import type { RunModel } from "../runner/record.ts";
import { type RunHandle, startRun } from "../runner/run.ts";
import { summarise } from "../runner/summary.ts";
import { warmStarted } from "../runner/warmStart.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { RunRecord } from "../store/store.ts";
import { watchRun } from "./alerting.ts";
import { watchCards } from "./cards.ts";
import type { Services } from "./deps.ts";
import { checkScoring, openJudges, openScoring, type RunScoring } from "./judging.ts";
import { keepLearned, machineOf } from "./machine.ts";
import { queueOptions } from "./pools.ts";
import type { Sources } from "./source.ts";
import { keepQueue } from "./steering.ts";

interface Live {
  readonly handle: RunHandle;
  readonly done: Promise<RunSummary>;
}

/** Starts, resumes and stops runs, and knows those that are going in this process. */
export class Running {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #live = new Map<string, Live>();

  constructor(services: Services, sources: Sources) {
    this.#services = services;
    this.#sources = sources;
  }

  /** The providers of one run; closed by the caller. */
  providers(file: string, concurrency?: number): Providers {
    const { deps } = this.#services;
    const environment = keysFromEnv(deps.env);
    const providers = createProviders({
      env: deps.env,
      clock: deps.clock,
      keys: async (provider) => (await deps.host.key({ provider })) ?? environment(provider),
      directory: path.dirname(file),
      ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    for (const [name, factory] of Object.entries(deps.providers ?? {})) providers.register(name, factory);
    return providers;
  }

  async start(source: Source, options: RunOptions): Promise<{ readonly run: string }> {
    const { store, deps, owner } = this.#services;
    const loaded = await this.#sources.ready(source);
    const providers = this.providers(source.file, options.concurrency);
    try {
      const prices = await this.#sources.priceTable(source.file, options.prices);
      const planned = await design(loaded, options, { providers, prices, machine: machineOf(this.#services) });
      const judges = await this.#judges(source.file, planned, providers, prices);
      alertSettings({ ...deps.alerts, ...options.alerts });
      const now = deps.clock.now();
      const drawn = newRecord(planned, {
        id: runId(now),
        file: source.file,
        now,
        owner,
        version: deps.version,
        experimentHash: experimentHash(planned),
        options,
      });
      await store.runs.putExamples(planned.dataset.hash, exampleRecords(planned.dataset));
      const record = await warmStarted(store, drawn);
      await store.runs.create(record);
      await this.#go(record, planned, providers, options, judges);
      return { run: record.id };
    } catch (error) {
      await providers.close();
      throw error;
    }
  }

  /**
   * Goes on with an interrupted run; without an id, the newest that can be resumed. Layouts that are named, or that the file
   * has gained, join its races, and then a finished run goes on too.
   */
  async resume(p: {
    readonly run?: string;
    readonly file?: string;
    readonly retryErrors?: boolean;
    readonly layouts?: readonly string[];
    readonly options?: ResumeOptions;
  }): Promise<{ readonly run: string }> {
    const { store, deps, owner } = this.#services;
    const found = await this.#resumable(p.run, p.file, p.retryErrors === true || p.run !== undefined);
    if (found.file === "") throw new UserError("no-file", `run ${found.id} has no experiment file`, "start a new run");
    const started = JSON.parse(String(found.settings["options"] ?? "{}")) as RunOptions;
    const layouts = layoutsWith(found, started, p.layouts);
    const kept: RunOptions = layouts === undefined ? started : { ...started, layouts };
    const options: RunOptions = { ...kept, ...p.options };
    const loaded = await this.#sources.ready({ file: found.file });
    const providers = this.providers(found.file, options.concurrency);
    try {
      const prices = await this.#sources.priceTable(found.file, options.prices);
      const planned = await design(
        loaded,
        options,
        { providers, prices, machine: machineOf(this.#services) },
        found.variants,
      );
      const grown = planned.variants.length > found.variants.length;
      if (found.status === "finished" && !grown && p.retryErrors !== true)
        throw new UserError("finished", `run ${found.id} is finished`, "start a new run");
      const record = await joinLayouts(store, found, planned, kept);
      const judges = await this.#judges(found.file, planned, providers, prices);
      alertSettings({ ...deps.alerts, ...options.alerts });
      await store.requests.recoverStale(isDeadOwner);
      if (p.retryErrors) await store.runs.clearDecisions(record.id);
      await store.runs.update(record.id, { status: "running", owner, endedAt: undefined, stopReason: undefined });
      await this.#go(
        { ...record, status: "running", owner },
        planned,
        providers,
        options,
        judges,
        p.retryErrors === true,
      );
      return { run: record.id };
    } catch (error) {
      await providers.close();
      throw error;
    }
  }

  /** Resolves with the result once everything is stored. */
  finished(run: string): Promise<RunSummary> {
    const live = this.#live.get(run);
    if (live === undefined)
      throw new UserError("not-running", `run ${run} is not going in this process`, "resume it first");
    return live.done;
  }

  stop(run: string, now: boolean): void {
    this.#live.get(run)?.handle.stop(now);
  }

  pauseModel(run: string, model: string, paused: boolean): void {
    const queue = this.queue(run);
    if (paused) queue?.pause(model);
    else queue?.resume(model);
  }

  view(run: string): RunView | undefined {
    return this.#live.get(run)?.handle.view();
  }

  queue(run: string): Queue | undefined {
    return this.#live.get(run)?.handle.queue;
  }

  isLive(record: RunRecord): boolean {
    if (this.#live.has(record.id)) return true;
    return (
      record.status === "running" &&
      record.owner !== undefined &&
      record.owner !== this.#services.owner &&
      !isDeadOwner(record.owner)
    );
  }

  /** Stops everything and waits until it is stored. */
  async close(): Promise<void> {
    const live = [...this.#live.values()];
    for (const { handle } of live) handle.stop(true);
    await Promise.allSettled(live.map(({ done }) => done));
  }

  /** The models that judge, once all that could keep the run from starting has been looked at. */
  async #judges(
    file: string,
    { experiment, models }: Design,
    providers: Providers,
    prices: PriceTable,
  ): Promise<ReadonlyMap<string, RunModel>> {
    const judges = await openJudges(experiment, providers, prices);
    checkBudget(experiment, new Map([...judges, ...models]));
    checkScoring(this.#services, this.#sources, file, experiment);
    return judges;
  }

  async #go(
    record: RunRecord,
    planned: Design,
    providers: Providers,
    options: RunOptions,
    judges: ReadonlyMap<string, RunModel>,
    askVoidAgain = false,
  ): Promise<void> {
    const { store, deps, owner } = this.#services;
    const queue = openQueue(await queueOptions(planned, options, this.#services, judges));
    const cache = new AnswerCache({
      table: store.cache,
      mode: planned.experiment.cache.mode,
      clock: deps.clock,
      warn: (message) => this.#services.emit("log", { level: "warn", message }),
      ...(deps.cacheBytes === undefined ? {} : { maxBytes: deps.cacheBytes }),
    });
    const begunAt = deps.clock.now();
    // A resumed run worked before; the time between is nobody's work.
    const workedBefore = record.summary === undefined ? 0 : (JSON.parse(record.summary) as RunSummary).durationMs;
    const slots = (model: string) => options.concurrency ?? slotsOf(planned, model);
    let scoring: RunScoring | undefined;
    const { run, task } = await prepare(record, planned, {
      store,
      slots,
      askVoidAgain,
      scoring: (budget) => {
        const { experiment } = planned;
        scoring = openScoring({
          services: this.#services,
          sources: this.#sources,
          record,
          experiment,
          asking: { judges, queue, cache, budget },
        });
        return scoring;
      },
      ...(deps.tools === undefined ? {} : { allowed: deps.tools }),
    });
    const watched = { record, experiment: planned.experiment, budget: run.budget, workedBeforeMs: workedBefore };
    const alerts = await watchRun(this.#services, watched, { ...deps.alerts, ...options.alerts });
    const handle = startRun(run, { store, cache, queue, clock: deps.clock, owner, alerts }, task, async (end) => {
      const snapshot = queue.snapshot();
      const last = { run: record.id, name: record.name, at: deps.clock.now(), pools: snapshot.pools };
      await keepQueue(this.#services, last);
      return summarise(store, {
        record,
        status: end.status,
        stopped: end.stopped,
        durationMs: workedBefore + deps.clock.now() - begunAt,
        races: run.races.map((race) => ({ model: race.model, variants: race.variants, sampler: race.sampler })),
        layoutMetrics: planned.metrics,
        requests: await store.requests.counts(record.id),
        queue: snapshot.stats,
        notes: end.notes,
        alerts: alerts.all(),
      });
    });
    handle.events((event) => this.#services.emit("run", event));
    const watching = watchCards(this.#services, record.id, planned);
    const done = handle.done.finally(async () => {
      this.#live.delete(record.id);
      watching.dispose();
      await keepLearned(this.#services, planned);
      scoring?.close();
      queue.dispose();
      // Local models are let go of before their server's connections are.
      await queue.idle();
      await cache.close();
      await providers.close();
      // Only the answers were wanted: they stay when the run that fetched them goes.
      if (options.warm === true) await store.runs.delete(record.id);
      this.#services.emit("changed", { what: "runs" });
    });
    // A caller that never asks for the result still hears of a bug.
    done.catch((error: unknown) =>
      this.#services.emit("log", {
        level: "error",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    this.#live.set(record.id, { handle, done });
    this.#services.emit("changed", { what: "runs" });
  }

  async #resumable(wanted: string | undefined, file: string | undefined, evenFinished: boolean): Promise<RunRecord> {
    const { store } = this.#services;
    if (wanted !== undefined) {
      const record = await findRun(store, wanted);
      if (record.status === "finished" && !evenFinished)
        throw new UserError("finished", `run ${record.id} is finished`, "start a new run");
      if (this.isLive(record))
        throw new UserError("running", `run ${record.id} is still going`, "wait for it, or stop it first");
      return record;
    }
    const all = await store.runs.list({ limit: 100, ...(file === undefined ? {} : { file }) });
    const found = all.find((record) => (evenFinished || record.status !== "finished") && !this.isLive(record));
    if (found === undefined)
      throw new UserError(
        "nothing-to-resume",
        "there is no interrupted run to resume",
        "start one with `layoutlab run`",
      );
    return found;
  }
}

/** A run by its id or an unambiguous start of it. */
export async function findRun(store: Services["store"], wanted: string): Promise<RunRecord> {
  const exact = await store.runs.get(wanted);
  if (exact !== undefined) return exact;
  const matches = wanted === "" ? [] : await store.runs.list({ prefix: wanted, limit: 5 });
  const [only] = matches;
  if (only === undefined) throw new UserError("no-run", `there is no run "${wanted}"`, "`layoutlab runs` lists them");
  if (matches.length > 1) {
    throw new UserError(
      "ambiguous-run",
      `"${wanted}" is the start of several runs`,
      `use one of ${matches.map((run) => run.id).join(", ")}`,
    );
  }
  return only;
}

/** Sortable by time, short enough to type the start of: `20261121-042310-3fa9`. */
export function runId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${randomBytes(2).toString("hex")}`;
}

/** Requests of a model that may be in flight at once. */
function slotsOf(planned: Design, model: string): number {
  const facts = planned.models.get(model)?.facts;
  if (facts?.replayed) return 64;
  const { limits } = planned.experiment;
  const told = limits.pools.filter((pool) => matchesAny(pool.models, model)).map((pool) => pool.concurrency ?? 0);
  const most = Math.max(0, ...told) || presets[limits.preset].maxConcurrency;
  return Math.max(8, Math.min(most, facts?.maxConcurrency ?? most));
}
