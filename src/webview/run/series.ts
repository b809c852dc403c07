import type { RunCourse } from "../../engine/analysis/course.ts";
import type { RunView } from "../../engine/runner/events.ts";

/** What the curves are drawn from; its least time between two entries doubles whenever the columns are thinned. */
export type History = RunCourse;

const firstStepMs = 500;
const most = 480;

export const noHistory: History = { at: [], rate: [], accuracy: {}, stepMs: firstStepMs };

/** The history with this view in it, or the same one when the last entry is too fresh. */
export function withView(history: History, view: RunView): History {
  const last = history.at.at(-1);
  if (last !== undefined && view.elapsedMs < last) return withView(noHistory, view);
  const ended = view.status !== "running" && view.status !== "stopping";
  if (last !== undefined && (view.elapsedMs === last || (!ended && view.elapsedMs - last < history.stepMs))) {
    return history;
  }
  const length = history.at.length;
  const accuracy: Record<string, readonly (number | null)[]> = {};
  for (const variant of view.variants) {
    const before = history.accuracy[variant.id] ?? new Array<null>(length).fill(null);
    const shown = variant.trials > 0 && variant.status !== "dropped";
    accuracy[variant.id] = [...before, shown ? variant.accuracy : null];
  }
  const grown = {
    at: [...history.at, view.elapsedMs],
    rate: [...history.rate, view.ratePerSecond],
    accuracy,
    stepMs: history.stepMs,
  };
  return grown.at.length > most ? thinned(grown) : grown;
}

/** Every second entry: a long run keeps its shape in the same memory. */
function thinned(history: History): History {
  const half = <Value>(column: readonly Value[]) => column.filter((_, i) => i % 2 === 0);
  return {
    at: half(history.at),
    rate: half(history.rate),
    accuracy: Object.fromEntries(Object.entries(history.accuracy).map(([id, column]) => [id, half(column)])),
    stepMs: history.stepMs * 2,
  };
}
