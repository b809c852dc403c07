import { html, svg, type TemplateResult } from "lit";

export interface HeatCell {
  readonly value: number;
  readonly text: string;
  /** A second, smaller line. */
  readonly detail: string;
}

const cellHeight = 40;
const letter = 6.8;

/** A table of shares as colour; every cell has its number, so that nothing depends on the colour. */
export function heatMap(options: {
  readonly label: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By row, then column; null where there is nothing. */
  readonly cells: readonly (readonly (HeatCell | null)[])[];
  readonly width: number;
}): TemplateResult {
  const { rows, columns, cells, width } = options;
  const values = cells.flatMap((line) => line.flatMap((cell) => (cell === null ? [] : [cell.value])));
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const left = Math.min(width * 0.34, 14 + letter * Math.max(0, ...rows.map((row) => row.length)));
  const size = Math.min(200, (width - left - 4) / Math.max(1, columns.length));
  const fits = Math.max(3, Math.floor(size / letter) - 1);
  const head = 22;
  const shortened = (text: string) => (text.length > fits ? `…${text.slice(-(fits - 1))}` : text);
  return html`<svg class="chart-svg" role="img" aria-label=${options.label} width=${width} height=${head + rows.length * cellHeight + 4}>
    ${columns.map((column, c) => svg`<text class="chart-text" x=${left + (c + 0.5) * size} y="14" text-anchor="middle">${shortened(column)}</text>`)}
    ${rows.map(
      (
        row,
        r,
      ) => svg`<text class="chart-text" x=${left - 8} y=${head + (r + 0.5) * cellHeight + 4} text-anchor="end">${row}</text>
      ${columns.map((_, c) => {
        const cell = cells[r]?.[c] ?? null;
        const x = left + c * size;
        const y = head + r * cellHeight;
        const middle = x + size / 2;
        if (cell === null)
          return svg`<rect class="heat-box" x=${x + 1} y=${y + 1} width=${size - 2} height=${cellHeight - 2} fill-opacity="0" /><text class="chart-text chart-muted" x=${middle} y=${y + 24} text-anchor="middle">–</text>`;
        return svg`<rect class="heat-box" x=${x + 1} y=${y + 1} width=${size - 2} height=${cellHeight - 2} fill-opacity=${(0.04 + 0.3 * ((cell.value - low) / span)).toFixed(3)} />
          <text class="chart-text" x=${middle} y=${y + 17} text-anchor="middle">${cell.text}</text>
          ${size > 96 ? svg`<text class="chart-text chart-muted heat-detail" x=${middle} y=${y + 31} text-anchor="middle">${cell.detail}</text>` : ""}`;
      })}`,
    )}
  </svg>`;
}
