import type { TrialSort } from "../../engine/store/store.ts";

/** What the error browser shows, as its controls say it; empty texts filter nothing. */
export interface TrialChoice {
  /** Index of a variant, or -1 for all. */
  readonly variant: number;
  readonly outcome: "all" | "wrong" | "right" | "unparsable" | "failed";
  readonly expected: string;
  readonly prediction: string;
  readonly search: string;
  /** Id of an error pattern whose rows are shown. */
  readonly pattern: string;
  readonly sort: TrialSort;
  readonly descending: boolean;
}

/** Kept over a reload. */
export interface ResultsState {
  readonly tab: string;
  readonly leaderboardSort: string;
  /** Prices of the scatter plot. */
  readonly price: string;
  readonly trials: TrialChoice;
  /** The row whose detail is open: variant, position and repeat. */
  readonly selected: readonly number[];
  readonly confusionVariant: number;
  /** Column that says where the decisive text stands; empty for the segment's place. */
  readonly positionColumn: string;
  /** A second run to compare with; empty for none. */
  readonly other: string;
  /** Sides of the comparison, `run` and `variant` by a line break; empty for the run shown alone. */
  readonly sides: readonly string[];
  readonly patternsOpen: boolean;
  /** Source and variant of the reliability diagram. */
  readonly calibration: string;
  readonly lengthMeasure: string;
  /** How far each tab is scrolled, and the list of trials, in pixels. */
  readonly scroll: Readonly<Record<string, number>>;
}

export const firstTrials: TrialChoice = {
  variant: -1,
  outcome: "wrong",
  expected: "",
  prediction: "",
  search: "",
  pattern: "",
  sort: "position",
  descending: false,
};

export const firstState: ResultsState = {
  tab: "overview",
  leaderboardSort: "-accuracy",
  price: "tokensPerCorrect",
  trials: firstTrials,
  selected: [],
  confusionVariant: 0,
  positionColumn: "",
  other: "",
  sides: [],
  patternsOpen: true,
  calibration: "",
  lengthMeasure: "words",
  scroll: {},
};
