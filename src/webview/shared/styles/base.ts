import { css } from "lit";

/**
 * The page itself: the editor's font and colours, focus rings, motion. Every colour is one of the editor's; high contrast
 * is the editor's body class or the system's forced colours.
 */
export const baseStyles = css`
  :root {
    --gap: 8px;
    --line: var(--vscode-panel-border, var(--vscode-contrastBorder, color-mix(in srgb, currentColor 20%, transparent)));
    --muted: var(--vscode-descriptionForeground);
    --mono: var(--vscode-editor-font-family, monospace);
    --good: var(--vscode-charts-green);
    --bad: var(--vscode-charts-red);
    --orange: var(--vscode-charts-orange, var(--vscode-charts-yellow));
    --accent: var(--vscode-charts-blue);
    --hover: var(--vscode-list-hoverBackground, color-mix(in srgb, currentColor 8%, transparent));
    --selected: var(--vscode-list-inactiveSelectionBackground, transparent);
    --raised: color-mix(in srgb, var(--vscode-foreground) 4%, transparent);
  }
  html,
  body {
    height: 100%;
  }
  body {
    margin: 0;
    padding: 0;
    color: var(--vscode-foreground);
    background: var(--vscode-editor-background);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    line-height: 1.45;
  }
  body.vscode-high-contrast,
  body.vscode-high-contrast-light {
    --line: var(--vscode-contrastBorder);
    --raised: transparent;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  #root {
    height: 100%;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ul,
  ol,
  figure {
    margin: 0;
    padding: 0;
  }
  h1 {
    font-size: 1.15em;
    font-weight: 600;
  }
  h2 {
    font-size: 1em;
    font-weight: 600;
  }
  h3 {
    font-size: 1em;
    font-weight: 600;
  }
  ul,
  ol {
    list-style: none;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .muted {
    color: var(--muted);
  }
  .mono {
    font-family: var(--mono);
  }
  .number {
    font-variant-numeric: tabular-nums;
    text-align: end;
    white-space: nowrap;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .codicon[class*="codicon-"] {
    font-size: 16px;
    vertical-align: text-bottom;
  }
  .spin {
    animation: spin 1.5s steps(30) infinite;
  }
  @keyframes spin {
    to {
      transform: rotate(360deg);
    }
  }
  .section {
    display: flex;
    flex-direction: column;
    gap: var(--gap);
    padding: 12px 16px;
    min-width: 0;
  }
  .section + .section {
    border-top: 1px solid var(--line);
  }
  .section-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px var(--gap);
  }
  .section-head > :first-child {
    margin-inline-end: auto;
  }
  .banner {
    display: flex;
    align-items: flex-start;
    gap: var(--gap);
    padding: 6px 16px;
    border-block: 1px solid transparent;
    overflow-wrap: anywhere;
  }
  .banner .codicon {
    flex: none;
    line-height: 1.2;
  }
  .banner-text {
    flex: 1;
    min-width: 0;
  }
  .alerts {
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .banner.info {
    background: var(--vscode-inputValidation-infoBackground);
    color: var(--vscode-inputValidation-infoForeground, inherit);
    border-color: var(--vscode-inputValidation-infoBorder);
  }
  .banner.warning {
    background: var(--vscode-inputValidation-warningBackground);
    color: var(--vscode-inputValidation-warningForeground, inherit);
    border-color: var(--vscode-inputValidation-warningBorder);
  }
  .banner.error {
    background: var(--vscode-inputValidation-errorBackground);
    color: var(--vscode-inputValidation-errorForeground, inherit);
    border-color: var(--vscode-inputValidation-errorBorder);
  }
  .empty {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 4px;
    padding: 48px 16px;
    text-align: center;
  }
  .empty > .codicon[class*="codicon-"] {
    font-size: 28px;
    color: var(--muted);
  }
  .empty-title {
    font-weight: 600;
  }
  .empty-text {
    color: var(--muted);
    max-width: 60ch;
    overflow-wrap: anywhere;
  }
  .loading {
    padding: 24px 16px;
    color: var(--muted);
    position: relative;
  }
  .loading-bar {
    position: absolute;
    inset: 0 auto auto 0;
    width: 25%;
    height: 2px;
    background: var(--vscode-progressBar-background);
    animation: slide 2s linear infinite;
  }
  @keyframes slide {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(400%);
    }
  }
  body.vscode-reduce-motion * {
    animation: none !important;
    transition: none !important;
    scroll-behavior: auto !important;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
      scroll-behavior: auto !important;
    }
  }
`;
