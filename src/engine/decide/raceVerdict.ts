import type { Settings } from "./options.ts";
import { meanDifference, type PairedCounts, pairEvidence } from "./paired.ts";
import type { Rival } from "./sampler.ts";
import {
  type Conclusion,
  equivalentSentence,
  exactSentence,
  flatSentence,
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
  /** Rows so far that counted for nobody. */
  readonly lost: number;
  readonly watermark: number;
  readonly horizon: number;
  readonly finished: boolean;
  readonly ending: Ending | undefined;
  /** Most trials of any variant. */
  readonly seen: number;
  /** Those still in, and all, the best first. */
  readonly active: readonly number[];
  readonly all: readonly number[];
  id(variant: number): string;
  /** As a sentence calls it. */
  name(variant: number): string;
  /** The one of a level group to name, and why: "it costs least". */
  pick(group: readonly number[]): { readonly variant: number; readonly why: string };
  mean(variant: number): number;
  pair(first: number, second: number): PairedCounts;
  rivals(named: number): Rival[];
  /** First minus second in the stored order, over the rows both had. */
  differences(first: number, second: number): readonly number[];
}

export function concludeRace(race: RaceView): Conclusion {
  if (race.seen === 0) {
    const text = race.finished
      ? "No row could be answered, so nothing is known."
      : "No row is complete yet, so nothing can be said.";
    const tied = race.active.map(race.id);
    return { kind: "undecided", winner: null, tied, explanation: text, rivals: [], moreTrials: null };
  }
  if (race.all.length === 1) return alone(race);
  const { ending } = race;
  return ending === undefined || ending.kind === "spent" ? open(race) : decided(race, ending);
}

function open(race: RaceView): Conclusion {
  const facts = { ...race.settings, rows: race.watermark, size: race.size };
  const [leader, second] = race.active as [number, number | undefined];
  const more = moreRows(race);
  const lead = second === undefined ? 0 : meanDifference(race.pair(leader, second));
  return {
    kind: "undecided",
    winner: race.id(leader),
    tied: race.active.map(race.id),
    explanation: undecidedSentence(facts, race.active.map(race.name), race.all.length, lead, more),
    rivals: race.rivals(leader),
    moreTrials: more,
  };
}

function decided(race: RaceView, ending: Exclude<Ending, { kind: "spent" }>): Conclusion {
  const facts = { ...race.settings, rows: race.watermark, size: race.size, lost: race.lost };
  const level =
    ending.kind === "exact" || ending.kind === "equivalent" ? ending.group : allWithin(race) ? race.all : [];
  if (level.length > 1) {
    const { variant, why } = race.pick(level);
    const whole = level.length === race.all.length;
    const group = { names: level.map(race.name), whole, winner: race.name(variant), why };
    const flat = whole && race.size > 1 ? flatSentence(level.map(race.mean)) : "";
    const text =
      ending.kind === "exact"
        ? exactSentence(facts, group, race.mean(variant), undefined)
        : equivalentSentence(facts, group);
    return {
      kind: "equivalent",
      winner: race.id(variant),
      tied: level.map(race.id),
      explanation: text + flat,
      rivals: race.rivals(variant),
    };
  }
  const { winner } = ending;
  const rivals = race.rivals(winner);
  if (ending.kind === "exact") {
    // Those that were dropped on the way have not seen all rows, so no gap is exact for them.
    const [second] = rivals.filter((r) => r.rows === race.seen).sort((a, b) => a.difference - b.difference);
    const at = race.all.find((v) => race.id(v) === second?.id);
    const runnerUp =
      second === undefined || at === undefined ? undefined : { name: race.name(at), behind: second.difference };
    const group = { names: [race.name(winner)], whole: false, winner: race.name(winner), why: "" };
    const explanation = exactSentence(facts, group, race.mean(winner), runnerUp);
    return { kind: "winner", winner: race.id(winner), tied: [], explanation, rivals };
  }
  const near = rivals.filter((r) => r.interval[0] <= 0 && r.difference <= race.settings.equivalence);
  const names = race.all.filter((v) => near.some((r) => r.id === race.id(v))).map(race.name);
  const explanation = winnerSentence(facts, race.name(winner), names);
  return { kind: "winner", winner: race.id(winner), tied: near.map((r) => r.id), explanation, rivals };
}

function alone(race: RaceView): Conclusion {
  const only = race.all[0] as number;
  const done = race.watermark >= race.horizon;
  const score = points.percent(race.mean(only));
  return {
    kind: done ? "winner" : "undecided",
    winner: race.id(only),
    tied: done ? [] : [race.id(only)],
    explanation: `${race.name(only)} is the only ${race.settings.noun}, so there is nothing to compare: it scores ${score} on ${points.rows(race.seen)}.`,
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
  const size = scope === "dataset" ? race.size - race.lost : undefined;
  const level = -Math.log(alpha) - 1e-9;
  const test = { rows: race.size, alpha, size, certain: race.lost === 0 };
  const shown = (differences: readonly number[]) => pairEvidence(differences, equivalence, test) >= level;
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
