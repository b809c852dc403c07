import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { Emitter, type Event } from "../../base/event.ts";
import type { Alert } from "../analysis/alerts.ts";
import type { Cache } from "../cache/cache.ts";
import type { Decision } from "../decide/sampler.ts";
import type { Queue } from "../queue/queue.ts";
import type { DecisionRecord, RunStatus, Store, TrialRecord } from "../store/store.ts";
import { Asking } from "./asking.ts";
import { describeBudget } from "./budget.ts";
import type { RunEvent, RunSummary, RunView, StopKind, TrialEvent } from "./events.ts";
import { Pipeline, type PipelineTask, type TrialResult } from "./pipeline.ts";
import type { PreparedRun, Race } from "./preparedRun.ts";
import { Progress } from "./progress.ts";
import type { RunModel } from "./record.ts";
import { RepeatMeans } from "./samplers.ts";
import { adoptionKey, type TrialPlan, trialsOf } from "./trialPlan.ts";

export interface RunDeps {
  readonly store: Store;
  readonly cache: Cache;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly owner: string;
  /** Watches what the run says of itself. */
  readonly alerts?: AlertWatch;
}

interface AlertWatch {
  look(view: RunView, givenUp: Pick<ReadonlySet<string>, "has">): readonly Alert[];
  all(): readonly Alert[];
  end(view: RunView, givenUp: Pick<ReadonlySet<string>, "has">): Promise<readonly Alert[]>;
}

export interface RunHandle {
  readonly id: string;
  readonly events: Event<RunEvent>;
  readonly queue: Queue;
  view(): RunView;
  /** Resolves when everything is stored; rejects only for a bug or a store that failed. */
  readonly done: Promise<RunSummary>;
  /** Once lets what is in flight finish; with `now` it does not. */
  stop(now: boolean): void;
}

/** Why a run is about to end. */
interface Ending {
  readonly status: RunStatus;
  readonly kind: StopKind;
  readonly reason: string;
}

export type Summarise = (end: {
  readonly run: PreparedRun;
  readonly status: RunStatus;
  readonly stopped: RunSummary["stopped"];
  readonly view: RunView;
  readonly queue: Queue;
  /** Those of the run's beginning, and what providers added. */
  readonly notes: readonly string[];
}) => Promise<RunSummary>;

const progressEveryMs = 100;

/**
 * Turns the crank: ask the samplers, answer through the pipeline, tell, until every race is decided or something ends the run.
 * A trial is told only after it is stored, and decisions follow the stored order, so a run that is killed and resumed decides
 * as one that was not.
 */
export function startRun(run: PreparedRun, deps: RunDeps, task: PipelineTask, summarise: Summarise): RunHandle {
  const { store, clock, queue } = deps;
  const emitter = new Emitter<RunEvent>();
  const progress = new Progress(run, clock);
  /** What providers did differently from what was asked. */
  const notes = new Set<string>();
  const pipeline = new Pipeline({
    run: run.id,
    experiment: run.name,
    store,
    cache: deps.cache,
    queue,
    clock,
    budget: run.budget,
    scorers: run.scorers,
    ...task,
    owner: deps.owner,
    onTaken: () => wake(),
    onNote: (model, note) => {
      const said = `${model}: ${note}.`;
      if (notes.has(said)) return;
      notes.add(said);
      emitter.fire({ kind: "warning", run: run.id, message: said });
    },
    onUnreachable: (model, message) => giveUp(model, "unavailable", message),
    onBudget: (reached) => stopFor({ status: "stopped", kind: "budget", reason: describeBudget(reached) }),
  });

  task.contexts.listen(({ model, what, reason }) => {
    notes.add(`${model}: ${reason}.`);
    emitter.fire({ kind: "queue", run: run.id, change: { at: clock.now(), model, what, reason } });
  });
  run.judging.onTrouble((trouble) => {
    if (trouble.kind === "budget")
      stopFor({ status: "stopped", kind: "budget", reason: describeBudget(trouble.reached) });
    else stopFor({ status: "stopped", kind: trouble.kind, reason: `the judge ${trouble.model}: ${trouble.message}` });
  });
  run.judging.onAsked((completion) => progress.judged(completion));

  let stopping: Ending | undefined;
  let ended: RunSummary | undefined;
  let trialEvents: TrialEvent[] = [];
  const failedModels = new Map<string, { readonly kind: "rejected" | "unavailable"; readonly message: string }>();
  const repeats = new RepeatMeans(run.repeats);
  let pendingWrites: Promise<void>[] = [];
  let failure: unknown;
  let wake = () => {};

  const raceOf = new Map<number, { readonly race: Race; readonly local: number }>();
  for (const race of run.races) {
    for (const [local, variant] of race.variants.entries()) raceOf.set(variant.index, { race, local });
  }

  /** Trials that a packed request left open. */
  let askedAlone = 0;

  /** A bug, or a store that broke: the crank ends with it. */
  const failed = (error: unknown) => {
    failure ??= error;
    wake();
  };

  const isOver = (race: Race) => race.sampler.finished || failedModels.has(race.model);

  const send = (race: Race, plans: readonly TrialPlan[]) => {
    if (plans.length === 0) return;
    pipeline
      .answer(
        plans,
        (id) => modelOf(run, id),
        (plan, result) => onResult(race, plan, result),
      )
      .catch(failed);
  };

  const asking = new Asking({
    run,
    repeats,
    isOver,
    isAnswered: (plan) => task.answered.has(adoptionKey(plan)),
    takenElsewhere: (model) => pipeline.takenElsewhere(model),
    send,
  });

  const withdraw: Pipeline["withdraw"] = (matches, options) => {
    asking.withdraw(matches);
    pipeline.withdraw(matches, options);
  };

  const stopFor = (why: Ending) => {
    if (stopping === undefined) {
      stopping = why;
      withdraw(() => true);
    }
    wake();
  };

  /** The other models go on; what this one was still to be asked stays in the table for a resumed run. */
  const giveUp = (model: string, kind: "rejected" | "unavailable", message: string) => {
    if (failedModels.has(model)) return;
    failedModels.set(model, { kind, message });
    emitter.fire({ kind: "warning", run: run.id, message: `${model}: ${message}` });
    withdraw((plan) => plan.variant.model === model);
    wake();
  };

  const decide = (race: Race, decisions: readonly Decision[]) => {
    if (decisions.length === 0) return;
    const fresh: DecisionRecord[] = [];
    const stored = run.storedDecisions.get(race.model) ?? 0;
    for (const decision of decisions) {
      progress.decided();
      if (decision.sequence >= stored) {
        fresh.push(decisionRecord(race.model, decision, clock.now()));
        emitter.fire({ kind: "decided", run: run.id, model: race.model, decision });
      }
      if (decision.kind === "dropped" && decision.variant !== null) {
        const dropped = decision.variant;
        withdraw((plan) => plan.variant.id === dropped, { forGood: true });
      }
    }
    if (race.sampler.finished) withdraw((plan) => plan.variant.model === race.model, { forGood: true });
    if (fresh.length > 0) {
      const writing = store.runs.addDecisions(run.id, fresh);
      writing.catch(failed);
      pendingWrites.push(writing);
    }
  };

  const tell = (variant: number, position: number, repeat: number, score: number) => {
    const mean = repeats.add(variant, position, repeat, score);
    if (mean === undefined) return;
    const at = raceOf.get(variant);
    if (at === undefined) throw new Error(`variant ${variant} belongs to no race`);
    decide(at.race, at.race.sampler.tell(position, at.local, Number.isNaN(mean) ? "void" : mean));
  };

  // What an interrupted run knew is told again before anything new is asked.
  for (const [i, score] of run.known.score.entries()) {
    if (run.askVoidAgain && Number.isNaN(score)) continue;
    progress.knew();
    tell(run.known.variant[i] ?? 0, run.known.position[i] ?? 0, run.known.repeat[i] ?? 0, score);
  }

  const onResult = (race: Race, plan: TrialPlan, result: TrialResult) => {
    if (result.kind === "done") {
      const { completion, trials, unanswered, next, left } = result;
      progress.add(completion, trials);
      asking.settle(race, trials.length + left);
      for (const trial of trials) {
        if (emitter.hasListeners) trialEvents.push(trialEvent(trial, completion.source));
        tell(trial.variant, trial.position, trial.repeat, trial.score ?? Number.NaN);
      }
      askedAlone += unanswered.length;
      const more = [...unanswered, ...next];
      if (stopping === undefined && !isOver(race)) send(race, more);
      else for (const each of more) asking.settle(race, trialsOf(each).length);
    } else {
      asking.settle(race, trialsOf(plan).length);
      if (result.kind === "modelFailed") giveUp(race.model, result.why, result.message);
    }
    wake();
  };

  async function crank(): Promise<RunSummary> {
    const cancelDeadline =
      run.maxDurationMs === undefined
        ? undefined
        : clock.after(run.maxDurationMs, () =>
            stopFor({ status: "stopped", kind: "budget", reason: describeBudget(run.budget.timeUp()) }),
          );
    const queueChanges = queue.onChange((change) => emitter.fire({ kind: "queue", run: run.id, change }));
    let cancelTick = () => {};
    const tick = () => {
      flushTrials();
      const picture = view();
      tellAlerts(deps.alerts?.look(picture, failedModels) ?? []);
      emitter.fire({ kind: "progress", view: picture });
      cancelTick = clock.after(progressEveryMs, tick);
    };
    try {
      // Whoever opened the run listens from its first event on.
      await Promise.resolve();
      emitter.fire({ kind: "started", view: view() });
      cancelTick = clock.after(progressEveryMs, tick);
      for (;;) {
        if (failure !== undefined) throw failure;
        if (stopping === undefined) asking.askMore();
        if (!asking.busy) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        // Results of one turn of the event loop are told together before more is asked.
        await Promise.resolve();
      }
      return await finish();
    } catch (error) {
      pipeline.abort();
      // Where the store itself is the trouble, the first error is the one to tell.
      await store.runs
        .update(run.id, { status: "failed", endedAt: clock.now(), stopReason: messageOf(error) })
        .catch(() => {});
      throw error;
    } finally {
      cancelTick();
      cancelDeadline?.();
      queueChanges.dispose();
      pipeline.dispose();
    }
  }

  function tellAlerts(alerts: readonly Alert[]): void {
    for (const alert of alerts) emitter.fire({ kind: "alert", run: run.id, alert });
  }

  async function finish(): Promise<RunSummary> {
    await Promise.all(pendingWrites);
    pendingWrites = [];
    const end = ending();
    if (end.status === "finished") {
      // Nobody will want what a decided run still had in the table, other processes least of all.
      const left = await store.requests.unfinished(run.id);
      await store.requests.forget(left.map((row) => row.id));
    }
    tellAlerts((await deps.alerts?.end(view(), failedModels)) ?? []);
    const summary = await summarise({
      run,
      status: end.status,
      stopped: { kind: end.kind, reason: end.reason },
      view: view(),
      queue,
      notes: [...run.notes, ...notes, ...aloneNote(askedAlone)],
    });
    await store.runs.update(run.id, {
      status: end.status,
      endedAt: clock.now(),
      stopReason: end.reason,
      verdict: JSON.stringify(summary.verdict),
      summary: JSON.stringify(summary),
    });
    ended = summary;
    flushTrials();
    emitter.fire({ kind: "ended", view: view(), summary });
    return summary;
  }

  function ending(): Ending {
    if (stopping !== undefined) return stopping;
    if (failedModels.size > 0) {
      const which = [...failedModels].map(([model, { message }]) => `${model}: ${message}`).join("; ");
      const rejected = [...failedModels.values()].some(({ kind }) => kind === "rejected");
      return { status: "stopped", kind: rejected ? "rejected" : "unavailable", reason: which };
    }
    return {
      status: "finished",
      kind: "decided",
      reason: run.races.every((race) => race.sampler.finished) ? "decided" : "nothing more to ask",
    };
  }

  function flushTrials(): void {
    if (trialEvents.length === 0) return;
    emitter.fire({ kind: "trials", run: run.id, trials: trialEvents });
    trialEvents = [];
  }

  function view(): RunView {
    return progress.view(queue, pipeline.counts, pipeline.scoring, {
      status: ended?.status ?? (stopping === undefined ? "running" : "stopping"),
      stopReason: stopping?.reason ?? ended?.stopped.reason,
      alerts: deps.alerts?.all() ?? [],
      ended: ended !== undefined,
    });
  }

  return {
    id: run.id,
    events: emitter.event,
    queue,
    view,
    done: crank(),
    stop(now) {
      stopFor({ status: "interrupted", kind: "interrupted", reason: "stopped by the user" });
      if (now) pipeline.abort();
    },
  };
}

function modelOf(run: PreparedRun, id: string): RunModel {
  const model = run.models.get(id);
  if (model === undefined) throw new Error(`the run has no model ${id}`);
  return model;
}

function trialEvent({ variant, position, state, score }: TrialRecord, source: TrialEvent["source"]): TrialEvent {
  return { variant, position, state, score, source };
}

function aloneNote(askedAlone: number): string[] {
  if (askedAlone === 0) return [];
  return [
    `${askedAlone} ${askedAlone === 1 ? "example was" : "examples were"} missing, doubled or unreadable in packed answers, and asked again alone.`,
  ];
}

function decisionRecord(model: string, decision: Decision, at: number): DecisionRecord {
  return {
    sequence: decision.sequence,
    model,
    row: decision.row,
    variant: decision.variant ?? undefined,
    kind: decision.kind,
    reason: decision.reason,
    numbers: { ...decision.numbers },
    at,
  };
}
