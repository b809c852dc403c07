import { css } from "lit";

/** Buttons, fields, tabs and menus as the editor draws its own. */
export const controlStyles = css`
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  .button {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    min-height: 26px;
    padding: 2px 10px;
    border: 1px solid var(--vscode-button-secondaryBorder, var(--vscode-button-border, transparent));
    border-radius: 4px;
    background: var(--vscode-button-secondaryBackground, transparent);
    color: var(--vscode-button-secondaryForeground);
    cursor: pointer;
    white-space: nowrap;
  }
  .button:hover:not(:disabled) {
    background: var(--vscode-button-secondaryHoverBackground, var(--hover));
  }
  .button.primary {
    border-color: var(--vscode-button-border, transparent);
    background: var(--vscode-button-background);
    color: var(--vscode-button-foreground);
  }
  .button.primary:hover:not(:disabled) {
    background: var(--vscode-button-hoverBackground);
  }
  .button.primary:focus-visible {
    outline-offset: 1px;
  }
  .icon-button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    width: 26px;
    height: 26px;
    padding: 0;
    border: 1px solid transparent;
    border-radius: 4px;
    background: none;
    color: var(--vscode-icon-foreground, inherit);
    cursor: pointer;
  }
  .icon-button:hover:not(:disabled) {
    background: var(--vscode-toolbar-hoverBackground, transparent);
    outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent);
    outline-offset: -1px;
  }
  .icon-button[aria-pressed="true"] {
    background: var(--vscode-toolbar-activeBackground, transparent);
    border-color: var(--vscode-contrastActiveBorder, transparent);
  }
  button:disabled,
  input:disabled,
  select:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .link {
    padding: 0;
    border: 0;
    background: none;
    color: var(--vscode-textLink-foreground);
    cursor: pointer;
    text-align: start;
  }
  .link:hover {
    text-decoration: underline;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px var(--gap);
    padding: 6px 16px;
  }
  .spacer {
    flex: 1;
  }
  .field {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    color: var(--muted);
  }
  input[type="text"],
  input[type="search"],
  input[type="number"],
  select {
    height: 26px;
    min-width: 0;
    padding: 2px 6px;
    border: 1px solid var(--vscode-input-border, var(--line));
    border-radius: 4px;
    background: var(--vscode-input-background);
    color: var(--vscode-input-foreground);
  }
  select {
    max-width: 22em;
    border-color: var(--vscode-dropdown-border, var(--line));
    background: var(--vscode-dropdown-background);
    color: var(--vscode-dropdown-foreground);
    text-overflow: ellipsis;
  }
  option {
    background: var(--vscode-dropdown-listBackground, var(--vscode-dropdown-background));
    color: var(--vscode-dropdown-foreground);
  }
  input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  input:focus,
  select:focus {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  input[type="range"] {
    appearance: none;
    min-width: 8em;
    height: 18px;
    background: none;
    cursor: pointer;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 4px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    background: color-mix(in srgb, var(--vscode-foreground) 22%, transparent);
  }
  input[type="range"]::-webkit-slider-thumb {
    appearance: none;
    width: 12px;
    height: 12px;
    margin-top: -5px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 50%;
    background: var(--vscode-progressBar-background);
  }
  input[type="range"]:focus-visible {
    outline-offset: 2px;
  }
  .tab-row {
    flex: none;
    display: flex;
    align-items: center;
    gap: 4px;
    padding: 0 6px;
    border-bottom: 1px solid var(--line);
  }
  .tab-row .tabs {
    flex: 1;
  }
  .tab-row:not(.is-overflowing) > .menu-holder {
    display: none;
  }
  .tabs {
    display: flex;
    gap: 2px;
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: thin;
  }
  .tab {
    flex: none;
    padding: 6px 10px 5px;
    border: 0;
    border-bottom: 2px solid transparent;
    background: none;
    color: var(--vscode-panelTitle-inactiveForeground, var(--muted));
    cursor: pointer;
    white-space: nowrap;
  }
  .tab:hover {
    color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
  }
  .tab[aria-selected="true"] {
    color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
    border-bottom-color: var(--vscode-panelTitle-activeBorder, currentColor);
  }
  @media (forced-colors: active) {
    /* A transparent border would be drawn there. */
    .tab {
      border-bottom-color: Canvas;
    }
    .tab[aria-selected="true"] {
      border-bottom-color: Highlight;
    }
  }
  .tab-badge {
    margin-inline-start: 6px;
    padding: 0 5px;
    border-radius: 8px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    background: color-mix(in srgb, var(--vscode-foreground) 12%, transparent);
    font-size: 0.85em;
  }
  .menu-holder {
    display: inline-flex;
  }
  .menu {
    position-area: bottom span-right;
    position-try-fallbacks: flip-inline, flip-block;
    inset: auto;
    margin: 2px 0;
    min-width: 10em;
    max-height: 60vh;
    overflow: auto;
    padding: 4px;
    border: 1px solid var(--vscode-widget-border, var(--line));
    border-radius: 5px;
    background: var(--vscode-editorWidget-background);
    color: var(--vscode-editorWidget-foreground, inherit);
  }
  .menu-item {
    display: flex;
    align-items: center;
    width: 100%;
    padding: 3px 10px 3px 6px;
    border: 0;
    border-radius: 3px;
    background: none;
    text-align: start;
    cursor: pointer;
  }
  .menu-item:hover,
  .menu-item:focus {
    background: var(--vscode-list-activeSelectionBackground, var(--hover));
    color: var(--vscode-list-activeSelectionForeground, inherit);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .menu-check {
    width: 20px;
  }
  details > summary {
    cursor: pointer;
    color: var(--muted);
    width: max-content;
    max-width: 100%;
  }
  details > summary:hover {
    color: var(--vscode-foreground);
  }
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    padding: 0 6px;
    border: 1px solid var(--line);
    border-radius: 3px;
    color: var(--muted);
    white-space: nowrap;
  }
`;
