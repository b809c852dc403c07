import { css } from "lit";

/**
 * One colour and one pattern a part. Colours are the theme's; the pattern alone tells parts apart in high contrast and for
 * eyes that see no hues; the name always stands beside both.
 */
export const partStyles = css`
  body {
    --ink: transparent;
  }
  [data-part="role"] {
    --part: var(--vscode-charts-purple);
    --pattern: none;
  }
  [data-part="instructions"] {
    --part: var(--vscode-charts-blue);
    --pattern: repeating-linear-gradient(45deg, var(--ink) 0 1.5px, transparent 1.5px 5px);
  }
  [data-part="definitions"] {
    --part: var(--vscode-terminal-ansiCyan);
    --pattern: repeating-linear-gradient(0deg, var(--ink) 0 1.5px, transparent 1.5px 4px);
  }
  [data-part="examples"] {
    --part: var(--vscode-charts-green);
    --pattern: repeating-linear-gradient(-45deg, var(--ink) 0 1.5px, transparent 1.5px 5px);
  }
  [data-part="context"] {
    --part: var(--vscode-terminal-ansiBrightBlack, gray);
    --pattern: radial-gradient(var(--ink) 1px, transparent 1.4px) 0 0 / 5px 5px;
  }
  [data-part="segment"] {
    --part: var(--orange);
    --pattern: repeating-linear-gradient(90deg, var(--ink) 0 1.5px, transparent 1.5px 4px);
  }
  [data-part="question"] {
    --part: var(--vscode-charts-yellow);
    --pattern:
      repeating-linear-gradient(45deg, var(--ink) 0 1px, transparent 1px 5px),
      repeating-linear-gradient(-45deg, var(--ink) 0 1px, transparent 1px 5px);
  }
  [data-part="quickCheck"] {
    --part: var(--vscode-terminal-ansiMagenta);
    --pattern: repeating-linear-gradient(90deg, var(--ink) 0 3px, transparent 3px 8px);
  }
  [data-part="output"] {
    --part: var(--vscode-charts-red);
    --pattern: radial-gradient(var(--ink) 2px, transparent 2.4px) 0 0 / 8px 8px;
  }
  .swatch {
    flex: none;
    display: inline-block;
    width: 10px;
    height: 10px;
    background: var(--part);
    border: 1px solid var(--part);
    forced-color-adjust: none;
  }
  body.vscode-high-contrast,
  body.vscode-high-contrast-light {
    --ink: var(--vscode-editor-background);
  }
  body.vscode-high-contrast .swatch,
  body.vscode-high-contrast-light .swatch {
    background: var(--pattern), var(--part);
  }
  @media (forced-colors: active) {
    body {
      --ink: Canvas;
    }
    .swatch {
      background: var(--pattern), CanvasText;
      border-color: CanvasText;
    }
  }
`;
