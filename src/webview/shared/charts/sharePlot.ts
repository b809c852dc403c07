import { html, svg, type TemplateResult } from "lit";
import { linearScale, niceTicks, type Scale } from "./scale.ts";

/** What a reader of a plot is told of it. */
export interface PlotOptions {
  readonly label: string;
  readonly width: number;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
}

export interface SharePlot {
  readonly x: Scale;
  readonly y: Scale;
  readonly top: number;
  readonly bottom: number;
  /** Where the plot ends and the names beside it begin. */
  readonly end: number;
  /** The drawing with its grid and axes. */
  draw(content: unknown): TemplateResult;
}

const left = 52;
const top = 22;

/** A plot of shares in [0, 1] over numbers. */
export function sharePlot(
  options: PlotOptions,
  place: {
    readonly height: number;
    /** Pixels left free for names beside the plot. */
    readonly right: number;
    /** Pixels between the axes' ends and the outermost ticks. */
    readonly inset: number;
    readonly xRange: readonly [number, number];
    readonly xSteps: number;
    readonly ys: readonly number[];
  },
): SharePlot {
  const { height, inset, xRange, ys } = place;
  const end = options.width - place.right;
  const bottom = height - 40;
  const xTicks = niceTicks(...xRange, place.xSteps);
  const yTicks = niceTicks(Math.max(0, Math.min(...ys)), Math.min(1, Math.max(...ys)), 6).filter(
    (tick) => tick >= 0 && tick <= 1,
  );
  const x = linearScale([xTicks[0] ?? 0, xTicks.at(-1) ?? 1], [left + inset, end - inset]);
  const y = linearScale([yTicks[0] ?? 0, yTicks.at(-1) ?? 1], [bottom, top]);
  return {
    x,
    y,
    top,
    bottom,
    end,
    draw: (
      content,
    ) => html`<svg class="chart-svg" role="img" aria-label=${options.label} width=${options.width} height=${height}>
      ${xTicks.map(
        (tick) => svg`<line class="chart-grid" x1=${x(tick)} x2=${x(tick)} y1=${top} y2=${bottom} />
          <text class="chart-text chart-muted" x=${x(tick)} y=${bottom + 15} text-anchor="middle">${options.formatX(tick)}</text>`,
      )}
      ${yTicks.map(
        (tick) => svg`<line class="chart-grid" x1=${left} x2=${end} y1=${y(tick)} y2=${y(tick)} />
          <text class="chart-text chart-muted" x=${left - 6} y=${y(tick) + 4} text-anchor="end">${options.formatY(tick)}</text>`,
      )}
      <text class="chart-text chart-muted" x=${(left + end) / 2} y=${height - 8} text-anchor="middle">${options.xAxis}</text>
      <text class="chart-text chart-muted" x="4" y="12">${options.yAxis}</text>
      ${content}
    </svg>`,
  };
}
