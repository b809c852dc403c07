import { css } from "lit";

export const resultsStyles = css`
  results-panel {
    display: block;
    height: 100%;
  }
  .results {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .results-head {
    display: flex;
    flex-direction: column;
    gap: 8px;
    padding: 10px 16px 8px;
  }
  #run {
    max-width: 32em;
  }
  .results-title {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
  }
  .verdict {
    display: flex;
    gap: 10px;
    align-items: flex-start;
    padding: 6px 0 2px;
  }
  .verdict > .codicon[class*="codicon-"] {
    flex: none;
    font-size: 18px;
    margin-top: 1px;
  }
  .verdict[data-kind="winner"] > .codicon,
  .verdict[data-kind="nonInferior"] > .codicon {
    color: var(--good);
  }
  .verdict-title {
    font-size: 1.1em;
  }
  .notes li::before {
    content: "• ";
  }
  .decision-why {
    min-width: 18em;
  }
  .tab-panel {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
  }
  .tab-panel.is-errors {
    overflow: hidden;
    min-height: 360px;
  }
  .charts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr));
    gap: 28px 32px;
  }
  .variant-name,
  .variant-status,
  .nowrap {
    white-space: nowrap;
  }
  .what-if-control {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .what-if-control input {
    flex: 0 1 16em;
  }
  .what-if-control output {
    min-width: 5em;
    text-align: start;
  }
  .what-if-verdict {
    min-height: 4.4em;
  }
  .numbers {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
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
  .number-box .muted {
    font-size: 0.87em;
  }
  .measure {
    display: inline-block;
    min-width: 3.4em;
  }
  .measure.wide {
    min-width: 4.6em;
  }
  .ensemble-reason {
    min-width: 18em;
  }
  .sides {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  .sides li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 8px;
  }
  .sides select {
    max-width: 26em;
  }
  .side-name {
    min-width: 1.2em;
    font-weight: 600;
  }
  .long-table {
    max-height: 340px;
    overflow-y: auto;
  }
  .is-wrong .outcome-sign {
    color: var(--bad);
  }
  .window-bar {
    fill: var(--series);
    stroke: var(--vscode-contrastBorder, none);
  }
  .series-key {
    display: inline-block;
    width: 10px;
    height: 10px;
    margin-inline-end: 5px;
    background: var(--series);
    forced-color-adjust: none;
  }
  .matrix {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  .matrix th {
    font-weight: 400;
    color: var(--muted);
    white-space: nowrap;
  }
  .matrix thead th {
    height: 11em;
    vertical-align: bottom;
    padding: 2px 0;
  }
  .matrix thead th > span {
    writing-mode: vertical-rl;
    rotate: 180deg;
    display: inline-block;
    max-height: 10.5em;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .matrix tbody th {
    text-align: end;
    padding: 0 8px 0 0;
    max-width: 14em;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .matrix tbody td {
    padding: 0;
    width: 36px;
    min-width: 36px;
    height: 26px;
    text-align: center;
    border: 1px solid var(--line);
  }
  .matrix td.right {
    background: color-mix(in srgb, var(--accent) calc(var(--share) * 34%), transparent);
  }
  .matrix td.wrong {
    background: color-mix(in srgb, var(--orange) calc(8% + var(--share) * 60%), transparent);
  }
  .matrix td.right button {
    font-weight: 600;
  }
  .matrix td button {
    width: 100%;
    height: 100%;
    padding: 0;
    border: 0;
    background: none;
    cursor: pointer;
  }
  .matrix td.recall {
    border: 0;
    padding-inline-start: 10px;
    color: var(--muted);
    text-align: end;
  }
  .error-classes .number {
    display: inline-block;
    min-width: 2em;
  }
  tr.is-current > * {
    background: var(--selected);
    color: var(--vscode-list-inactiveSelectionForeground, inherit);
  }
  tr.is-current :is(.muted, .link) {
    color: inherit;
  }
  tr.is-current .link {
    text-decoration: underline;
  }
  body.vscode-high-contrast tr.is-current > *,
  body.vscode-high-contrast-light tr.is-current > * {
    border-block: 1px solid var(--vscode-contrastActiveBorder);
  }
  @media (max-width: 620px) {
    .section,
    .results-head {
      padding-inline: 10px;
    }
    #run {
      max-width: 100%;
    }
    .results:has(.is-errors) {
      height: auto;
      min-height: 100%;
    }
    .tab-panel.is-errors {
      height: 85vh;
      flex: none;
    }
  }
`;
