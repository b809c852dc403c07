import path from "node:path";
import { UserError } from "../../base/errors.ts";
import type { Alert } from "../analysis/alerts.ts";
import { courseOf } from "../analysis/course.ts";
import type { EngineApi, RunDetails, RunListItem, RunProgress, TrialDetail, TrialPage, TrialQuery } from "../api.ts";
import type { Decision } from "../decide/sampler.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import type { RunSummary } from "../runner/events.ts";
import { rowsUsed, storedRaces } from "../runner/samplers.ts";
import { summarise } from "../runner/summary.ts";
import type { RunRecord, Store, TrialRow } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { endedView } from "./endedView.ts";
import { findRun, type Running } from "./running.ts";
import { queueState } from "./steering.ts";

/** Entries of a run's course; more than a panel is wide enough to tell apart. */
const coursePoints = 400;

/** Reads the store for people: runs, trials, decisions. Nothing here calls a model. */
export class Results {
  readonly #services: Services;
  readonly #running: Running;

  constructor(services: Services, running: Running) {
    this.#services = services;
    this.#running = running;
  }

  async runs(p: { readonly file?: string; readonly limit?: number }): Promise<readonly RunListItem[]> {
    const records = await this.#store.runs.list({
      limit: p.limit ?? 50,
      ...(p.file === undefined ? {} : { file: p.file }),
    });
    return records.map((record) => this.#item(record));
  }

  async run(p: { readonly run: string }): Promise<RunDetails> {
    const record = await findRun(this.#store, p.run);
    return {
      item: this.#item(record),
      view: this.#running.view(record.id),
      summary: await this.summary(record),
      labels: JSON.parse(String(record.settings["labels"] ?? "[]")) as string[],
      scorers: record.scorers,
    };
  }

  /** The stored result; worked out from the stored trials for a run that has not ended, or never could. */
  async summary(record: RunRecord): Promise<RunSummary> {
    if (record.summary !== undefined && record.status !== "running") return JSON.parse(record.summary) as RunSummary;
    const live = this.#running.queue(record.id);
    const dead = record.status === "running" && !this.#running.isLive(record);
    return summarise(this.#store, {
      record,
      status: dead ? "interrupted" : record.status,
      stopped: dead
        ? { kind: "interrupted", reason: "the process ended before the run did" }
        : { kind: "interrupted", reason: record.stopReason ?? "still running" },
      durationMs: (record.endedAt ?? this.#services.deps.clock.now()) - record.createdAt,
      races: await storedRaces(this.#store, record),
      layoutMetrics: JSON.parse(String(record.settings["layoutMetrics"])) as LayoutMetrics[],
      requests: await this.#store.requests.counts(record.id),
      queue: live?.snapshot().stats ?? noQueue,
      alerts: this.#running.view(record.id)?.alerts ?? [],
      notes: JSON.parse(String(record.settings["notes"] ?? "[]")) as string[],
    });
  }

  /** The run's progress as its panel shows it: the live picture, or for a run that is over the last one, out of the store. */
  async progress(p: { readonly run: string }): Promise<RunProgress> {
    const record = await findRun(this.#store, p.run);
    const live = this.#running.view(record.id);
    const summary = await this.summary(record);
    const timeline = await this.#store.requests.timeline(record.id, coursePoints);
    const trials = await this.#store.trials.scores(record.id);
    const used = await rowsUsed(this.#store, record);
    const course = courseOf({
      timeline,
      trials,
      variants: record.variants.map(({ id, index }) => ({ id, index, rows: used[index] ?? 0 })),
      workedMs: live?.elapsedMs ?? summary.durationMs,
    });
    if (live !== undefined) return { view: live, course };
    const { last } = await queueState(this.#services, this.#running);
    return {
      view: endedView({
        record,
        summary,
        races: await storedRaces(this.#store, record),
        trials: trials.variant.length,
        cost: timeline.cost.reduce((sum, cost) => sum + cost, 0),
        pools: last?.run === record.id ? last.pools : [],
      }),
      course,
    };
  }

  async delete(run: string): Promise<void> {
    const record = await findRun(this.#store, run);
    if (this.#running.isLive(record))
      throw new UserError("running", `run ${record.id} is still going`, "stop it first");
    await this.#store.runs.delete(record.id);
    this.#services.emit("changed", { what: "runs" });
  }

  async decisions(run: string): Promise<readonly (Decision & { readonly model: string; readonly at: number })[]> {
    const record = await findRun(this.#store, run);
    return (await this.#store.runs.decisions(record.id)).map((stored) => ({
      sequence: stored.sequence,
      row: stored.row,
      variant: stored.variant ?? null,
      kind: stored.kind as Decision["kind"],
      reason: stored.reason,
      numbers: stored.numbers,
      model: stored.model,
      at: stored.at,
    }));
  }

  async trials(query: TrialQuery): Promise<TrialPage> {
    const record = await findRun(this.#store, query.filter.run);
    const { rows, next } = await this.#store.trials.page(
      query.filter,
      query.sort,
      query.descending,
      query.limit,
      query.after,
      query.skip,
    );
    const segments = await this.#segments(record, rows);
    return {
      rows: rows.map((row) => ({ ...row, segment: segments.get(row.position) ?? "" })),
      next,
      total:
        query.after === undefined && query.skip === undefined
          ? await this.#store.trials.count(query.filter)
          : undefined,
    };
  }

  async trial(p: Parameters<EngineApi["trial"]>[0]): Promise<TrialDetail> {
    const record = await findRun(this.#store, p.run);
    const row = await this.#store.trials.atPosition(record.id, p.position);
    const trial = row.find((one) => one.variant === p.variant && one.repeat === p.repeat);
    if (trial === undefined)
      throw new UserError("no-trial", `run ${record.id} has no such trial`, "reload the results");
    const [example] = await this.#store.runs.examples(record.datasetHash, [record.order[p.position] ?? -1]);
    const request = trial.request === undefined ? undefined : await this.#store.requests.get(trial.request);
    const dataset = record.settings["datasetFile"];
    return {
      trial,
      prompt:
        trial.request === undefined || request === undefined ? [] : await this.#store.requests.messages(trial.request),
      request,
      fields: example?.fields ?? {},
      place:
        example === undefined || typeof dataset !== "string" || record.file === ""
          ? undefined
          : { file: path.resolve(path.dirname(record.file), dataset), line: example.line },
      row,
    };
  }

  async confusion(run: string, variant: number) {
    const record = await findRun(this.#store, run);
    return this.#store.trials.confusion(record.id, variant);
  }

  get #store(): Store {
    return this.#services.store;
  }

  /** The text under judgement of each row, for a table's column. */
  async #segments(record: RunRecord, rows: readonly TrialRow[]): Promise<ReadonlyMap<number, string>> {
    const positions = [...new Set(rows.map((row) => row.position))];
    const examples = await this.#store.runs.examples(
      record.datasetHash,
      positions.map((position) => record.order[position] ?? -1),
    );
    const column = String(record.settings["segmentColumn"] ?? "");
    const byIndex = new Map(
      examples.map((example) => [
        example.index,
        String(example.fields[column] ?? Object.values(example.fields)[0] ?? ""),
      ]),
    );
    return new Map(positions.map((position) => [position, byIndex.get(record.order[position] ?? -1) ?? ""]));
  }

  #item(record: RunRecord): RunListItem {
    const live = this.#running.isLive(record);
    const summary = record.summary === undefined ? undefined : (JSON.parse(record.summary) as RunSummary);
    const view = this.#running.view(record.id);
    const figures = new Map((view?.variants ?? summary?.variants ?? []).map((variant) => [variant.id, variant]));
    return {
      run: record.id,
      name: record.name,
      file: record.file,
      createdAt: record.createdAt,
      endedAt: record.endedAt,
      status: record.status === "running" && !live ? "interrupted" : record.status,
      live,
      models: record.models,
      variants: record.variants.map((variant) => {
        const figure = figures.get(variant.id);
        return {
          id: variant.id,
          layout: variant.layout,
          model: variant.model,
          accuracy: figure === undefined || figure.trials === 0 ? undefined : figure.accuracy,
          status: figure?.status ?? "active",
        };
      }),
      verdict: summary?.verdict.explanation,
      stopReason: record.stopReason,
      ...alertLines(view?.alerts ?? summary?.alerts ?? []),
      ...((summary?.noise ?? []).length === 0 ? {} : { noise: true as const }),
    };
  }
}

function alertLines(alerts: readonly Alert[]): Pick<RunListItem, "alerts"> {
  return alerts.length === 0 ? {} : { alerts: alerts.map(({ message }) => message) };
}

/** For runs whose queue is gone and whose summary was never written. */
const noQueue: RunSummary["queue"] = {
  windows: 0,
  slotsUsed: 0,
  slotsWasted: 0,
  utilisation: 0,
  crossModelFills: 0,
  makespanMs: 0,
  lowerBoundMs: 0,
  savedMs: 0,
  composition: [],
};
