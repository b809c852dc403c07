import type { Clock } from "../../base/clock.ts";
import { type Disposable, disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import type { GpuReport } from "./gpu.ts";

/** Between two readings: often enough to draw, seldom enough to cost nothing. */
const everyMs = 3_000;

export interface MonitorOptions {
  readonly clock: Clock;
  /** Reads the cards once. Must not reject. */
  readonly read: () => Promise<GpuReport>;
  readonly everyMs?: number;
}

/** Reads the graphics cards again and again, but only while somebody needs it. */
export class GpuMonitor {
  readonly #o: MonitorOptions;
  readonly #reports = new Emitter<GpuReport>();
  #holders = 0;
  #latest: GpuReport | undefined;
  #reading: Promise<GpuReport> | undefined;
  #cancel: () => void = () => {};

  constructor(options: MonitorOptions) {
    this.#o = options;
  }

  readonly onReport = this.#reports.event;

  /** The last reading; undefined before the first. */
  get latest(): GpuReport | undefined {
    return this.#latest;
  }

  /** Reads now; two who ask at once share one reading. */
  read(): Promise<GpuReport> {
    this.#reading ??= this.#o
      .read()
      .then((report) => {
        this.#latest = report;
        this.#reports.fire(report);
        return report;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  /** Keeps it reading until disposed. */
  hold(): Disposable {
    this.#holders += 1;
    if (this.#holders === 1) this.#turn();
    return disposable(() => {
      this.#holders -= 1;
      if (this.#holders === 0) this.#cancel();
    });
  }

  #turn(): void {
    // A tool that hangs holds up its own next turn only.
    void this.read().then(() => {
      if (this.#holders === 0) return;
      this.#cancel();
      this.#cancel = this.#o.clock.after(this.#o.everyMs ?? everyMs, () => {
        if (this.#holders > 0) this.#turn();
      });
    });
  }

  dispose(): void {
    this.#holders = 0;
    this.#cancel();
    this.#reports.dispose();
  }
}
