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
`;
