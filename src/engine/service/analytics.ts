import { setImmediate } from "node:timers/promises";
import { type CalibrationReport, calibration } from "../analysis/calibration.ts";
import { type CrossModelReport, crossModel } from "../analysis/crossModel.ts";
import { type EfficiencyReport, efficiency } from "../analysis/efficiency.ts";
import { type LengthReport, lengthEffects } from "../analysis/lengths.ts";
import { errorPatterns, type PatternReport } from "../analysis/patterns.ts";
import type { Pause } from "../analysis/pause.ts";
import { type RunTable, readRunTable } from "../analysis/runTable.ts";
import { type TimelineReport, withCards } from "../analysis/timeline.ts";
import type { RunAnalytics } from "../report/analytics.ts";
import type { RunRecord, Store } from "../store/store.ts";
import { findRun, type Running } from "./running.ts";

const pause: Pause = () => setImmediate();

/** Points of a chart over time: more than fit a panel's width. */
const mostPoints = 200;

type Analysis<T> = (run: string, table: RunTable, pause: Pause) => T | Promise<T>;

/** What was worked out of one run. `key` changes with whatever a run that ended can still change: it is resumed, or scored again. */
interface Kept {
  readonly key: string;
  readonly table: Promise<RunTable>;
  readonly reports: Map<Analysis<unknown>, Promise<unknown>>;
}

/**
 * What can be worked out of a stored run, in turns with whatever else the thread has to do. All of the run last asked for is kept, as
 * a panel asks for one thing after another and again after a reload.
 */
export class Analytics {
  readonly #store: Store;
  readonly #running: Running;
  #last: Kept | undefined;

  constructor(store: Store, running: Running) {
    this.#store = store;
    this.#running = running;
  }

  efficiency(p: { readonly run: string }): Promise<EfficiencyReport> {
    return this.#of(p.run, efficiency);
  }

  patterns(p: { readonly run: string }): Promise<PatternReport> {
    return this.#of(p.run, errorPatterns);
  }

  calibration(p: { readonly run: string }): Promise<CalibrationReport> {
    return this.#of(p.run, calibration);
  }

  lengths(p: { readonly run: string }): Promise<LengthReport> {
    return this.#of(p.run, lengthEffects);
  }

  crossModel(p: { readonly run: string }): Promise<CrossModelReport> {
    return this.#of(p.run, crossModel);
  }

  async timeline(p: { readonly run: string }): Promise<TimelineReport> {
    const { id } = await findRun(this.#store, p.run);
    return withCards(id, await this.#store.requests.timeline(id, mostPoints), await this.#store.gpuSamples.list(id));
  }

  /** All of it, for a report. */
  async all(record: RunRecord): Promise<RunAnalytics> {
    const { id } = record;
    return {
      variants: record.variants.map((variant) => variant.id),
      efficiency: await this.#of(id, efficiency),
      patterns: await this.#of(id, errorPatterns),
      calibration: await this.#of(id, calibration),
      lengths: await this.#of(id, lengthEffects),
      crossModel: await this.#of(id, crossModel),
    };
  }

  async #of<T>(run: string, analyse: Analysis<T>): Promise<T> {
    const record = await findRun(this.#store, run);
    const kept = this.#keeping(record);
    const known = kept.reports.get(analyse) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const report = kept.table.then((table) => analyse(record.id, table, pause));
    kept.reports.set(analyse, report);
    return report;
  }

  #keeping(record: RunRecord): Kept {
    const live = this.#running.isLive(record);
    const key = [record.id, record.status, record.endedAt, record.summary].join("\n");
    if (!live && this.#last?.key === key) return this.#last;
    const kept: Kept = { key, table: readRunTable(this.#store, record, pause), reports: new Map() };
    if (live) return kept;
    this.#last = kept;
    kept.table.catch(() => {
      if (this.#last === kept) this.#last = undefined;
    });
    return kept;
  }
}
