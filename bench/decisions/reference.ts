import { readFileSync } from "node:fs";
import { seededRandom } from "../../src/base/random.ts";
import { betaCdf, betaGreater, betaQuantile } from "../../src/engine/stats/beta.ts";
import { betaMixture } from "../../src/engine/stats/betaMixture.ts";
import { finiteBettingPath, pairedBettingInterval, pairedBettingLogE } from "../../src/engine/stats/betting.ts";
import { pairedBootstrap } from "../../src/engine/stats/bootstrap.ts";
import { adaptiveCalibrationError, brier, calibrationError, logLoss } from "../../src/engine/stats/calibration.ts";
import { cochranQ } from "../../src/engine/stats/cochran.ts";
import {
  bernoulliKl,
  empiricalBernsteinRadius,
  hoeffdingRadius,
  klBounds,
} from "../../src/engine/stats/concentration.ts";
import { cohensH, cohensKappa } from "../../src/engine/stats/effectSize.ts";
import { expectedImprovement, gaussianProcess } from "../../src/engine/stats/gaussianProcess.ts";
import {
  mcnemarChiSquared,
  mcnemarExact,
  mcnemarLogE,
  mcnemarLogEGreater,
  mcnemarMidP,
} from "../../src/engine/stats/mcnemar.ts";
import { benjaminiHochberg, holm } from "../../src/engine/stats/multiple.ts";
import { normalCdf, normalQuantile } from "../../src/engine/stats/normal.ts";
import { bonettPrice, pairedErrorFinite, pairedWald } from "../../src/engine/stats/pairedDifference.ts";
import { pairedSampleSize } from "../../src/engine/stats/power.ts";
import { clopperPearson, twoProportionTest, wilson } from "../../src/engine/stats/proportion.ts";
import { kendallTau, spearman } from "../../src/engine/stats/rank.ts";
import { tQuantile } from "../../src/engine/stats/studentT.ts";
import { fitTemperature } from "../../src/engine/stats/temperature.ts";

/** Reference values from scipy, statsmodels or exact formulas; see the notes in the file. */
type Input = Record<string, unknown>;
export interface Case {
  readonly id: string;
  readonly kind: string;
  readonly input: Input;
  readonly expected: unknown;
  readonly tol: number;
}

export const reference: { count: number; cases: Case[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/stats/reference.json", import.meta.url), "utf8"),
);

const n = (input: Input, key: string): number => {
  const value = input[key];
  if (typeof value !== "number") throw new Error(`${key} is not a number`);
  return value;
};
const list = (input: Input, key: string): number[] => {
  const value = input[key];
  if (!Array.isArray(value)) throw new Error(`${key} is not a list`);
  return value.map(Number);
};
const table = (input: Input, key: string): number[][] => {
  const value = input[key];
  if (!Array.isArray(value)) throw new Error(`${key} is not a table`);
  return value.map((row: number[]) => row.map(Number));
};
const calibration = (i: Input) => [list(i, "confidence"), list(i, "correct")] as const;
const point = (x: number) => ({ categories: [], numbers: [x] });

export const compute: Record<string, (input: Input) => unknown> = {
  wilson: (i) => wilson(n(i, "k"), n(i, "n"), n(i, "alpha")),
  clopper_pearson: (i) => clopperPearson(n(i, "k"), n(i, "n"), n(i, "alpha")),
  mcnemar_exact: (i) => mcnemarExact(n(i, "b"), n(i, "c")),
  mcnemar_midp: (i) => mcnemarMidP(n(i, "b"), n(i, "c")),
  mcnemar_e_two_sided: (i) => Math.exp(mcnemarLogE(n(i, "b"), n(i, "c"))),
  mcnemar_e_one_sided: (i) => Math.exp(mcnemarLogEGreater(n(i, "b"), n(i, "c"))),
  mcnemar_chi2: (i) => mcnemarChiSquared(n(i, "b"), n(i, "c"), i["correction"] === true),
  two_prop_z: (i) => twoProportionTest(n(i, "k1"), n(i, "n1"), n(i, "k2"), n(i, "n2")),
  holm: (i) => holm(list(i, "p")),
  benjamini_hochberg: (i) => benjaminiHochberg(list(i, "p")),
  cohens_h: (i) => cohensH(n(i, "p1"), n(i, "p2")),
  mcnemar_sample_size: (i) => pairedSampleSize(n(i, "p10"), n(i, "p01"), n(i, "alpha"), n(i, "power")),
  paired_bootstrap_percentile: (i) => {
    const { mean, se, lo, hi } = pairedBootstrap(list(i, "a"), list(i, "b"), {
      alpha: n(i, "alpha"),
      random: seededRandom("reference"),
      draws: 20_000,
    });
    return { mean, se, lo, hi };
  },
  paired_diff_wald: (i) => pairedWald(n(i, "wins"), n(i, "losses"), n(i, "n"), n(i, "alpha")),
  paired_diff_bonett_price: (i) => bonettPrice(n(i, "wins"), n(i, "losses"), n(i, "n"), n(i, "alpha")),
  paired_se_fpc: (i) => pairedErrorFinite(n(i, "wins"), n(i, "losses"), n(i, "n"), n(i, "N")),
  ece: (i) => {
    const { ece, mce } = calibrationError(...calibration(i), n(i, "bins"));
    return { ece, mce };
  },
  adaptive_ece: (i) => adaptiveCalibrationError(...calibration(i), n(i, "bins")).ece,
  brier: (i) => brier(...calibration(i)),
  log_loss: (i) => logLoss(...calibration(i)),
  temperature_scaling_binary: (i) => fitTemperature(...calibration(i)),
  beta_quantile: (i) => betaQuantile(n(i, "q"), n(i, "a"), n(i, "b")),
  beta_cdf: (i) => betaCdf(n(i, "x"), n(i, "a"), n(i, "b")),
  normal_cdf: (i) => normalCdf(n(i, "x")),
  normal_quantile: (i) => normalQuantile(n(i, "q")),
  t_quantile: (i) => tQuantile(n(i, "q"), n(i, "df")),
  beta_prob_greater: (i) => betaGreater(n(i, "a1"), n(i, "b1"), n(i, "a2"), n(i, "b2")),
  bernoulli_kl: (i) => bernoulliKl(n(i, "p"), n(i, "q")),
  kl_ucb: (i) => klBounds(n(i, "p"), n(i, "level")),
  hoeffding_radius: (i) => hoeffdingRadius(n(i, "n"), n(i, "delta")),
  empirical_bernstein_radius: (i) => empiricalBernsteinRadius(n(i, "n"), n(i, "var"), n(i, "delta"), n(i, "range")),
  beta_mixture_cs: (i) => {
    const [a, b] = list(i, "prior");
    return betaMixture(n(i, "k"), n(i, "n"), n(i, "alpha"), a, b);
  },
  paired_betting_cs: (i) =>
    pairedBettingInterval(n(i, "wins"), n(i, "losses"), n(i, "n"), n(i, "alpha"), list(i, "grid")),
  paired_betting_log_e: (i) => pairedBettingLogE(n(i, "wins"), n(i, "losses"), n(i, "n"), n(i, "m"), list(i, "grid")),
  wor_betting_log_e_path: (i) => finiteBettingPath(list(i, "D"), n(i, "N"), n(i, "slack"), list(i, "grid")),
  gp_ei: (i) => {
    const noise = list(i, "y").map(() => n(i, "noise_sd") ** 2);
    const kernel = { signalSd: n(i, "signal_sd"), lengthscale: n(i, "lengthscale"), categoryScale: 1 };
    const { mean, sd } = gaussianProcess(list(i, "X").map(point), list(i, "y"), noise, kernel).at(point(n(i, "x")));
    return { mean, sd, ei: expectedImprovement(mean, sd, n(i, "best"), n(i, "xi")) };
  },
  kendall_tau_b: (i) => kendallTau(list(i, "x"), list(i, "y")),
  spearman: (i) => spearman(list(i, "x"), list(i, "y")),
  cochran_q: (i) => cochranQ(table(i, "table")),
  cohens_kappa: (i) => cohensKappa(list(i, "a"), list(i, "b")),
};

/** Every number of `expected` is within `tol` of the number at the same place. */
export function isClose(actual: unknown, expected: unknown, tol: number): boolean {
  if (typeof expected === "number") return typeof actual === "number" && Math.abs(actual - expected) <= tol;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((e: unknown, k) => isClose(actual[k], e, tol))
    );
  }
  return Object.entries(expected as Record<string, unknown>).every(([key, e]) =>
    isClose((actual as Record<string, unknown>)[key], e, tol),
  );
}

export function checkReference(): { readonly passed: number; readonly total: number } {
  const passed = reference.cases.filter((c) => isClose(compute[c.kind]?.(c.input), c.expected, c.tol)).length;
  return { passed, total: reference.cases.length };
}
