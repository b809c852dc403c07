import { bernoulliKl } from "../stats/concentration.ts";
import type { Settings } from "./options.ts";
import type { PairedCounts } from "./paired.ts";
import type { Rival, Scope, Verdict } from "./sampler.ts";
import { listed, points } from "./words.ts";

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
}

export function verdictOf(settings: Settings, conclusion: Conclusion): Verdict {
  const { kind, winner, tied, explanation, rivals, saves } = conclusion;
  return {
    kind,
    scope: settings.scope,
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
  /** Rows consumed, and rows there are. */
  readonly rows: number;
  readonly size: number;
}

export function winnerSentence(facts: RaceFacts, winner: string, nearTies: readonly string[]): string {
  const sure = points.percent(facts.confidence);
  const better = facts.equivalence > 0 ? `more than ${points.of(facts.equivalence)} better` : "better";
  const statement =
    facts.scope === "dataset"
      ? `finishing all ${points.rows(facts.size)} would not show another layout ${better}`
      : `on future rows like these no other layout is ${better}`;
  const near = nearTies.length === 0 ? "" : ` ${listed(nearTies)} came close and may be as good on future rows.`;
  return `${winner} wins (${facts.scope} verdict, ${sure}): ${statement}. Decided after ${points.rows(facts.rows)}.${near}`;
}

export function equivalentSentence(
  facts: RaceFacts,
  group: readonly string[],
  whole: boolean,
  winner: string,
  why: string,
): string {
  const sure = points.percent(facts.confidence);
  const where = facts.scope === "dataset" ? "on these rows" : "on future rows like these";
  const field = whole && group.length > 2 ? `all ${group.length} layouts are` : `${listed(group)} are`;
  const start = whole ? "Layout hardly matters here: " : "";
  const shown = `${field} within ${points.of(facts.equivalence)} of each other ${where}`;
  return sentence(
    `${start}${shown} (${facts.scope} verdict, ${sure}, ${points.rows(facts.rows)} used); ${winner} is named because it ${why}.`,
  );
}

/** All rows are done, so nothing is left to chance on them. */
export function exactSentence(
  size: number,
  winner: string,
  mean: number,
  group: readonly string[],
  whole: boolean,
  equivalence: number,
  why: string,
): string {
  const done = size === 1 ? "The only row is done" : `All ${points.rows(size)} are done`;
  const exact = "This is exact for these rows and says little about future ones.";
  if (group.length < 2) return `${done}: ${winner} is best on them with ${points.percent(mean)}. ${exact}`;
  const hardly = whole ? "; layout hardly matters here" : "";
  const gap = equivalence > 0 ? `within ${points.of(equivalence)} of each other` : "exactly tied";
  return `${done}: ${listed(group)} are ${gap} on them${hardly}. ${winner} is named because it ${why}. ${exact}`;
}

export function undecidedSentence(
  facts: RaceFacts,
  leader: string,
  survivors: readonly string[],
  moreTrials: number | null,
): string {
  const sure = points.percent(facts.confidence);
  const where = facts.scope === "dataset" ? `these ${points.rows(facts.size)}` : "future rows like these";
  const more =
    moreTrials === null
      ? "How many more rows would tell them apart cannot be said."
      : `About ${points.rows(moreTrials)} more ${moreTrials === 1 ? "is" : "are"} expected to be needed.`;
  return `Undecided after ${points.rows(facts.rows)}: the best layout on ${where} is among ${listed(survivors)} (${sure}); ${leader} leads. ${more}`;
}

/** "cheapest" or "highest mean": how the named one of a tied group was picked. */
export function pickedBecause(costs: boolean): string {
  return costs ? "costs least" : "has the highest mean";
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

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
