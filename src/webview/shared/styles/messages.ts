import { css } from "lit";

/** A prompt as messages: a gutter that names each part, its text beside it. */
export const messageStyles = css`
  .messages {
    display: flex;
    flex-direction: column;
    gap: 12px;
    min-width: 0;
  }
  .message-head {
    display: flex;
    align-items: baseline;
    gap: var(--gap);
    padding-bottom: 3px;
    margin-bottom: 2px;
    border-bottom: 1px solid var(--line);
  }
  .message-head h3 {
    text-transform: uppercase;
    font-size: 0.85em;
    letter-spacing: 0.05em;
  }
  .group {
    display: grid;
    grid-template-columns: 9.5em minmax(0, 1fr);
    content-visibility: auto;
    contain-intrinsic-size: auto 80px;
  }
  .group-label {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    padding: 2px 8px 2px 0;
    min-width: 0;
  }
  .group-name {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    max-width: 100%;
    padding: 0 2px;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
  }
  .group-head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    width: 100%;
    min-width: 0;
  }
  .grip {
    flex: none;
    padding: 0;
    border: 0;
    background: none;
    color: var(--muted);
    cursor: grab;
    opacity: 0;
  }
  .group:hover .grip,
  .grip:focus-visible {
    opacity: 1;
  }
  body.vscode-high-contrast .grip,
  body.vscode-high-contrast-light .grip {
    opacity: 1;
  }
  .drop-before {
    box-shadow: 0 -2px 0 var(--vscode-focusBorder);
  }
  .drop-after {
    box-shadow: 0 2px 0 var(--vscode-focusBorder);
  }
  button.group-name {
    cursor: pointer;
  }
  button.group-name:hover .group-title {
    text-decoration: underline;
  }
  .group-tokens {
    padding-inline-start: 18px;
    color: var(--muted);
    font-size: 0.92em;
    font-variant-numeric: tabular-nums;
  }
  .group-text {
    border-inline-start: 3px solid var(--part);
    padding: 2px 10px;
    min-width: 0;
    font-family: var(--mono);
    font-size: var(--vscode-editor-font-size, 13px);
    line-height: 1.5;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    unicode-bidi: plaintext;
    background: color-mix(in srgb, var(--part) 5%, transparent);
  }
  body.vscode-high-contrast .group-text,
  body.vscode-high-contrast-light .group-text {
    background: none;
  }
  .group:hover .group-text,
  .group.is-linked .group-text {
    background: color-mix(in srgb, var(--part) 10%, transparent);
  }
  .group.is-target .group-text {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .piece.trimmed {
    color: var(--muted);
    text-decoration: line-through;
  }
  .piece.cut-short::after {
    content: " …";
  }
  .prefix-end {
    display: flex;
    align-items: center;
    gap: var(--gap);
    margin: 4px 0;
    color: var(--muted);
    font-size: 0.92em;
  }
  .prefix-end::before,
  .prefix-end::after {
    content: "";
    flex: 1;
    border-top: 1px dashed currentColor;
  }
  .prefix-end::before {
    flex: 0 0 2em;
  }
  .link-number {
    flex: none;
    min-width: 18px;
    height: 16px;
    line-height: 14px;
    padding: 0 3px;
    border: 1px solid var(--line);
    border-radius: 3px;
    font-size: 0.85em;
    text-align: center;
    font-variant-numeric: tabular-nums;
  }
  .is-moved > .group-label .link-number {
    border-color: var(--vscode-foreground);
    font-weight: 600;
  }
  @container (max-width: 520px) {
    .group {
      grid-template-columns: minmax(0, 1fr);
      margin-bottom: 4px;
    }
    .group-label {
      flex-direction: row;
      align-items: baseline;
      gap: 4px;
    }
    .group-head {
      width: auto;
    }
    .group-tokens {
      padding-inline-start: 4px;
      white-space: nowrap;
    }
  }
`;
