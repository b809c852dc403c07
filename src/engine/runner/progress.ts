import type { Clock } from "../../base/clock.ts";
import { isSlow } from "../metrics/scorers/scorer.ts";
import type { Queue } from "../queue/queue.ts";
import type { Completion, TrialRecord } from "../store/store.ts";
import type { Question, RunView, TokenTotals, VariantView } from "./events.ts";
import { Pace } from "./pace.ts";
import type { PreparedRun, Race } from "./preparedRun.ts";
import type { Counts } from "./sending.ts";

/** What a run has come to so far, and the view that shows it. */
export class Progress {
  readonly startedAt: number;
  readonly #run: PreparedRun;
  readonly #question: Question | undefined;
  readonly #pace: Pace;
  readonly #tokens: { -readonly [name in keyof TokenTotals]: TokenTotals[name] } = {
    prompt: 0,
    completion: 0,
    cached: 0,
  };
  /** Answers that could not be read, by variant. */
  readonly #unreadable = new Map<number, number>();
  #trials = 0;
  #decisions = 0;
  #cost: number | undefined = 0;

  constructor(run: PreparedRun, clock: Clock) {
    this.#run = run;
    this.#question = questionOf(run);
    this.#pace = new Pace(clock);
    this.startedAt = clock.now();
  }

  /** A trial that an interrupted run had stored. */
  knew(): void {
    this.#trials += 1;
  }

  decided(): void {
    this.#decisions += 1;
  }

  add(completion: Completion, trials: readonly TrialRecord[]): void {
    this.#trials += trials.length;
    this.#pace.add(trials.length);
    for (const { variant, state } of trials)
      if (state === "unparsable") this.#unreadable.set(variant, (this.#unreadable.get(variant) ?? 0) + 1);
    this.#spend(completion);
  }

  /** A judge's call, which is paid for as any other. */
  judged(completion: Completion): void {
    this.#spend(completion);
  }

  #spend(completion: Completion): void {
    this.#tokens.prompt += completion.promptTokens ?? 0;
    this.#tokens.completion += completion.completionTokens ?? 0;
    this.#tokens.cached += completion.cachedTokens ?? 0;
    if (completion.status === "completed")
      this.#cost = this.#cost === undefined || completion.cost === undefined ? undefined : this.#cost + completion.cost;
  }

  view(
    queue: Queue,
    counts: Counts,
    scoring: NonNullable<RunView["scoring"]>,
    end: Pick<RunView, "status" | "stopReason" | "alerts"> & { readonly ended: boolean },
  ): RunView {
    const run = this.#run;
    const { inFlight, ...requests } = counts;
    return {
      run: run.id,
      name: run.name,
      file: run.file,
      status: end.status,
      mode: run.races[0]?.sampler.mode ?? "full",
      startedAt: this.startedAt,
      elapsedMs: this.#pace.elapsedMs,
      examples: run.examples,
      trialsPlanned: run.examples * run.variants.length * run.repeats,
      trialsDone: this.#trials,
      requests,
      ratePerSecond: this.#pace.perSecond,
      inFlight,
      ...(run.scorers.some(isSlow) ? { scoring: { ...scoring } } : {}),
      cost: this.#cost,
      tokens: { ...this.#tokens },
      leftMs: end.ended ? 0 : this.#leftMs(queue, counts),
      variants: run.races.flatMap((race) => variantViews(race, this.#unreadable)),
      ...(this.#question === undefined ? {} : { question: this.#question }),
      queue: queue.snapshot(),
      waiting: queue.waiting(),
      decisions: this.#decisions,
      ...(end.alerts === undefined ? {} : { alerts: end.alerts }),
      stopReason: end.stopReason,
    };
  }

  #leftMs(queue: Queue, { sent }: Counts): number | undefined {
    const left = trialsLeft(this.#run);
    // Packs, caches and retries make requests and trials differ; they are taken to go on as they did.
    const perTrial = this.#pace.ended === 0 ? 1 : sent / this.#pace.ended;
    const requests = new Map([...left].map(([model, trials]) => [model, Math.ceil(trials * perTrial)]));
    const trials = [...left.values()].reduce((sum, each) => sum + each, 0);
    return this.#pace.left(trials, queue.leastMs(requests));
  }
}

/** The races of a run are opened with the same settings. */
function questionOf(run: PreparedRun): Question | undefined {
  const verdict = run.races[0]?.sampler.verdict();
  if (verdict === undefined) return undefined;
  const { scope, confidence, equivalence, guaranteed } = verdict;
  return { scope, confidence, equivalence, guaranteed };
}

/** Trials still to come of each model when every variant that is in stays in. */
function trialsLeft(run: PreparedRun): ReadonlyMap<string, number> {
  const left = new Map<string, number>();
  for (const { sampler, variants } of run.races) {
    if (sampler.finished) continue;
    const active = sampler.variants().filter((variant) => variant.status === "active").length;
    const trials = Math.max(0, run.examples - sampler.watermark) * active * run.repeats;
    const model = variants[0]?.model ?? "";
    left.set(model, (left.get(model) ?? 0) + trials);
  }
  return left;
}

function variantViews(race: Race, unreadable: ReadonlyMap<number, number>): VariantView[] {
  const states = race.sampler.variants();
  return race.variants.map((variant, i) => {
    const state = states[i];
    if (state === undefined) throw new Error(`the sampler does not know ${variant.id}`);
    return {
      index: variant.index,
      id: variant.id,
      layout: variant.layout,
      model: variant.model,
      trials: state.trials,
      correct: state.correct,
      accuracy: state.accuracy,
      interval: state.interval,
      evidence: state.evidence,
      status: state.status,
      reason: state.reason,
      unreadable: unreadable.get(variant.index) ?? 0,
    };
  });
}
