import type { PreviewModel } from "../engine/preview/preview.ts";
import type { Placing } from "../engine/spec/declareLayout.ts";

/** What the preview shows: chosen in the panel, kept by the host so that it survives a reload. */
export interface PreviewSelection {
  readonly layout: string;
  /** Place in the dataset, from 0. */
  readonly example: number;
  readonly model: string | undefined;
  /** A second layout, shown beside the first on the same example. */
  readonly beside?: string | undefined;
  /** Which question of a chain, from 0. */
  readonly hop?: number | undefined;
}

export interface PreviewProblem {
  /** `file:line:col: what: what to do`, errors only. */
  readonly lines: readonly string[];
}

/** The editor's side of the preview. */
export interface PreviewHost {
  readonly requests: {
    /** The panel is there: answers with what to show first. */
    readonly ready: { readonly params: PreviewSelection | undefined; readonly result: PreviewShown };
    readonly select: { readonly params: PreviewSelection; readonly result: PreviewShown };
    /** Native diff of the layout shown against another. */
    readonly diff: { readonly params: { readonly with: string }; readonly result: void };
    /** Puts the cursor on a part in the experiment file (1-based line). */
    readonly reveal: { readonly params: { readonly line: number }; readonly result: void };
    /** Writes a placing into the file as a layout of its own, made from the one that is shown, and shows it. */
    readonly arrange: { readonly params: { readonly placing: Placing }; readonly result: PreviewShown };
    readonly run: { readonly params: undefined; readonly result: void };
    readonly copy: { readonly params: { readonly text: string }; readonly result: void };
  };
  readonly events: {
    /** The text changed and this is how the prompt looks now. */
    readonly shown: PreviewShown;
    /** The editor scrolled: bring the part written at this line into view. */
    readonly scrollTo: { readonly line: number };
  };
}

export interface PreviewShown {
  readonly file: string;
  readonly selection: PreviewSelection;
  /** The last good preview stays while the text has errors. */
  readonly preview: PreviewModel | undefined;
  /** The selection's second layout; like `preview`, the last good one stays. */
  readonly beside?: PreviewModel | undefined;
  readonly problem: PreviewProblem | undefined;
}

/** The panel's side. */
export interface PreviewView {
  readonly requests: Record<string, never>;
  readonly events: {
    /** The person scrolled the panel: the part at its top is written at this line (1-based). */
    readonly scrolled: { readonly line: number };
  };
}
