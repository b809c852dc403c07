import type { Settings } from "./options.ts";
import { type PairedCounts, pairEvidence } from "./paired.ts";
import type { Rival } from "./sampler.ts";
import {
  type Conclusion,
  equivalentSentence,
  exactSentence,
  pickedBecause,
  rowsNeeded,
  undecidedSentence,
  winnerSentence,
} from "./verdict.ts";
import { points } from "./words.ts";

/** How a race ended. */
export type Ending =
  /** All others were dropped. */
  | { readonly kind: "last"; readonly winner: number }
  /** Strict mode: nobody left is more than e better. */
  | { readonly kind: "certified"; readonly winner: number }
  /** All that are left were shown to be within e of each other. */
  | { readonly kind: "equivalent"; readonly winner: number; readonly group: readonly number[] }
  /** All rows are done; the group is the best and those within e of it. */
  | { readonly kind: "exact"; readonly winner: number; readonly group: readonly number[] }
  /** The rows allowed are used up. */
  | { readonly kind: "spent" };

/** What the verdict of a race is drawn from. Variants are positions. */
export interface RaceView {
  readonly settings: Settings;
  readonly size: number;
  readonly watermark: number;
  readonly horizon: number;
  readonly finished: boolean;
  readonly ending: Ending | undefined;
  readonly grid: readonly number[];
  /** Most trials of any variant. */
  readonly seen: number;
  /** Those still in, and all, the best first. */
  readonly active: readonly number[];
  readonly all: readonly number[];
  readonly costs: boolean;
  id(variant: number): string;
  mean(variant: number): number;
  pair(first: number, second: number): PairedCounts;
  rivals(named: number): Rival[];
  /** First minus second in the stored order, with 0 for rows that count as ties. */
  differences(first: number, second: number): readonly number[];
}

export function concludeRace(race: RaceView): Conclusion {
  if (race.seen === 0) {
    const text = race.finished ? "No row could be had, so nothing is known." : "Nothing has been seen yet.";
    const tied = race.active.map(race.id);
    return { kind: "undecided", winner: null, tied, explanation: text, rivals: [], moreTrials: null };
  }
  if (race.all.length === 1) return alone(race);
  const { ending } = race;
  return ending === undefined || ending.kind === "spent" ? open(race) : decided(race, ending);
}

function open(race: RaceView): Conclusion {
  const facts = { ...race.settings, rows: race.watermark, size: race.size };
  const leader = race.active[0] as number;
  const tied = race.active.map(race.id);
  const more = moreRows(race);
  return {
    kind: "undecided",
    winner: race.id(leader),
    tied,
    explanation: undecidedSentence(facts, race.id(leader), tied, more),
    rivals: race.rivals(leader),
    moreTrials: more,
  };
}

function decided(race: RaceView, ending: Exclude<Ending, { kind: "spent" }>): Conclusion {
  const facts = { ...race.settings, rows: race.watermark, size: race.size };
  const { equivalence } = race.settings;
  const winner = race.id(ending.winner);
  const rivals = race.rivals(ending.winner);
  const why = pickedBecause(race.costs);
  if (ending.kind === "exact") {
    const group = ending.group.map(race.id);
    const whole = group.length === race.all.length;
    const explanation = exactSentence(race.size, winner, race.mean(ending.winner), group, whole, equivalence, why);
    const tied = group.length > 1;
    return { kind: tied ? "equivalent" : "winner", winner, tied: tied ? group : [], explanation, rivals };
  }
  if (ending.kind === "equivalent" || allWithin(race)) {
    const group = (ending.kind === "equivalent" ? ending.group : race.all).map(race.id);
    const whole = group.length === race.all.length;
    const named = ending.kind === "equivalent" ? why : pickedBecause(false);
    const explanation = equivalentSentence(facts, group, whole, winner, named);
    return { kind: "equivalent", winner, tied: group, explanation, rivals };
  }
  const near = (r: Rival) => r.interval[0] <= 0 && r.difference <= equivalence;
  const nearTies = rivals.filter(near).map((r) => r.id);
  return { kind: "winner", winner, tied: nearTies, explanation: winnerSentence(facts, winner, nearTies), rivals };
}

function alone(race: RaceView): Conclusion {
  const only = race.all[0] as number;
  const id = race.id(only);
  const done = race.watermark >= race.horizon;
  const score = points.percent(race.mean(only));
  return {
    kind: done ? "winner" : "undecided",
    winner: id,
    tied: done ? [] : [id],
    explanation: `${id} is the only layout, so there is nothing to compare; it scores ${score} on ${points.rows(race.seen)}.`,
    rivals: [],
    moreTrials: race.horizon - race.watermark,
  };
}

/**
 * Every two variants are shown to be within e of each other. If that is false, the best and the worst are e apart and the
 * bet on that one pair must have failed, so no correction for the number of pairs is due.
 */
function allWithin(race: RaceView): boolean {
  const { alpha, equivalence, scope } = race.settings;
  if (equivalence === 0) return false;
  const size = scope === "dataset" ? race.size : undefined;
  const level = -Math.log(alpha) - 1e-9;
  const shown = (differences: readonly number[]) => pairEvidence(differences, equivalence, race.grid, size) >= level;
  // The likeliest to fail are the last in the ranking, so they go first.
  for (let b = race.all.length - 1; b > 0; b--) {
    for (let a = 0; a < b; a++) {
      const low = race.differences(race.all[b] as number, race.all[a] as number);
      if (!shown(low) || !shown(low.map((d) => -d))) return false;
    }
  }
  return true;
}

/** Rows expected yet to part the leader from the second; in dataset scope never more than are left. */
function moreRows(race: RaceView): number | null {
  const left = race.size - race.watermark;
  const dataset = race.settings.scope === "dataset";
  const [leader, second] = race.active as [number, number | undefined];
  if (second === undefined) return dataset ? left : null;
  const needed = rowsNeeded(race.pair(leader, second), race.settings.alpha);
  const more = needed === null ? null : Math.max(1, needed - race.watermark);
  if (!dataset) return more;
  return more === null ? left : Math.min(left, more);
}
