import type { Disposable } from "../../base/disposable.ts";
import type { OpenSampler, Sampler } from "../decide/sampler.ts";
import type { AnyScorer } from "../metrics/scorers/scorer.ts";
import type { PackedVariant } from "../packing/packing.ts";
import type { Variant } from "../plan/variants.ts";
import type { Completion, Store } from "../store/store.ts";
import type { Budget } from "./budget.ts";
import type { JudgeTrouble } from "./judgeCalls.ts";
import type { RunModel } from "./record.ts";
import type { TrialPlan } from "./trialPlan.ts";

/** What a run needs, all of it made beforehand: `prepare.ts` does that for a new run and for one that is resumed. */
export interface PreparedRun {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly createdAt: number;
  readonly variants: readonly Variant[];
  /** One per model, over that model's variants and the same order. */
  readonly races: readonly Race[];
  readonly models: ReadonlyMap<string, RunModel>;
  readonly examples: number;
  readonly repeats: number;
  readonly scorers: readonly AnyScorer[];
  /** What judges report. */
  readonly judging: Judging;
  /** Turns an ask into what would be sent. Pure and fast; called just ahead of sending. */
  plan(variant: Variant, position: number, repeat: number): TrialPlan;
  /** Variants whose requests carry several trials, by place; empty when every trial has its own. */
  readonly packed: ReadonlyMap<number, PackedVariant>;
  /** Of an interrupted run's packed chains: the positions whose first question was one request, by each one's `trialKey`. */
  readonly together: ReadonlyMap<string, readonly number[]>;
  readonly budget: Budget;
  readonly maxDurationMs: number | undefined;
  readonly notes: readonly string[];
  /** Stored trials of an interrupted run, as columns. */
  readonly known: Awaited<ReturnType<Store["trials"]["scores"]>>;
  /** Trials that could not be had are asked again; a new answer takes the old one's place. */
  readonly askVoidAgain: boolean;
  /** How many decisions of each model's race are stored already. */
  readonly storedDecisions: ReadonlyMap<string, number>;
}

/** What a run hears of its judges. */
export interface Judging {
  onTrouble(listener: (trouble: JudgeTrouble) => void): Disposable;
  onAsked(listener: (completion: Completion) => void): Disposable;
}

/** The contest between the variants of one model. */
export interface Race {
  readonly model: string;
  /** Run-wide places of its variants, in the sampler's order. */
  readonly variants: readonly Variant[];
  readonly sampler: Sampler | OpenSampler;
  /** Asks kept open ahead of the answers: enough to fill every slot, few enough to waste little when a variant is dropped. */
  readonly lookahead: number;
  /** Each variant's place among those of a row as they are sent, see `prefixRanks`. */
  readonly sendRanks: readonly number[];
}
