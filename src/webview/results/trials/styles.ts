import { css } from "lit";

export const trialStyles = css`
  trial-browser {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
  }
  .filters {
    border-bottom: 1px solid var(--line);
  }
  .filters select {
    max-width: 12em;
  }
  .search-field {
    flex: 1 1 12em;
  }
  .search-field input {
    width: 100%;
  }
  .found {
    min-width: 6em;
    text-align: end;
    font-variant-numeric: tabular-nums;
  }
  .trial-split {
    flex: 1;
    min-height: 0;
    display: grid;
    grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr);
    grid-template-rows: auto minmax(0, 1fr);
  }
  .trial-split:has(> .patterns[open]) {
    grid-template-columns: minmax(190px, 240px) minmax(0, 1.7fr) minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
  }
  .patterns {
    grid-column: 1 / -1;
    display: flex;
    flex-direction: column;
    min-height: 0;
    min-width: 0;
    border-bottom: 1px solid var(--line);
  }
  .patterns[open] {
    grid-column: auto;
    border-bottom: 0;
    border-inline-end: 1px solid var(--line);
  }
  .patterns::details-content {
    min-height: 0;
  }
  .patterns[open]::details-content {
    display: flex;
    flex-direction: column;
  }
  .patterns > summary {
    padding: 5px 10px;
    cursor: pointer;
  }
  .patterns[open] > summary {
    font-weight: 600;
  }
  .patterns-list {
    overflow-y: auto;
    min-height: 0;
    padding: 0 10px 10px;
  }
  .patterns-list h3 {
    margin: 10px 0 2px;
    overflow-wrap: anywhere;
  }
  .pattern-note {
    font-size: 0.92em;
    margin-bottom: 4px;
  }
  .pattern {
    display: flex;
    flex-direction: column;
    width: 100%;
    padding: 3px 6px;
    border: 1px solid transparent;
    border-radius: 3px;
    background: none;
    text-align: start;
    cursor: pointer;
  }
  .pattern:hover {
    background: var(--hover);
  }
  .pattern[aria-pressed="true"] {
    background: var(--selected);
    color: var(--vscode-list-inactiveSelectionForeground, inherit);
    border-color: var(--vscode-focusBorder);
  }
  .pattern-text {
    overflow-wrap: anywhere;
  }
  .pattern-numbers {
    color: var(--muted);
    font-size: 0.92em;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  .pattern[aria-pressed="true"] .pattern-numbers {
    color: inherit;
  }
  .pattern-chip {
    background: none;
    cursor: pointer;
    max-width: 18em;
    overflow: hidden;
    text-overflow: ellipsis;
    border-color: var(--vscode-focusBorder);
  }
  .trial-split > .empty {
    align-self: start;
  }
  trial-grid {
    display: block;
    min-height: 0;
    min-width: 0;
    container-type: size;
  }
  .trial-grid {
    height: 100%;
    overflow: auto;
    position: relative;
  }
  .trial-grid:focus-visible {
    outline: none;
  }
  .trial-row {
    display: grid;
    grid-template-columns:
      4.5em 4em minmax(7em, 0.8fr) 9em minmax(7em, 1fr) minmax(7em, 1fr) 4em 5.5em 4.5em
      minmax(10em, 2fr);
    align-items: center;
    width: 100%;
    min-width: 62em;
  }
  .trial-head {
    position: sticky;
    top: 0;
    z-index: 1;
    height: 26px;
    color: var(--muted);
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--line);
  }
  .trial-space {
    position: relative;
    height: var(--height);
    min-width: 62em;
  }
  .trial-body {
    position: absolute;
    top: 0;
    left: 0;
    height: 24px;
    transform: translateY(var(--start));
    cursor: default;
  }
  .trial-body:hover {
    background: var(--hover);
  }
  .trial-body.is-active {
    background: var(--vscode-list-inactiveSelectionBackground, var(--hover));
    color: var(--vscode-list-inactiveSelectionForeground, inherit);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .trial-grid:focus-visible .is-active {
    background: var(--vscode-list-activeSelectionBackground, var(--hover));
    color: var(--vscode-list-activeSelectionForeground, inherit);
    outline: 1px solid var(--vscode-focusBorder);
  }
  .trial-grid:focus-visible:not(:has(.is-active)) .trial-head {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .cell {
    padding: 0 8px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    min-width: 0;
  }
  .cell.number {
    text-align: end;
  }
  .cell-expected,
  .cell-prediction {
    font-family: var(--mono);
    font-size: 0.95em;
  }
  .cell-segment {
    color: var(--muted);
  }
  .is-active > .cell-segment {
    color: inherit;
  }
  .trial-head .cell {
    font-family: inherit;
    font-size: inherit;
  }
  .outcome .codicon[class*="codicon-"] {
    font-size: 14px;
  }
  .outcome.good .codicon {
    color: var(--good);
  }
  .outcome.bad .codicon {
    color: var(--bad);
  }
  .trial-detail {
    overflow-y: auto;
    min-width: 0;
    border-inline-start: 1px solid var(--line);
  }
  .answers,
  .fields {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 3px 14px;
  }
  .answers dt,
  .fields dt {
    color: var(--muted);
  }
  .answers dd,
  .fields dd {
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .fields-scroll {
    max-height: 16em;
    overflow-y: auto;
  }
  .raw {
    margin: 0;
    padding: 6px 10px;
    max-height: 24em;
    overflow: auto;
    font-family: var(--mono);
    font-size: var(--vscode-editor-font-size, 13px);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    unicode-bidi: plaintext;
    background: var(--vscode-textCodeBlock-background, var(--raised));
    border: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .row-answer > bdi {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .trial-detail .outcome {
    white-space: nowrap;
  }
  .trial-detail .prompt {
    container-type: inline-size;
  }
  @container (max-width: 980px) {
    .trial-row {
      grid-template-columns: 4.5em 4em minmax(6em, 0.8fr) 9em minmax(7em, 1fr) minmax(7em, 1fr) minmax(8em, 1.4fr);
      min-width: 42em;
    }
    .trial-space {
      min-width: 42em;
    }
    .cell-confidence,
    .cell-latency,
    .cell-tokens {
      display: none;
    }
  }
  @container (max-width: 540px) {
    .trial-row {
      grid-template-columns: 3.8em 7.2em minmax(7em, 1fr) minmax(7em, 1fr) 12em;
    }
    .cell-place,
    .cell-variant {
      display: none;
    }
  }
  @media (max-width: 860px) {
    .trial-split,
    .trial-split:has(> .patterns[open]) {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: auto minmax(180px, 2fr) minmax(0, 3fr);
    }
    .patterns[open] {
      max-height: 200px;
      border-inline-end: 0;
      border-bottom: 1px solid var(--line);
    }
    .trial-detail {
      border-inline-start: 0;
      border-top: 1px solid var(--line);
    }
  }
`;
