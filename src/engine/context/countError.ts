import type { Correction } from "./calibration.ts";

/** Reports after which a model's own count is trusted over the estimate. */
const enough = 5;

/** True when a model has reported often enough to correct estimates by it. */
export function isCorrected(correction: Correction | undefined): correction is Correction {
  return correction !== undefined && correction.reports >= enough;
}

/** What an estimate of a model's tokens is worth, a clause; undefined where it counts in the model's own vocabulary. */
export function countError(exact: boolean, correction: Correction | undefined): string | undefined {
  if (exact) return undefined;
  if (!isCorrected(correction))
    return "estimated without its vocabulary: within about 10 % for English, 20 % for most other languages, more for hashes and base64";
  const { ratio, error, reports } = correction;
  const off = Math.abs(ratio - 1) < 0.005 ? "as estimated" : `${ratio.toFixed(2)} times the estimate`;
  const typical = error === undefined ? "" : `, give or take ${(100 * error).toFixed(error < 0.1 ? 1 : 0)} %`;
  return `its answers so far reported ${off}${typical} (${reports.toLocaleString("en-US")} answers)`;
}
