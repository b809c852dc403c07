import { css } from "lit";

/** Marks of the panels' own charts. */
export const chartStyles = css`
  .interval-scale {
    display: flex;
    justify-content: space-between;
    font-size: 0.85em;
    font-variant-numeric: tabular-nums;
  }
  .interval-bar {
    position: relative;
    height: 16px;
    border-inline: 1px solid var(--line);
    background: linear-gradient(var(--line), var(--line)) center / 1px 100% no-repeat;
  }
  .interval-range {
    position: absolute;
    top: 5px;
    height: 6px;
    left: calc(var(--low) * 100%);
    width: calc((var(--high) - var(--low)) * 100%);
    background: color-mix(in srgb, var(--accent) 45%, transparent);
    border-radius: 3px;
    forced-color-adjust: none;
  }
  .interval-point {
    position: absolute;
    top: 3px;
    left: calc(var(--value) * 100% - 1.5px);
    width: 3px;
    height: 10px;
    background: var(--vscode-foreground);
    forced-color-adjust: none;
  }
  .is-dropped .interval-range {
    background: color-mix(in srgb, var(--vscode-foreground) 25%, transparent);
  }
  .is-dropped .interval-point {
    background: var(--muted);
  }
  .chart {
    display: flex;
    flex-direction: column;
    gap: 6px;
    min-width: 0;
  }
  .chart .section-head {
    gap: 0 var(--gap);
  }
  .chart-files {
    white-space: nowrap;
  }
  .xy-line {
    fill: none;
    stroke: var(--series);
    stroke-width: 1.6;
    stroke-linejoin: round;
  }
  .xy-interval {
    stroke: var(--series);
    stroke-width: 1.2;
    stroke-opacity: 0.75;
  }
  .heat-box {
    fill: var(--accent);
    stroke: var(--line);
  }
  .heat-detail {
    font-size: 11px;
  }
  sized-chart {
    display: block;
    min-width: 0;
    overflow: hidden;
  }
  .chart-svg {
    display: block;
    max-width: 100%;
    font-family: var(--vscode-font-family);
  }
  .chart-text {
    fill: var(--vscode-foreground);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .chart-label {
    paint-order: stroke;
    stroke: var(--vscode-editor-background);
    stroke-width: 3px;
    stroke-linejoin: round;
  }
  .chart-muted {
    fill: var(--muted);
  }
  .chart-grid {
    stroke: var(--vscode-charts-lines);
    stroke-width: 1;
    stroke-opacity: 0.35;
  }
  .chart-band {
    fill: var(--vscode-foreground);
    fill-opacity: 0.08;
  }
  .chart-reference {
    stroke: var(--vscode-foreground);
    stroke-width: 1;
    stroke-dasharray: 4 3;
  }
  .chart-front {
    fill: none;
    stroke: var(--vscode-foreground);
    stroke-width: 1.2;
    stroke-dasharray: 5 3;
    stroke-opacity: 0.7;
  }
  .chart-leader {
    stroke: var(--muted);
    stroke-width: 1;
  }
  .forest-line {
    stroke: var(--accent);
    stroke-width: 1.6;
  }
  .forest-point {
    fill: var(--accent);
    stroke: var(--accent);
  }
  .is-won .forest-line {
    stroke: var(--good);
    stroke-width: 2.4;
  }
  .is-won .forest-point {
    fill: var(--good);
    stroke: var(--good);
  }
  .forest-row.is-won .chart-text:first-child {
    font-weight: 600;
  }
  .is-dropped .forest-line {
    stroke: var(--muted);
  }
  .is-dropped .forest-point {
    fill: var(--vscode-editor-background);
    stroke: var(--muted);
  }
  .mark {
    fill: var(--series);
    stroke: var(--series);
    stroke-width: 1.4;
  }
  .curve,
  .curve-interval {
    fill: none;
    stroke: var(--series);
    stroke-width: 1.6;
  }
  .curve-interval {
    stroke-opacity: 0.6;
    stroke-width: 1.2;
  }
  .chart-legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    padding: 0;
    list-style: none;
  }
  .chart-legend li {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .mark-dropped {
    fill: var(--vscode-editor-background);
  }
  .series-0 {
    --series: var(--vscode-charts-blue);
  }
  .series-1 {
    --series: var(--orange);
  }
  .series-2 {
    --series: var(--vscode-charts-green);
  }
  .series-3 {
    --series: var(--vscode-charts-purple);
  }
  .series-4 {
    --series: var(--vscode-charts-red);
  }
  .series-5 {
    --series: var(--vscode-charts-yellow);
  }
  .mini-bar {
    display: inline-block;
    vertical-align: middle;
    width: 56px;
    height: 8px;
    background: color-mix(in srgb, var(--vscode-foreground) 10%, transparent);
    border: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .mini-bar > span {
    display: block;
    height: 100%;
    width: calc(var(--share) * 100%);
    background: var(--accent);
    forced-color-adjust: none;
  }
  .mini-track {
    position: relative;
    display: inline-block;
    vertical-align: middle;
    width: 56px;
    height: 8px;
    background: linear-gradient(var(--muted), var(--muted)) center / 100% 1px no-repeat;
  }
  .mini-track > span {
    position: absolute;
    top: 0;
    left: calc(var(--share) * (100% - 4px));
    width: 4px;
    height: 8px;
    background: var(--accent);
    forced-color-adjust: none;
  }
`;
