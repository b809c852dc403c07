import { css, unsafeCSS } from "lit";
import plotStyles from "uplot/dist/uPlot.min.css";

export const timeChartStyles = [
  unsafeCSS(plotStyles),
  css`
    time-chart {
      display: block;
      min-height: 150px;
    }
    .uplot {
      font-family: inherit;
      line-height: 1.4;
    }
    .uplot .u-legend {
      text-align: start;
      font-size: 0.92em;
    }
    .uplot .u-legend .u-series > * {
      padding: 1px 4px;
    }
    .uplot .u-legend .u-series th {
      font-weight: 400;
      cursor: default;
      pointer-events: none;
    }
  `,
];
