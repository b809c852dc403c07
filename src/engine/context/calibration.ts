/** What has been learned about one model's counts. */
export interface Correction {
  /** Reported tokens per estimated token; 1 until something has been learned. */
  readonly ratio: number;
  /**
   * Typical relative error of a corrected estimate (root mean square over the reports), as a share of the report. Undefined
   * until two reports have been seen.
   */
  readonly error: number | undefined;
  readonly reports: number;
}

/** Corrects estimated prompt tokens by what providers report, for each model apart. */
export interface Calibration {
  learn(model: string, estimated: number, reported: number): void;
  correction(model: string): Correction;
  /** An estimate times the model's ratio, rounded up. */
  correct(model: string, estimated: number): number;
}

interface Sums {
  reports: number;
  estimated: number;
  reported: number;
  /** Sums over reports of e/r and (e/r)^2, which give the error for whatever the ratio turns out to be. */
  share: number;
  shareSquared: number;
}

export function createCalibration(): Calibration {
  const models = new Map<string, Sums>();
  const correction = (model: string): Correction => {
    const sums = models.get(model);
    if (sums === undefined) return { ratio: 1, error: undefined, reports: 0 };
    const { reports, share, shareSquared } = sums;
    const ratio = sums.reported / sums.estimated;
    // Mean of (ratio * e/r - 1)^2, written out; rounding may take it below zero.
    const square = (ratio * ratio * shareSquared - 2 * ratio * share) / reports + 1;
    return { ratio, error: reports < 2 ? undefined : Math.sqrt(Math.max(0, square)), reports };
  };
  return {
    learn(model, estimated, reported) {
      // A provider that reports nothing useful (0, or less than a cached prefix would leave) teaches nothing.
      if (!(estimated > 0 && reported > 0)) return;
      const sums = models.get(model) ?? { reports: 0, estimated: 0, reported: 0, share: 0, shareSquared: 0 };
      sums.reports += 1;
      sums.estimated += estimated;
      sums.reported += reported;
      sums.share += estimated / reported;
      sums.shareSquared += (estimated / reported) ** 2;
      models.set(model, sums);
    },
    correction,
    correct: (model, estimated) => Math.ceil(estimated * correction(model).ratio - 1e-9),
  };
}
