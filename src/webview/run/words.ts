import type { WaitReason } from "../../engine/queue/queue.ts";
import type { Question, RunView } from "../../engine/runner/events.ts";
import { count, duration, percent, plural } from "../shared/format.ts";
import { rateWords } from "../shared/verdictWords.ts";

/** Icons and words for a run's state; the word alone is enough. */
export const statuses: Readonly<Record<RunView["status"], { readonly icon: string; readonly word: string }>> = {
  running: { icon: "sync", word: "Running" },
  stopping: { icon: "debug-pause", word: "Stopping: what is in flight finishes" },
  finished: { icon: "pass", word: "Finished" },
  stopped: { icon: "debug-stop", word: "Stopped at a budget" },
  interrupted: { icon: "debug-stop", word: "Stopped" },
  failed: { icon: "error", word: "Failed" },
};

/** Why work waits. */
export function waitWords(reason: WaitReason): string {
  switch (reason.kind) {
    case "requests":
      return `the request limit of ${reason.pool}; free in ${duration(reason.freeInMs)}`;
    case "tokens":
      return `the token limit of ${reason.pool}; free in ${duration(reason.freeInMs)}`;
    case "concurrency":
      return `a free slot in ${reason.pool} (${count(reason.inFlight)} in flight)`;
    case "retryAfter":
      return `the time the provider asked for; ${duration(reason.freeInMs)} left`;
    case "backoff":
      return `the pause before a retry; ${duration(reason.freeInMs)} left`;
    case "circuitOpen":
      return `a provider that failed several times in a row; the next try is in ${duration(reason.freeInMs)}`;
    case "paused":
      return "you: the model is paused";
    case "otherModelLoaded":
      return `${reason.model}, which is loaded now`;
  }
}

/**
 * Trials that variants no longer in the race were spared so far. A variant that is still in it is behind the furthest one
 * only because its answers are under way.
 */
export function savedSoFar(view: RunView): { readonly trials: number; readonly share: number } {
  if (isOver(view)) {
    const trials = Math.max(0, view.trialsPlanned - view.trialsDone);
    return { trials, share: view.trialsPlanned === 0 ? 0 : trials / view.trialsPlanned };
  }
  const furthest = new Map<string, number>();
  for (const { model, trials } of view.variants) furthest.set(model, Math.max(furthest.get(model) ?? 0, trials));
  let spared = 0;
  let full = 0;
  for (const { model, trials, status } of view.variants) {
    const most = furthest.get(model) ?? 0;
    full += most;
    if (status === "dropped") spared += most - trials;
  }
  return { trials: spared, share: full === 0 ? 0 : spared / full };
}

export function savedWords(view: RunView): string {
  const { trials, share } = savedSoFar(view);
  if (trials === 0) return "none yet";
  return `${plural(trials, "call")} (${percent(share, 0)} of a full run${isOver(view) ? "" : " so far"})`;
}

function isOver(view: RunView): boolean {
  return view.status !== "running" && view.status !== "stopping";
}

/** What the race is about while it goes: whom it speaks of, how sure it must be, and when a variant leaves. */
export function questionWords(question: Question, mode: string): string {
  const about = question.scope === "dataset" ? "the rows of this dataset" : "future rows like these";
  const leaves = mode === "adaptive" ? " A variant is dropped when the evidence against it is complete." : "";
  return `The verdict speaks of ${about}; ${rateWords(question)}.${leaves}`;
}
