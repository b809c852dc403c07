import { css } from "lit";

export const runStyles = css`
  run-panel {
    display: block;
    height: 100%;
  }
  .run {
    display: flex;
    flex-direction: column;
    min-height: 100%;
    max-width: 1400px;
  }
  .run-head {
    display: flex;
    flex-direction: column;
    gap: 8px;
    padding: 10px 16px;
    border-bottom: 1px solid var(--line);
  }
  .run-title {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
  }
  .run-title h1 {
    overflow-wrap: anywhere;
  }
  .status {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .status > span {
    display: inline-flex;
  }
  .status[data-status="finished"] .codicon {
    color: var(--good);
  }
  .status[data-status="failed"] .codicon {
    color: var(--bad);
  }
  .run-times {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 20px;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .verdict-line {
    display: flex;
    gap: 8px;
    align-items: flex-start;
  }
  .verdict-line .codicon {
    flex: none;
  }
  .progress {
    height: 4px;
    background: color-mix(in srgb, var(--vscode-foreground) 12%, transparent);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    overflow: hidden;
  }
  .progress > span {
    display: block;
    height: 100%;
    background: var(--vscode-progressBar-background);
    transform-origin: left;
    transform: scaleX(var(--share));
    forced-color-adjust: none;
  }
  .numbers {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(132px, 1fr));
    gap: 10px 16px;
  }
  .number-box dt {
    color: var(--muted);
    font-size: 0.92em;
  }
  .number-box dd {
    font-size: 1.15em;
    font-variant-numeric: tabular-nums;
  }
  .number-box.bad dd {
    color: var(--vscode-errorForeground);
  }
  .race-name {
    white-space: nowrap;
  }
  .race-bar {
    width: 22%;
    min-width: 120px;
  }
  .race-model th {
    padding-top: 10px;
    color: var(--muted);
  }
  .race-status {
    width: 42%;
    min-width: 220px;
  }
  .race-word {
    white-space: nowrap;
  }
  .race-reason {
    display: block;
    font-size: 0.92em;
  }
  .evidence {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .evidence .number {
    min-width: 3.2em;
  }
  .evidence-bar {
    display: inline-block;
    width: 64px;
    height: 6px;
    background: color-mix(in srgb, var(--vscode-foreground) 12%, transparent);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 3px;
    overflow: hidden;
  }
  .evidence-bar > span {
    display: block;
    height: 100%;
    width: calc(var(--share) * 100%);
    background: var(--orange);
    forced-color-adjust: none;
  }
  .series {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
    gap: 16px;
  }
  .series figure {
    min-width: 0;
  }
  .waits {
    font-variant-numeric: tabular-nums;
  }
  .log {
    max-height: 240px;
    overflow-y: auto;
  }
  .log li {
    display: grid;
    grid-template-columns: 20px minmax(5.5em, max-content) minmax(0, 1fr);
    gap: 6px;
    padding: 2px 0;
  }
  .log-row {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  @media (max-width: 620px) {
    .section,
    .run-head {
      padding-inline: 10px;
    }
    .numbers {
      grid-template-columns: repeat(auto-fill, minmax(104px, 1fr));
    }
    .race-reason {
      white-space: nowrap;
    }
  }
`;
