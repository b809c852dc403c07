import type { TrialSort } from "../../engine/store/store.ts";

/** What the error browser shows, as its controls say it; empty texts filter nothing. */
export interface TrialChoice {
  /** Index of a variant, or -1 for all. */
  readonly variant: number;
  readonly outcome: "all" | "wrong" | "right" | "unparsable" | "failed";
  readonly expected: string;
  readonly prediction: string;
  readonly search: string;
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
}

export const firstTrials: TrialChoice = {
  variant: -1,
  outcome: "wrong",
  expected: "",
  prediction: "",
  search: "",
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
};
