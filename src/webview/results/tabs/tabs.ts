import { html, type TemplateResult } from "lit";
import type { ResultsContext } from "../context.ts";
import { overviewTab } from "../overview/overview.ts";
import { calibrationTab } from "./calibration.ts";
import { layoutsTab } from "./layouts.ts";
import { lengthTab } from "./lengths.ts";
import { modelsTab } from "./models.ts";
import { requestsTab } from "./requests.ts";

export interface ResultsTab {
  readonly id: string;
  readonly label: string;
  readonly draw: (context: ResultsContext) => TemplateResult;
}

/** The panel's tabs in their order; another one is a line here and a file beside this one. */
export const tabs: readonly ResultsTab[] = [
  { id: "overview", label: "Overview", draw: overviewTab },
  { id: "errors", label: "Errors", draw: (context) => html`<trial-browser .context=${context}></trial-browser>` },
  { id: "calibration", label: "Calibration", draw: calibrationTab },
  { id: "confusion", label: "Confusion", draw: (context) => html`<confusion-tab .context=${context}></confusion-tab>` },
  { id: "models", label: "Models", draw: modelsTab },
  { id: "length", label: "Length", draw: lengthTab },
  { id: "layouts", label: "Layouts", draw: layoutsTab },
  { id: "positions", label: "Positions", draw: (context) => html`<positions-tab .context=${context}></positions-tab>` },
  { id: "requests", label: "Requests", draw: requestsTab },
  { id: "decisions", label: "Decisions", draw: (context) => html`<decisions-tab .context=${context}></decisions-tab>` },
  {
    id: "compare",
    label: "Compare",
    draw: (context) =>
      html`<side-by-side .context=${context}></side-by-side><compare-runs .context=${context}></compare-runs>`,
  },
];
