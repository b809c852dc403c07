import type { ResultsHost, ResultsView } from "../../protocol/resultsPanel.ts";
import { adoptStyles } from "../shared/adopt.ts";
import { SizedChart } from "../shared/charts/sizedChart.ts";
import { define } from "../shared/panelElement.ts";
import { openSurface } from "../shared/port.ts";
import { baseStyles } from "../shared/styles/base.ts";
import { chartStyles } from "../shared/styles/charts.ts";
import { controlStyles } from "../shared/styles/controls.ts";
import { messageStyles } from "../shared/styles/messages.ts";
import { partStyles } from "../shared/styles/parts.ts";
import { tableStyles } from "../shared/styles/tables.ts";
import { CompareRuns } from "./compare/compareRuns.ts";
import { SideBySideView } from "./compare/sideBySide.ts";
import { WhatIf } from "./overview/whatIf.ts";
import { ReportView } from "./reportView.ts";
import { ResultsPanel } from "./resultsPanel.ts";
import { firstState, type ResultsState } from "./state.ts";
import { resultsStyles } from "./styles.ts";
import { ConfusionTab } from "./tabs/confusion.ts";
import { DecisionsTab } from "./tabs/decisions.ts";
import { PositionsTab } from "./tabs/positions.ts";
import { trialStyles } from "./trials/styles.ts";
import { TrialBrowser } from "./trials/trialBrowser.ts";
import { TrialGrid } from "./trials/trialGrid.ts";

adoptStyles([
  baseStyles,
  controlStyles,
  tableStyles,
  chartStyles,
  partStyles,
  messageStyles,
  resultsStyles,
  trialStyles,
]);
define("sized-chart", SizedChart);
define("what-if", WhatIf);
define("compare-runs", CompareRuns);
define("side-by-side", SideBySideView);
define("report-view", ReportView);
define("confusion-tab", ConfusionTab);
define("decisions-tab", DecisionsTab);
define("positions-tab", PositionsTab);
define("trial-grid", TrialGrid);
define("trial-browser", TrialBrowser);
define("results-panel", ResultsPanel);
const surface = openSurface<ResultsView, ResultsHost, ResultsState>({}, firstState);
document.querySelector("#root")?.append(new ResultsPanel(surface));
