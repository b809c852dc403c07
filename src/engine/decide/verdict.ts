import { bernoulliKl } from "../stats/concentration.ts";
import type { Settings } from "./options.ts";
import type { PairedCounts } from "./paired.ts";
import type { Rival, Scope, Verdict } from "./sampler.ts";
import { about, hardlyMatters, listed, points, progress } from "./words.ts";

/** What a mode concludes, before it is dressed as a verdict. */
export interface Conclusion {
  readonly kind: Verdict["kind"];
  readonly winner: string | null;
  readonly tied: readonly string[];
  readonly explanation: string;
  readonly rivals: readonly Rival[];
  readonly moreTrials?: number | null;
  readonly guaranteed?: boolean;
  readonly saves?: number;
  /** Where a mode can only speak of future rows, whatever was asked for. */
  readonly scope?: Scope;
}

export function verdictOf(settings: Settings, conclusion: Conclusion): Verdict {
  const { kind, winner, tied, explanation, rivals, saves } = conclusion;
  return {
    kind,
    scope: conclusion.scope ?? settings.scope,
    winner,
    tied,
    confidence: settings.confidence,
    equivalence: settings.equivalence,
    explanation,
    moreTrials: conclusion.moreTrials === undefined ? 0 : conclusion.moreTrials,
    guaranteed: conclusion.guaranteed ?? true,
    ...(saves === undefined ? {} : { saves }),
    rivals,
  };
}

/** Facts that the sentences of a race need. */
export interface RaceFacts {
  readonly scope: Scope;
  readonly confidence: number;
  readonly equivalence: number;
  /** What is compared, as a reader calls it. */
  readonly noun: "layout" | "variant";
  /** Rows consumed, and rows there are. */
  readonly rows: number;
  readonly size: number;
}

/** A group that is level within the margin, and the one picked from it. */
export interface LevelGroup {
  readonly names: readonly string[];
  /** The group is all there is. */
  readonly whole: boolean;
  readonly winner: string;
  /** How the winner was picked: "it costs least". */
  readonly why: string;
}

export function winnerSentence(facts: RaceFacts, winner: string, nearTies: readonly string[]): string {
  const { noun, scope } = facts;
  const margin = facts.equivalence > 0 ? `more than ${points.of(facts.equivalence)} better` : "";
  const other = margin === "" ? `a better ${noun}` : `another ${noun} ${margin}`;
  const statement =
    scope === "dataset"
      ? `finishing the rest would not show ${other}`
      : `no other ${noun} can still be ${margin || "better"}`;
  const start = `${winner} wins ${about(scope)} (${sure(facts)}): after ${progress(facts.rows, facts.size, scope)}, ${statement}.`;
  return nearTies.length === 0 ? start : `${start} ${listed(nearTies)} came close and may be as good on new rows.`;
}

export function equivalentSentence(facts: RaceFacts, group: LevelGroup): string {
  const { scope } = facts;
  const seen = progress(facts.rows, facts.size, scope);
  const shown = `${field(group, facts.noun)} are within ${points.of(facts.equivalence)} of each other ${about(scope)}`;
  const start = group.whole ? `${hardlyMatters(facts.noun)}: ${shown}` : `${shown}, and none of the others is best`;
  return `${start} (${sure(facts)}, after ${seen}). ${group.winner} is named because ${group.why}.`;
}

/** All rows are done, so nothing is left to chance on them. `runnerUp` is the best of the others and how far it is behind. */
export function exactSentence(
  facts: Pick<RaceFacts, "equivalence" | "noun" | "size"> & { readonly lost?: number },
  group: LevelGroup,
  mean: number,
  runnerUp: { readonly name: string; readonly behind: number } | undefined,
): string {
  const { equivalence, noun, size } = facts;
  if (size === 1) {
    const level = group.names.length > 1 ? `${listed(group.names)} are level on it` : `${group.winner} is best on it`;
    const named = group.names.length > 1 ? ` ${group.winner} is named because ${group.why}.` : "";
    return `The only row is done: ${level}.${named} One row says nothing about others.`;
  }
  const lost = facts.lost ?? 0;
  const done =
    lost === 0 ? `all ${points.rows(size)} are done` : `the ${points.rows(size - lost)} that could be had are done`;
  const exact = "exact for this dataset; new rows may differ";
  if (group.names.length < 2) {
    const ahead = runnerUp === undefined ? "" : `, ${points.of(runnerUp.behind)} ahead of ${runnerUp.name}`;
    return `${group.winner} wins on this dataset: ${done}, and it is best with ${points.percent(mean)}${ahead} (${exact}).`;
  }
  const gap = equivalence > 0 ? `within ${points.of(equivalence)} of each other` : "exactly tied";
  const start = group.whole ? `${hardlyMatters(noun)}: ${done}` : capital(done);
  const best = group.whole ? "" : " at the top";
  return `${start}, and ${field(group, noun)} are ${gap}${best} (${exact}). ${group.winner} is named because ${group.why}.`;
}

/** `lead` is how far the leader is ahead of the second. */
export function undecidedSentence(
  facts: RaceFacts,
  survivors: readonly string[],
  field: number,
  lead: number,
  moreTrials: number | null,
): string {
  const { noun, rows, scope, size } = facts;
  const [leader, second] = survivors;
  const among =
    survivors.length === field && field > 2
      ? `none of the ${field} ${noun}s can be ruled out as the best ${about(scope)}`
      : `the best ${noun} ${about(scope)} is ${listed(survivors, "or")}`;
  const state =
    second === undefined
      ? `${leader} leads`
      : lead > 1e-9
        ? `${leader} leads by ${points.of(lead)}`
        : `${leader} and ${second} are level`;
  return `Undecided after ${progress(rows, size, scope)}: ${among} (${sure(facts)}); ${state}. ${hint(moreTrials, scope === "dataset" ? size - rows : null)}`;
}

/** How many more rows it takes, where `left` are left in all. */
export function hint(moreTrials: number | null, left: number | null): string {
  if (moreTrials === null) return "How many more rows it takes cannot be told yet.";
  if (moreTrials === left) {
    return moreTrials === 1 ? "The one row left would decide it." : `The ${points.rows(left)} left would decide it.`;
  }
  return moreTrials < 10 ? "A few more rows should decide it." : `About ${points.more(moreTrials)} should decide it.`;
}

/** "95 % confidence": 1 minus the chance of a wrong verdict. */
export function sure(facts: { readonly confidence: number }): string {
  return `${points.percent(facts.confidence)} confidence`;
}

/** Nothing or everything right says more about the task than about layouts; empty otherwise. */
export function flatSentence(means: readonly number[]): string {
  if (means.every((mean) => mean === 0)) {
    return " Every answer scored 0: check the expected answers, the labels and the scorer first.";
  }
  return means.every((mean) => mean === 1) ? " Every answer was right: harder rows would tell more." : "";
}

function field(group: LevelGroup, noun: string): string {
  return group.whole && group.names.length > 2 ? `all ${group.names.length} ${noun}s` : listed(group.names);
}

/**
 * Rows a sequential test is expected to need to tell two variants apart, given what was seen: ln(1/alpha) divided by the
 * log growth a row brings, psi · KL(theta, 1/2), with psi the share of rows on which they differ and theta the first's
 * share of those. Null when they look the same.
 */
export function rowsNeeded(pair: PairedCounts, alpha: number): number | null {
  const differing = pair.wins + pair.losses;
  if (pair.rows === 0 || differing === 0 || pair.wins === pair.losses) return null;
  const growth = (differing / pair.rows) * bernoulliKl(pair.wins / differing, 0.5);
  const needed = Math.ceil(-Math.log(alpha) / growth);
  return needed > 10_000_000 ? null : needed;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
