import { UserError } from "../../base/errors.ts";
import type { Candidate, SamplingMode, Scope } from "./sampler.ts";
import type { CostUnit } from "./words.ts";

/** A variant that entered a race late: its position in `candidates`, and the watermark at which it did. */
interface Join {
  readonly variant: number;
  readonly row: number;
}

/** How the simple early-stopping rule drops a variant: `patience` looks in a row behind the best by more than `threshold`. */
interface PatienceOptions {
  readonly patience?: number;
  readonly threshold?: number;
  /** Rows between looks. */
  readonly every?: number;
}

/** One dimension of the space that `bayes` searches: the value of each candidate, in the candidates' order. */
export interface Axis {
  readonly name: string;
  readonly kind: "category" | "number";
  readonly values: readonly (string | number | boolean)[];
}

/** A configuration measured in an earlier run, on the axes' values. */
export interface WarmPoint {
  readonly values: readonly (string | number | boolean)[];
  readonly mean: number;
  readonly rows: number;
}

export interface SamplerOptions {
  /** Default `adaptive`. */
  readonly mode?: SamplingMode;
  readonly candidates: readonly Candidate[];
  /** Rows in the stored order. */
  readonly rows: number;
  /** Default 0.95. */
  readonly confidence?: number;
  /** The margin e, as a difference of mean scores; default 0.01. */
  readonly equivalence?: number;
  /** Default `dataset` for races, `population` for modes that test once at the end. */
  readonly scope?: Scope;
  readonly seed?: number | string;
  /** Race: prove "nobody is more than e better than the winner" for every table, not only where the best leads by e. */
  readonly strict?: boolean;
  /** Race: also stop as soon as all that are left are shown to be within e of each other. */
  readonly stopWhenEquivalent?: boolean;
  /** `cheaper`: find the cheapest variant that is not worse than `baseline` by more than e. Needs costs. */
  readonly objective?: "best" | "cheaper";
  /** Id of the variant in use today. */
  readonly baseline?: string;
  /** What the costs are counted in; sentences then say so. */
  readonly costUnit?: CostUnit;
  /** What sentences call a candidate; default `layout`. */
  readonly noun?: "layout" | "variant";
  /** First look of `doubling`, rows per point of `bayes`; default 50. */
  readonly initial?: number;
  /** Rows of `fixed`, last look of `doubling`; default 500. Never more than there are. */
  readonly max?: number;
  /** Most rows a race may use; default all. */
  readonly maxRows?: number;
  /** Calls to spend in `halving`, `bandit` and the search of `bayes`. */
  readonly budget?: number;
  /** Adds the patience rule to `full`, `fixed` and `doubling`. */
  readonly patience?: PatienceOptions;
  readonly joins?: readonly Join[];
  readonly axes?: readonly Axis[];
  readonly warmStart?: readonly WarmPoint[];
}

/** Options with every default filled in and every range checked. */
export interface Settings extends SamplerOptions {
  readonly mode: SamplingMode;
  readonly confidence: number;
  readonly alpha: number;
  readonly equivalence: number;
  readonly scope: Scope;
  readonly seed: number | string;
  readonly objective: "best" | "cheaper";
  readonly noun: "layout" | "variant";
  readonly initial: number;
  readonly max: number;
}

/** Rows of the first look of `doubling`, and per point of `bayes`. */
export const DEFAULT_INITIAL = 50;

/** Fills in defaults. @throws UserError for a value that no run can mean. */
export function settle(options: SamplerOptions): Settings {
  const { candidates, rows } = options;
  const mode = options.mode ?? "adaptive";
  const confidence = options.confidence ?? 0.95;
  const equivalence = options.equivalence ?? 0.01;
  check(
    Number.isInteger(rows) && rows >= 1,
    "no-rows",
    "There is no row to decide on",
    "give a dataset with at least one row",
  );
  check(candidates.length >= 1, "no-variants", "There is no variant to run", "name at least one layout and one model");
  const ids = new Set(candidates.map((c) => c.id));
  check(ids.size === candidates.length, "same-variant", "Two variants have the same id", "give each its own name");
  check(
    confidence > 0.5 && confidence < 1,
    "confidence",
    `A confidence of ${confidence} is not possible`,
    "give a share above 0.5 and below 1, such as 0.95",
  );
  check(
    equivalence >= 0 && equivalence < 1,
    "equivalence",
    `An equivalence margin of ${equivalence} is not possible`,
    "give a difference of mean scores from 0 to below 1, such as 0.01 for one point",
  );
  const initial = options.initial ?? DEFAULT_INITIAL;
  const max = options.max ?? 500;
  check(
    Number.isInteger(initial) && initial >= 1,
    "initial",
    `initial is ${initial}`,
    "give a whole number of rows from 1",
  );
  check(Number.isInteger(max) && max >= 1, "max", `max is ${max}`, "give a whole number of rows from 1");
  const { budget, maxRows } = options;
  check(
    budget === undefined || budget >= 1,
    "budget",
    `A budget of ${budget} calls buys nothing`,
    "give at least 1 call",
  );
  check(maxRows === undefined || maxRows >= 1, "max-rows", `maxRows is ${maxRows}`, "allow at least 1 row");
  for (const c of candidates) {
    check(
      c.cost === undefined || (Number.isFinite(c.cost) && c.cost >= 0),
      "cost",
      `The cost of ${c.id} is ${c.cost}`,
      "give a number from 0, or leave it out",
    );
  }
  const objective = options.objective ?? "best";
  if (options.baseline !== undefined || objective === "cheaper") {
    check(
      options.baseline !== undefined && ids.has(options.baseline),
      "baseline",
      options.baseline === undefined
        ? "No baseline is named"
        : `The baseline ${options.baseline} is not a variant of this run`,
      `name one of ${[...ids].join(", ")}`,
    );
  }
  if (objective === "cheaper") {
    check(
      candidates.every((c) => c.cost !== undefined),
      "no-costs",
      "Some variants have no cost",
      "give every variant its cost per 1,000 calls, or look for the best instead",
    );
  }
  const races = mode === "adaptive" || mode === "bayes";
  return {
    ...options,
    mode,
    confidence,
    alpha: 1 - confidence,
    equivalence,
    scope: options.scope ?? (races ? "dataset" : "population"),
    seed: options.seed ?? 1,
    objective,
    noun: options.noun ?? "layout",
    initial,
    max,
  };
}

/** Positions of the candidates, the preferred first: cheaper before dearer (unknown last), then in the order given. */
export function preference(candidates: readonly Candidate[]): number[] {
  const cost = (i: number) => candidates[i]?.cost ?? Number.POSITIVE_INFINITY;
  return candidates.map((_, i) => i).sort((i, j) => (cost(i) === cost(j) ? i - j : cost(i) - cost(j)));
}

/** What a sentence calls a candidate. */
export function nameOf(candidate: Candidate): string {
  return candidate.name ?? candidate.id;
}

function check(fine: boolean, code: string, message: string, action: string): void {
  if (!fine) throw new UserError(code, message, action);
}
