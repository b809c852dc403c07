import { css } from "lit";

/** Tables: dense, quiet, scrolling sideways on their own where the panel is narrow. */
export const tableStyles = css`
  .table-scroll {
    position: relative;
    overflow-x: auto;
    max-width: 100%;
  }
  table.table {
    width: 100%;
    border-collapse: collapse;
  }
  .table.compact {
    width: auto;
  }
  .table th,
  .table td {
    padding: 3px 10px;
    text-align: start;
    vertical-align: middle;
    border-bottom: 1px solid var(--line);
  }
  .table th:first-child,
  .table td:first-child {
    padding-inline-start: 4px;
  }
  .table thead th {
    font-weight: 400;
    color: var(--muted);
    white-space: nowrap;
    vertical-align: bottom;
  }
  .table tbody th,
  .table tfoot th {
    font-weight: 400;
  }
  .table tfoot tr > * {
    border-top: 1px solid var(--line);
    border-bottom: 0;
  }
  .table tbody tr:last-child > * {
    border-bottom: 0;
  }
  .table tbody tr:hover {
    background: var(--hover);
  }
  .table .number {
    text-align: end;
  }
  .table .button {
    min-height: 20px;
    padding: 0 8px;
  }
  .table caption {
    text-align: start;
    padding: 4px;
    color: var(--muted);
  }
  .sort {
    display: inline-flex;
    align-items: center;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    cursor: pointer;
    font-weight: inherit;
  }
  .term {
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    cursor: help;
    text-decoration: underline dotted var(--muted);
    text-underline-offset: 3px;
  }
  .term:hover {
    color: var(--vscode-foreground);
  }
  .tip {
    position: fixed;
    inset: auto;
    left: var(--x, 0);
    top: var(--y, 0);
    max-width: min(360px, calc(100vw - 8px));
    box-sizing: border-box;
    margin: 0;
    padding: 4px 8px;
    border: 1px solid var(--vscode-editorHoverWidget-border, var(--line));
    border-radius: 3px;
    background: var(--vscode-editorHoverWidget-background, var(--vscode-editorWidget-background));
    color: var(--vscode-editorHoverWidget-foreground, var(--vscode-editorWidget-foreground, inherit));
    line-height: 1.4;
  }
  .sort:hover {
    color: var(--vscode-foreground);
  }
  [aria-sort] > .sort {
    color: var(--vscode-foreground);
  }
  .sort .codicon[class*="codicon-"] {
    font-size: 14px;
  }
  tr.is-dropped > * {
    color: var(--muted);
  }
  tr.is-won > th {
    font-weight: 600;
  }
`;
