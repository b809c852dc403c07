import type { Channel } from "../../base/channel.ts";
import type { RunDetails, RunListItem } from "../../engine/api.ts";
import type { ResultsHost, ResultsView } from "../../protocol/resultsPanel.ts";
import type { OnSave } from "../shared/charts/chartFrame.ts";
import type { ResultsState } from "./state.ts";

/** What every tab draws from and acts through. */
export interface ResultsContext {
  readonly channel: Channel<ResultsView, ResultsHost>;
  readonly details: RunDetails;
  readonly others: readonly RunListItem[];
  readonly state: ResultsState;
  /** Short name of a variant by id. */
  readonly nameOf: (id: string) => string;
  /** Goes up whenever the run shown has new figures; what was loaded before is then out of date. */
  readonly version: number;
  readonly update: (change: Partial<ResultsState>) => void;
  /** Shows the error, should it fail. */
  readonly send: (request: Promise<unknown>) => void;
  readonly save: OnSave;
}
