import type { RunCourse } from "../engine/analysis/course.ts";
import type { Decision } from "../engine/decide/sampler.ts";
import type { RunSummary, RunView } from "../engine/runner/events.ts";

/** The editor's side of the progress panel. */
export interface RunHost {
  readonly requests: {
    readonly ready: { readonly params: undefined; readonly result: RunShown };
    /** The first call lets what is in flight finish; with `now` it does not. */
    readonly stop: { readonly params: { readonly now: boolean }; readonly result: void };
    readonly resume: { readonly params: undefined; readonly result: void };
    /** Asks which layouts of the file join the run, and lets them. */
    readonly addLayouts: { readonly params: undefined; readonly result: void };
    readonly pauseModel: {
      readonly params: { readonly model: string; readonly paused: boolean };
      readonly result: void;
    };
    readonly openResults: { readonly params: undefined; readonly result: void };
    readonly openFile: { readonly params: undefined; readonly result: void };
  };
  readonly events: {
    /** At most ten a second; each is the whole picture. */
    readonly progress: RunView;
    readonly decided: { readonly model: string; readonly decision: Decision };
    readonly warning: { readonly message: string };
    readonly ended: { readonly view: RunView; readonly summary: RunSummary };
  };
}

export interface RunShown {
  readonly view: RunView;
  /** The curves so far; what follows is added to them. */
  readonly course: RunCourse;
  readonly summary: RunSummary | undefined;
  readonly decisions: readonly { readonly model: string; readonly decision: Decision }[];
  readonly warnings: readonly string[];
}

export interface RunPanelView {
  readonly requests: Record<string, never>;
  readonly events: Record<string, never>;
}
