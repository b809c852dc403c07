import type { RunHost, RunPanelView } from "../../protocol/runPanel.ts";
import { adoptStyles } from "../shared/adopt.ts";
import { TimeChart } from "../shared/charts/timeChart.ts";
import { timeChartStyles } from "../shared/charts/timeChartStyles.ts";
import { define } from "../shared/panelElement.ts";
import { openSurface } from "../shared/port.ts";
import { baseStyles } from "../shared/styles/base.ts";
import { chartStyles } from "../shared/styles/charts.ts";
import { controlStyles } from "../shared/styles/controls.ts";
import { tableStyles } from "../shared/styles/tables.ts";
import { firstState, RunPanel, type RunState } from "./runPanel.ts";
import { runStyles } from "./styles.ts";

adoptStyles([baseStyles, controlStyles, tableStyles, chartStyles, ...timeChartStyles, runStyles]);
define("time-chart", TimeChart);
define("run-panel", RunPanel);
const surface = openSurface<RunPanelView, RunHost, RunState>({}, firstState);
document.querySelector("#root")?.append(new RunPanel(surface));
