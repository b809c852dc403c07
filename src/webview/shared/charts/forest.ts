import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { linearScale, niceTicks } from "./scale.ts";

export interface ForestRow {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly interval: readonly [number, number];
  /** Printed at the right. */
  readonly text: string;
  readonly kind: "active" | "dropped" | "won";
}

export interface ForestOptions {
  readonly label: string;
  readonly rows: readonly ForestRow[];
  readonly width: number;
  /** What is printed under the axis. */
  readonly axis: string;
  readonly format: (value: number) => string;
  /** A line to compare with. */
  readonly reference?: number;
  /** Differences that do not matter. */
  readonly band?: readonly [number, number];
  /** The widest the axis may get. */
  readonly limits: readonly [number, number];
}

const rowHeight = 26;
const top = 8;
const narrow = 520;

/** Estimates with their intervals, one line each, on one axis. */
export function forestPlot(options: ForestOptions): TemplateResult {
  const { rows, width, limits, reference, band } = options;
  const slim = width < narrow;
  // Names stand over their lines where there is no room beside them.
  const lineHeight = slim ? rowHeight + 14 : rowHeight;
  const left = slim ? 8 : Math.min(260, 16 + 7 * Math.max(0, ...rows.map((row) => row.label.length)));
  const right = slim ? 8 : 104;
  const bottom = top + rows.length * lineHeight + 4;
  const values = [
    ...rows.flatMap((row) => row.interval),
    ...(reference === undefined ? [] : [reference]),
    ...(band ?? []),
  ];
  const low = Math.max(limits[0], Math.min(...values));
  const high = Math.min(limits[1], Math.max(...values));
  const ticks = niceTicks(low, high, slim ? 4 : 7).filter((tick) => tick >= limits[0] && tick <= limits[1]);
  const x = linearScale([ticks[0] ?? low, ticks.at(-1) ?? high], [left + 8, width - right - 8]);
  const clipped = (value: number) => x(Math.min(x.high, Math.max(x.low, value)));
  return html`<svg class="chart-svg" role="img" aria-label=${options.label} width=${width} height=${bottom + 36}>
    ${
      band === undefined
        ? ""
        : svg`<rect class="chart-band" x=${clipped(band[0])} y=${top} width=${Math.max(0, clipped(band[1]) - clipped(band[0]))} height=${bottom - top} />`
    }
    ${ticks.map(
      (tick) => svg`<line class="chart-grid" x1=${x(tick)} x2=${x(tick)} y1=${top} y2=${bottom} />
        <text class="chart-text chart-muted" x=${x(tick)} y=${bottom + 15} text-anchor="middle">${options.format(tick)}</text>`,
    )}
    <text class="chart-text chart-muted" x=${(left + width - right) / 2} y=${bottom + 31} text-anchor="middle">${options.axis}</text>
    ${
      reference === undefined
        ? ""
        : svg`<line class="chart-reference" x1=${x(reference)} x2=${x(reference)} y1=${top} y2=${bottom} />`
    }
    ${rows.map((row, i): SVGTemplateResult => {
      const y = top + i * lineHeight + (slim ? 24 : lineHeight / 2);
      const from = clipped(row.interval[0]);
      const to = clipped(row.interval[1]);
      return svg`<g class="forest-row is-${row.kind}">
        <text class="chart-text chart-label" x=${slim ? 8 : left} y=${slim ? y - 11 : y + 4} text-anchor=${slim ? "start" : "end"}>${row.label}</text>
        <line class="forest-line" x1=${from} x2=${to} y1=${y} y2=${y} />
        <line class="forest-line" x1=${from} x2=${from} y1=${y - 4} y2=${y + 4} />
        <line class="forest-line" x1=${to} x2=${to} y1=${y - 4} y2=${y + 4} />
        <rect class="forest-point" x=${clipped(row.value) - 4} y=${y - 4} width="8" height="8" />
        <text class="chart-text chart-muted" x=${width - 8} y=${slim ? y - 11 : y + 4} text-anchor="end">${row.text}</text>
      </g>`;
    })}
  </svg>`;
}
