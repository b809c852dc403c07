/** Colours and dashes of lines and marks, in turn; the dash (or the mark's shape) alone tells them apart without colour. */
const variables = [
  "--vscode-charts-blue",
  "--vscode-charts-orange",
  "--vscode-charts-green",
  "--vscode-charts-purple",
  "--vscode-charts-red",
  "--vscode-charts-yellow",
] as const;

const fallback = "--vscode-charts-foreground";
const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 4]];

export interface LineStyle {
  readonly variable: string;
  readonly dash: readonly number[];
}

export function lineStyle(index: number): LineStyle {
  return {
    variable: variables[index % variables.length] ?? fallback,
    // After one round of colours the dashes shift, so that no two of the first thirty-six lines are alike.
    dash: dashes[(index + Math.floor(index / variables.length)) % dashes.length] ?? [],
  };
}

/** A theme colour as it is now, for what is painted on a canvas. */
export function themeColour(variable: string): string {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(variable).trim() || style.getPropertyValue(fallback).trim() || "gray";
}
