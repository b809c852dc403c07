import type { RequestTimeline, TrialTable } from "../store/store.ts";

/** How a run went, as columns, one entry a moment: what the curves of its progress are drawn from. */
export interface RunCourse {
  /** Milliseconds since the run began. */
  readonly at: readonly number[];
  /** Requests that ended per second. */
  readonly rate: readonly number[];
  /** Accuracy by variant; null before its first trial and after it was dropped. */
  readonly accuracy: Readonly<Record<string, readonly (number | null)[]>>;
  /** Time between two entries. */
  readonly stepMs: number;
}

export interface CourseInput {
  readonly timeline: Pick<RequestTimeline, "stepMs" | "steps" | "answered" | "reused" | "failed">;
  readonly trials: Pick<Awaited<ReturnType<TrialTable["scores"]>>, "variant" | "position" | "score">;
  /** `rows`: how many rows decisions used of it. */
  readonly variants: readonly { readonly id: string; readonly index: number; readonly rows: number }[];
  /** Milliseconds that the run was worked on; between an interruption and the resumption it was not. */
  readonly workedMs: number;
}

/**
 * The course of a run out of what is stored of it. Trials are counted in the stored order, as decisions count them: when a
 * share of the requests had ended, so had that share of the trials. Time in which nobody worked on the run is left out of the
 * longest stretches in which nothing ended.
 */
export function courseOf({ timeline, trials, variants, workedMs }: CourseInput): RunCourse {
  const { stepMs, steps } = timeline;
  const ended = Array.from({ length: steps }, (_, i) =>
    [timeline.answered, timeline.reused, timeline.failed].reduce((sum, list) => sum + (list[i] ?? 0), 0),
  );
  const all = ended.reduce((sum, n) => sum + n, 0);
  const tallies = new Map(variants.map(({ index, rows }) => [index, { rows, sum: 0, count: 0, left: 0 }]));
  const used = (i: number) => {
    const tally = tallies.get(trials.variant[i] ?? -1);
    return tally !== undefined && (trials.position[i] ?? 0) < tally.rows ? tally : undefined;
  };
  for (let i = 0; i < trials.variant.length; i++) {
    const tally = used(i);
    if (tally !== undefined) tally.left += 1;
  }
  const furthest = Math.max(0, ...variants.map(({ rows }) => rows));
  const accuracy = new Map(variants.map(({ id }) => [id, [] as (number | null)[]]));
  let told = 0;
  let endedSoFar = 0;
  for (let step = 0; step < steps; step++) {
    endedSoFar += ended[step] ?? 0;
    const until = Math.round((endedSoFar / Math.max(1, all)) * trials.variant.length);
    for (; told < until; told++) {
      const tally = used(told);
      if (tally === undefined) continue;
      tally.left -= 1;
      const score = trials.score[told] ?? Number.NaN;
      if (Number.isNaN(score)) continue;
      tally.sum += score;
      tally.count += 1;
    }
    for (const { id, index, rows } of variants) {
      const { sum, count, left } = tallies.get(index) ?? { sum: 0, count: 0, left: 0 };
      const dropped = rows < furthest && left === 0;
      accuracy.get(id)?.push(count === 0 || dropped ? null : sum / count);
    }
  }
  const idle = idleSteps(ended, Math.floor((steps * stepMs - workedMs) / stepMs));
  const kept = <Value>(column: readonly Value[]) => column.filter((_, i) => !idle.has(i));
  const rate = kept(ended).map((n) => (n * 1000) / stepMs);
  const apart = Math.min(stepMs, workedMs / Math.max(1, rate.length));
  return {
    // The last request ends with the run; before the first one it prepares.
    at: rate.map((_, i) => workedMs - (rate.length - 1 - i) * apart),
    rate,
    accuracy: Object.fromEntries([...accuracy].map(([id, column]) => [id, kept(column)])),
    stepMs,
  };
}

/** So many steps in which nothing ended, out of the longest stretches of such. */
function idleSteps(ended: readonly number[], most: number): ReadonlySet<number> {
  const stretches: number[][] = [];
  for (const [step, n] of ended.entries()) {
    if (n > 0) continue;
    const last = stretches.at(-1);
    if (last?.at(-1) === step - 1) last.push(step);
    else stretches.push([step]);
  }
  const longest = stretches.sort((a, b) => b.length - a.length).flat();
  return new Set(longest.slice(0, Math.max(0, most)));
}
