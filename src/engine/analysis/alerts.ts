import { UserError } from "../../base/errors.ts";
import { twoProportionTest } from "../stats/proportion.ts";

/** From where on something is worth a person's attention; undefined leaves that kind of alert out. */
export interface AlertSettings {
  /** Part of a model's requests that failed or could not be read, in [0, 1]. */
  readonly failures: number | undefined;
  /** Part of a budget, or of a provider's long window, that is used, in [0, 1]. */
  readonly quota: number | undefined;
  /** Part of the cache's size limit that is taken, in [0, 1]. */
  readonly cache: number | undefined;
  /** Drop of a variant's accuracy below the baseline's, in [0, 1]. */
  readonly accuracy: number | undefined;
  /** Times the average of earlier runs that a run takes. */
  readonly duration: number | undefined;
}

const alertDefaults: AlertSettings = { failures: 0.1, quota: 0.9, cache: 0.8, accuracy: 0.05, duration: 2 };

export const alertKinds = ["failures", "quota", "cache", "accuracy", "duration"] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Thresholds as a face or a flag gives them: null switches a kind off, what is left out keeps its default. */
export type AlertChoices = Partial<Readonly<Record<AlertKind, number | null>>>;

export interface Alert {
  readonly kind: AlertKind;
  /** What it is about: a model, a budget, a pool, a variant; empty for the run as a whole. */
  readonly subject: string;
  /** One sentence with the figures. */
  readonly message: string;
  /** What to do about it, in one clause. */
  readonly action: string;
  /** The figure that passed its threshold, and the threshold. */
  readonly value: number;
  readonly threshold: number;
}

/** @throws UserError for a threshold that is none. */
export function alertSettings(choices: AlertChoices): AlertSettings {
  for (const [name, value] of Object.entries(choices)) {
    if (value !== null && !(Number.isFinite(value) && value > 0))
      throw new UserError(
        "bad-number",
        `the threshold of the ${name} alert is ${value}`,
        "give a number above 0, or off",
      );
  }
  const of = (kind: AlertKind) => (choices[kind] === undefined ? alertDefaults[kind] : (choices[kind] ?? undefined));
  return {
    failures: of("failures"),
    quota: of("quota"),
    cache: of("cache"),
    accuracy: of("accuracy"),
    duration: of("duration"),
  };
}

/** What a run looks like at one moment. */
export interface AlertFacts {
  readonly models: readonly {
    readonly model: string;
    readonly succeeded: number;
    readonly failed: number;
    /** Answers among the succeeded that could not be read. */
    readonly unreadable: number;
  }[];
  readonly budgets: readonly { readonly name: string; readonly used: number; readonly limit: number }[];
  /** Windows of the providers' limits. */
  readonly windows: readonly {
    readonly pool: string;
    readonly used: number;
    readonly limit: number;
    readonly windowMs: number;
  }[];
  /** Undefined where the run uses none. */
  readonly cache: { readonly bytes: number; readonly maxBytes: number } | undefined;
  readonly variants: readonly VariantFacts[];
  /** The run that others are held against. */
  readonly baseline: { readonly run: string; readonly variants: readonly VariantFacts[] } | undefined;
  readonly elapsedMs: number;
  readonly sent: number;
  /** Runs of the same experiment that came to their end. */
  readonly earlier: readonly { readonly durationMs: number; readonly sent: number }[];
}

interface VariantFacts {
  readonly id: string;
  readonly trials: number;
  readonly accuracy: number;
}

/** One bad request of three says nothing: so many must have ended, and so many of them badly. */
const fewestRequests = 20;
const fewestFailures = 3;
/** A drop is held against chance at a level that bears looking every second. */
const fewestTrials = 50;
const dropLevel = 0.001;
/** Fewer earlier runs have no average worth the name, and short runs vary with the machine. */
const fewestRuns = 3;
const shortestMs = 10_000;
/** A window of a minute is there to be filled; one of an hour or a day is a quota. */
const quotaWindowMs = 10 * 60_000;

/** Everything that is out of bounds at this moment. */
export function alertsOf(facts: AlertFacts, settings: AlertSettings): readonly Alert[] {
  return [
    ...failureAlerts(facts, settings.failures),
    ...quotaAlerts(facts, settings.quota),
    ...cacheAlerts(facts, settings.cache),
    ...accuracyAlerts(facts, settings.accuracy),
    ...durationAlerts(facts, settings.duration),
  ];
}

function failureAlerts({ models }: AlertFacts, threshold: number | undefined): Alert[] {
  if (threshold === undefined) return [];
  return models.flatMap(({ model, succeeded, failed, unreadable }): Alert[] => {
    const ended = succeeded + failed;
    const bad = failed + unreadable;
    const value = bad / ended;
    if (ended < fewestRequests || bad < fewestFailures || value <= threshold) return [];
    const how = unreadable === 0 ? "failed" : failed === 0 ? "could not be read" : "failed or could not be read";
    return [
      {
        kind: "failures",
        subject: model,
        message: `${model}: ${bad} of ${ended} requests ${how} (${percent(value)})`,
        action: unreadable > failed ? "look at the answers and the output the prompt asks for" : "look at the errors",
        value,
        threshold,
      },
    ];
  });
}

function quotaAlerts({ budgets, windows }: AlertFacts, threshold: number | undefined): Alert[] {
  if (threshold === undefined) return [];
  const spent = budgets.flatMap(({ name, used, limit }): Alert[] => {
    const value = used / limit;
    // Of a budget that is used up the run itself tells, as it ends.
    if (!(value >= threshold && value < 1)) return [];
    const message = `${percent(value)} of the budget of ${name} is used`;
    return [{ kind: "quota", subject: name, message, action: "the run stops when it is used up", value, threshold }];
  });
  const filled = windows.flatMap(({ pool, used, limit, windowMs }): Alert[] => {
    const value = used / limit;
    if (windowMs < quotaWindowMs || !(value >= threshold)) return [];
    const message = `${pool}: ${used} of the ${limit} requests that the provider allows in ${hours(windowMs)} are used`;
    return [{ kind: "quota", subject: pool, message, action: "the run waits when it is used up", value, threshold }];
  });
  return [...spent, ...filled];
}

function cacheAlerts({ cache }: AlertFacts, threshold: number | undefined): Alert[] {
  if (threshold === undefined || cache === undefined) return [];
  const value = cache.bytes / cache.maxBytes;
  if (!(value > threshold)) return [];
  return [
    {
      kind: "cache",
      subject: "cache",
      message: `the cache is ${percent(value)} full`,
      action: "raise its size limit or clear it; answers unused for longest go first when it is full",
      value,
      threshold,
    },
  ];
}

function accuracyAlerts({ variants, baseline }: AlertFacts, threshold: number | undefined): Alert[] {
  if (threshold === undefined || baseline === undefined) return [];
  const known = new Map(baseline.variants.map((variant) => [variant.id, variant]));
  return variants.flatMap((variant): Alert[] => {
    const before = known.get(variant.id);
    if (before === undefined || Math.min(before.trials, variant.trials) < fewestTrials) return [];
    const value = before.accuracy - variant.accuracy;
    if (value < threshold) return [];
    const { p } = twoProportionTest(
      before.accuracy * before.trials,
      before.trials,
      variant.accuracy * variant.trials,
      variant.trials,
    );
    if (p >= dropLevel) return [];
    return [
      {
        kind: "accuracy",
        subject: variant.id,
        message: `${variant.id} has ${percent(variant.accuracy)} where the baseline ${baseline.run} had ${percent(before.accuracy)}`,
        action: "compare the two runs",
        value,
        threshold,
      },
    ];
  });
}

/** Only runs that sent at least half as much are comparable: answers from the cache take no time. */
function durationAlerts({ elapsedMs, sent, earlier }: AlertFacts, threshold: number | undefined): Alert[] {
  if (threshold === undefined || elapsedMs < shortestMs) return [];
  const comparable = earlier.filter((one) => one.sent > 0 && one.sent >= sent / 2);
  if (comparable.length < fewestRuns) return [];
  const average = comparable.reduce((sum, one) => sum + one.durationMs, 0) / comparable.length;
  const value = elapsedMs / average;
  if (!(value > threshold)) return [];
  const message = `it has taken ${minutes(elapsedMs)}, where ${comparable.length} earlier runs took ${minutes(average)} on average`;
  return [{ kind: "duration", subject: "", message, action: "look at what the queue waits for", value, threshold }];
}

function percent(value: number): string {
  return `${Number((value * 100).toFixed(1))} %`;
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function hours(ms: number): string {
  return ms < 3_600_000 ? minutes(ms) : `${Number((ms / 3_600_000).toFixed(1))} h`;
}
