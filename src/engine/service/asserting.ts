import { UserError } from "../../base/errors.ts";
import type { Asserted } from "../api.ts";
import type { RunSummary } from "../runner/events.ts";
import type { AssertSpec, Experiment } from "../spec/experiment.ts";
import type { RunRecord, Store } from "../store/store.ts";
import { compareSides } from "./comparing.ts";

/** Under which scope of the state table an experiment's baseline run is kept. */
const baselineScope = "baseline";

export async function markBaseline(store: Store, record: RunRecord): Promise<void> {
  await store.state.set(baselineScope, record.name, record.id);
}

/** The run that is marked for the experiment, or that its `assert` names; undefined when there is neither. */
export async function baselineOf(store: Store, record: RunRecord): Promise<string | undefined> {
  const { against } = (JSON.parse(record.experiment) as Experiment).assert ?? {};
  return against === undefined || against === "baseline" ? store.state.get(baselineScope, record.name) : against;
}

/** Holds a run against the `assert` of its experiment; undefined when it has none. */
export async function judgeAssert(store: Store, record: RunRecord, summary: RunSummary): Promise<Asserted | undefined> {
  const spec = (JSON.parse(record.experiment) as Experiment).assert;
  if (spec === undefined || spec === null) return undefined;
  const best = summary.variants.find((variant) => variant.id === summary.verdict.winner) ?? summary.variants[0];
  if (best === undefined) return { passed: false, message: "there is no result" };
  const failures: string[] = [];
  if (spec.accuracy && !holds(best.accuracy, spec.accuracy.op, spec.accuracy.value)) {
    failures.push(
      `${best.id} has an accuracy of ${percent(best.accuracy)}, wanted ${spec.accuracy.op} ${percent(spec.accuracy.value)}`,
    );
  }
  if (spec.against !== undefined) {
    const against = await baselineRun(store, record, spec.against);
    const { comparison } = await compareSides(store, {
      a: { run: against },
      b: { run: record.id, variant: best.id },
      confidence: summary.verdict.confidence,
    });
    const { difference, interval } = comparison;
    const minGain = spec.minGain ?? 0;
    const [low, high] = interval;
    // A gate that fails on noise teaches people to ignore it: only a loss that the interval confirms fails.
    if (high < minGain) {
      failures.push(
        `against run ${against} the gain is ${percent(difference)} [${percent(low)}, ${percent(high)}], wanted at least ${percent(minGain)}`,
      );
    }
  }
  return failures.length > 0
    ? { passed: false, message: failures.join("; ") }
    : { passed: true, message: `${best.id} has an accuracy of ${percent(best.accuracy)}` };
}

/** As `judgeAssert`, where what cannot be held against anything has not passed: for reports. */
export async function assertedOf(store: Store, record: RunRecord, summary: RunSummary): Promise<Asserted | undefined> {
  try {
    return await judgeAssert(store, record, summary);
  } catch (error) {
    if (error instanceof UserError) return { passed: false, message: error.line };
    throw error;
  }
}

async function baselineRun(store: Store, record: RunRecord, against: string): Promise<string> {
  if (against !== "baseline") return against;
  const marked = await baselineOf(store, record);
  if (marked !== undefined) return marked;
  throw new UserError(
    "no-baseline",
    `no run of ${record.name} is marked as baseline`,
    "mark one with `layoutlab show RUN --baseline`, or name a run in assert.against",
  );
}

function holds(value: number, op: NonNullable<AssertSpec["accuracy"]>["op"], limit: number): boolean {
  switch (op) {
    case ">=":
      return value >= limit;
    case ">":
      return value > limit;
    case "<=":
      return value <= limit;
    case "<":
      return value < limit;
    case "==":
      return value === limit;
  }
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
