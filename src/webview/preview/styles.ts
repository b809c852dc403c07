import { css } from "lit";

export const previewStyles = css`
  preview-panel {
    display: block;
    height: 100%;
  }
  .preview {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .preview > header {
    flex: none;
    border-bottom: 1px solid var(--line);
  }
  .preview > main {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    padding: 10px 16px 32px;
    display: flex;
    flex-direction: column;
    gap: 12px;
  }
  .stepper {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  #example {
    width: 5.5em;
    font-variant-numeric: tabular-nums;
  }
  .problems {
    font-family: var(--mono);
    font-size: 0.92em;
    margin-top: 4px;
    max-height: 8em;
    overflow-y: auto;
    text-align: start;
    overflow-wrap: anywhere;
  }
  .facts {
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .fact-list {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
  }
  .fact {
    display: flex;
    gap: 6px;
    min-width: 0;
  }
  .fact dt {
    color: var(--muted);
    white-space: nowrap;
  }
  .fact dd {
    min-width: 0;
    overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums;
  }
  .choices {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px;
  }
  .choice {
    padding: 0 5px;
    border: 1px solid var(--line);
    border-radius: 3px;
    background: none;
    color: inherit;
    font: inherit;
    cursor: pointer;
  }
  .choice[aria-pressed="true"] {
    border-color: var(--vscode-foreground);
    font-weight: 600;
  }
  .drop-system {
    display: none;
    margin-bottom: 8px;
    padding: 8px;
    border: 1px dashed var(--vscode-foreground);
    text-align: center;
  }
  .is-arranging > .drop-system {
    display: block;
  }
  .expected {
    font-family: var(--mono);
  }
  abbr {
    text-decoration: none;
    cursor: help;
  }
  .facts .banner {
    padding-inline: 10px;
    border-inline: 1px solid;
    border-color: inherit;
  }
  .token-bar {
    display: flex;
    gap: 1px;
    height: 12px;
  }
  .token-part {
    display: block;
    flex: var(--tokens) 1 0;
    width: auto;
    height: 100%;
    min-width: 2px;
  }
  .prefix-ruler {
    height: 5px;
    margin-top: -6px;
  }
  .prefix-ruler > span {
    display: block;
    width: calc(var(--share) * 100%);
    height: 5px;
    border: solid var(--muted);
    border-width: 0 1px 1px;
  }
  .token-table .table {
    margin-top: 4px;
  }
  .part-cell {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .prompt {
    container-type: inline-size;
    min-width: 0;
  }
  .prompt > h2 {
    margin-bottom: 6px;
  }
  .prompt > h2 > .muted {
    font-weight: 400;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 20px;
  }
  @media (max-width: 620px) {
    .pair {
      grid-template-columns: minmax(0, 1fr);
    }
    .preview > main {
      padding-inline: 10px;
    }
    .toolbar {
      padding-inline: 10px;
    }
    .toolbar .spacer {
      display: none;
    }
  }
`;
