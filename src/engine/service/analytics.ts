import { type CalibrationReport, calibration } from "../analysis/calibration.ts";
import { type CrossModelReport, crossModel } from "../analysis/crossModel.ts";
import { type EfficiencyReport, efficiency } from "../analysis/efficiency.ts";
import { type LengthReport, lengthEffects } from "../analysis/lengths.ts";
import { errorPatterns, type PatternReport } from "../analysis/patterns.ts";
import { type RunTable, readRunTable } from "../analysis/runTable.ts";
import { type TimelineReport, withCards } from "../analysis/timeline.ts";
import type { RunRecord, Store } from "../store/store.ts";
import { findRun, type Running } from "./running.ts";

/** Points of a chart over time: more than fit a panel's width. */
const mostPoints = 200;

/** What can be worked out of a stored run. The table of the run last asked for is kept, as a panel asks for one thing after another. */
export class Analytics {
  readonly #store: Store;
  readonly #running: Running;
  /** `key` changes with whatever a run that ended can still change: it is resumed, or scored again. */
  #last: { readonly key: string; readonly table: Promise<RunTable> } | undefined;

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

  async #of<T>(run: string, analyse: (run: string, table: RunTable) => T): Promise<T> {
    const record = await findRun(this.#store, run);
    return analyse(record.id, await this.#table(record));
  }

  #table(record: RunRecord): Promise<RunTable> {
    if (this.#running.isLive(record)) return readRunTable(this.#store, record);
    const key = [record.id, record.status, record.endedAt, record.summary].join("\n");
    if (this.#last?.key !== key) {
      const table = readRunTable(this.#store, record);
      const last = { key, table };
      this.#last = last;
      table.catch(() => {
        if (this.#last === last) this.#last = undefined;
      });
    }
    return this.#last.table;
  }
}
