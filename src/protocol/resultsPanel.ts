import type { CalibrationReport } from "../engine/analysis/calibration.ts";
import type { CrossModelReport } from "../engine/analysis/crossModel.ts";
import type { EfficiencyReport } from "../engine/analysis/efficiency.ts";
import type { LengthReport } from "../engine/analysis/lengths.ts";
import type { PatternReport } from "../engine/analysis/patterns.ts";
import type { PositionReport } from "../engine/analysis/storedPositions.ts";
import type { TimelineReport } from "../engine/analysis/timeline.ts";
import type {
  ComparedSide,
  ComparisonReport,
  RunDetails,
  RunListItem,
  SideBySide,
  TrialDetail,
  TrialPage,
  TrialQuery,
} from "../engine/api.ts";
import type { Decision, Verdict } from "../engine/decide/sampler.ts";

/** The editor's side of the metrics panel; every table is paged from the store. */
export interface ResultsHost {
  readonly requests: {
    readonly ready: { readonly params: undefined; readonly result: ResultsShown };
    readonly trials: { readonly params: TrialQuery; readonly result: ListedPage };
    readonly trial: {
      readonly params: { readonly variant: number; readonly position: number; readonly repeat: number };
      readonly result: TrialDetail;
    };
    readonly confusion: {
      readonly params: { readonly variant: number };
      readonly result: readonly { readonly expected: string; readonly prediction: string; readonly count: number }[];
    };
    /** Accuracy by where the decisive text stands: by a column, or by the segment's place in the prompt. */
    readonly positions: { readonly params: { readonly column?: string }; readonly result: PositionReport };
    readonly decisions: {
      readonly params: undefined;
      readonly result: readonly (Decision & { readonly model: string; readonly at: number })[];
    };
    /** The verdict with another margin, from the stored scores of the run shown. */
    readonly redecide: {
      readonly params: { readonly equivalence: number };
      readonly result: { readonly verdict: Verdict; readonly rows: number };
    };
    /** Another run, to stand beside the one shown. */
    readonly details: { readonly params: { readonly run: string }; readonly result: RunDetails };
    /** One variant of the run shown (b) against the same or another variant of another run (a), paired by example. */
    readonly compare: {
      readonly params: {
        readonly run: string;
        readonly theirs: string;
        readonly ours: string;
        /** A run that measured its noise, to hold the difference against. */
        readonly noise?: string;
      };
      readonly result: ComparisonReport;
    };
    readonly sideBySide: {
      readonly params: { readonly sides: readonly ComparedSide[] };
      readonly result: SideBySide;
    };
    /** What can be worked out of the run shown. */
    readonly efficiency: { readonly params: undefined; readonly result: EfficiencyReport };
    readonly patterns: { readonly params: undefined; readonly result: PatternReport };
    readonly calibration: { readonly params: undefined; readonly result: CalibrationReport };
    readonly lengths: { readonly params: undefined; readonly result: LengthReport };
    readonly crossModel: { readonly params: undefined; readonly result: CrossModelReport };
    readonly timeline: { readonly params: undefined; readonly result: TimelineReport };
    /** Opens a text that is too long for the panel in an untitled, read-only editor. */
    readonly openText: { readonly params: { readonly title: string; readonly text: string }; readonly result: void };
    /** Opens the dataset file at a row. */
    readonly openRow: { readonly params: { readonly file: string; readonly line: number }; readonly result: void };
    /** Native diff of two texts, titled. */
    readonly diff: {
      readonly params: { readonly title: string; readonly left: string; readonly right: string };
      readonly result: void;
    };
    /** Asks where to, and writes the run in the format chosen there. */
    readonly export: { readonly params: undefined; readonly result: void };
    /** Saves a chart or table drawn in the panel; asks where to. */
    readonly save: { readonly params: SavedFile; readonly result: void };
    readonly openFile: { readonly params: undefined; readonly result: void };
    readonly showRun: { readonly params: { readonly run: string }; readonly result: ResultsShown };
  };
  readonly events: {
    /** The run went on or was scored again. */
    readonly shown: ResultsShown;
  };
}

/** A trial as a list shows it: a response may be megabytes, and is asked for with its trial. */
export type ListedTrial = Omit<TrialPage["rows"][number], "rawResponse">;

export interface ListedPage extends Omit<TrialPage, "rows"> {
  readonly rows: readonly ListedTrial[];
}

/** What a panel is sent of a page. */
export function listedPage({ rows, ...page }: TrialPage): ListedPage {
  return { ...page, rows: rows.map(({ rawResponse: _, ...row }) => row) };
}

export interface SavedFile {
  readonly name: string;
  readonly text: string;
  /** How the text stands for the file's bytes; a picture is no text. */
  readonly encoding?: "base64";
}

export interface ResultsShown {
  readonly details: RunDetails;
  /** Other runs of the same file, newest first. */
  readonly others: readonly RunListItem[];
}

export interface ResultsView {
  readonly requests: Record<string, never>;
  readonly events: Record<string, never>;
}
