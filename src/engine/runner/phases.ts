import { type AnyScorer, isSlow, type SlowScore, type SlowScorer } from "../metrics/scorers/scorer.ts";
import type { TrialRecord } from "../store/store.ts";
import type { TrialDraft } from "./record.ts";
import type { TrialPlan } from "./trialPlan.ts";

interface Scoring {
  readonly plan: TrialPlan;
  readonly abort: AbortController;
}

/**
 * The phases behind asking: answers are executed and judged while others are still asked for. Who gathers answers, as a judge does,
 * is told when a model has none left to come: its race may be waiting for the very scores that are being gathered.
 */
export class Phases {
  readonly counts = { execute: 0, judge: 0 };
  readonly #scorers: readonly AnyScorer[];
  readonly #slow: readonly SlowScorer[];
  /** Requests of each model that have no answer yet. */
  readonly #asking = new Map<string, number>();
  /** Requests that are counted in `#asking`. */
  readonly #open = new Set<TrialPlan>();
  readonly #scoring = new Set<Scoring>();
  /** What is not to be scored any more: answers to it may still come in, and are stored. */
  readonly #unwanted: ((plan: TrialPlan) => boolean)[] = [];

  constructor(scorers: readonly AnyScorer[]) {
    this.#scorers = scorers;
    this.#slow = scorers.filter(isSlow);
  }

  /** These are about to be asked. */
  ask(plans: readonly TrialPlan[]): void {
    if (this.#slow.length === 0) return;
    for (const plan of plans) {
      this.#open.add(plan);
      this.#asking.set(plan.variant.model, this.#coming(plan.variant.model) + 1);
    }
  }

  /** It has its answer, or will have none; told more than once it counts once. */
  asked(plan: TrialPlan): void {
    if (!this.#open.delete(plan)) return;
    const { model } = plan.variant;
    const left = this.#coming(model) - 1;
    this.#asking.set(model, left);
    // After who has its answer now has joined those that wait.
    if (left === 0) {
      setImmediate(() => {
        if (this.#coming(model) === 0) for (const scorer of this.#slow) scorer.calm?.(model);
      });
    }
  }

  /** The trials of an answered request with all their scores; undefined when that was taken back. */
  async score(plan: TrialPlan, drafts: readonly TrialDraft[]): Promise<readonly TrialRecord[] | undefined> {
    if (this.#unwanted.some((matches) => matches(plan)) && drafts.some(({ input }) => input !== undefined))
      return undefined;
    const scoring: Scoring = { plan, abort: new AbortController() };
    this.#scoring.add(scoring);
    try {
      const scores = drafts.map((draft) => this.#scoreOne(draft, plan.variant.model, scoring.abort.signal));
      this.asked(plan);
      const trials = await Promise.all(scores);
      return trials.every((trial) => trial !== undefined) ? trials : undefined;
    } finally {
      this.#scoring.delete(scoring);
    }
  }

  /** Gives up scoring what matches; the stored answers are scored when the run goes on. */
  withdraw(matches: (plan: TrialPlan) => boolean): void {
    if (this.#slow.length === 0) return;
    this.#unwanted.push(matches);
    for (const { plan, abort } of this.#scoring) if (matches(plan)) abort.abort();
  }

  async #scoreOne(draft: TrialDraft, group: string, signal: AbortSignal): Promise<TrialRecord | undefined> {
    const { input } = draft;
    if (input === undefined) return draft.trial;
    const coming = (of: string) => this.#coming(of) > 0;
    const scores = await Promise.all(
      this.#slow.map(async (scorer) => {
        this.counts[scorer.phase] += 1;
        try {
          return [scorer.name, await scorer.judge(input, { signal, group, coming })] as const;
        } finally {
          this.counts[scorer.phase] -= 1;
        }
      }),
    );
    return scoredTrial(draft.trial, this.#scorers[0]?.name ?? "", new Map(scores));
  }

  #coming(model: string): number {
    return this.#asking.get(model) ?? 0;
  }
}

/** The trial with what its slow scorers found; undefined when one of them was taken back. */
export function scoredTrial(
  trial: TrialRecord,
  primary: string,
  slow: ReadonlyMap<string, SlowScore>,
): TrialRecord | undefined {
  const notes: Record<string, NonNullable<TrialRecord["notes"]>[string]> = {};
  const values: Record<string, number> = { ...trial.scores };
  let { state, score } = trial;
  for (const [name, found] of slow) {
    if (found.kind === "withdrawn") return undefined;
    notes[name] = found.note;
    if (name !== primary) {
      if (found.kind === "scored") values[name] = found.value;
    } else if (found.kind === "scored") score = found.value;
    else {
      state = "void";
      score = undefined;
    }
  }
  return { ...trial, state, score, scores: values, notes };
}
