import type { CSSResult } from "lit";

/** Gives the page its styles. As constructed sheets, they need no permission from the content security policy. */
export function adoptStyles(styles: readonly CSSResult[]): void {
  const sheets = styles.flatMap(({ styleSheet }) => (styleSheet === undefined ? [] : [styleSheet]));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, ...sheets];
}
