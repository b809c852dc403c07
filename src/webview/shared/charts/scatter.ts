import { html, svg, type TemplateResult } from "lit";
import { mark } from "./marks.ts";
import { paretoFront } from "./pareto.ts";
import { linearScale, niceTicks, spreadLabels } from "./scale.ts";

export interface ScatterPoint {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly interval: readonly [number, number];
  readonly kind: "active" | "dropped" | "won";
}

const height = 280;
const labelHeight = 14;

/** Accuracy against a price, with the front that nothing beats on both. */
export function scatterPlot(options: {
  readonly label: string;
  readonly points: readonly ScatterPoint[];
  readonly width: number;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
}): TemplateResult {
  const { points, width } = options;
  const labelWidth = 14 + 6.6 * Math.max(0, ...points.map((point) => point.label.length));
  const left = 52;
  const right = Math.min(labelWidth, width * 0.36);
  const top = 22;
  const bottom = height - 40;
  const xs = points.map((point) => point.x);
  const spread = Math.max(...xs) - Math.min(...xs);
  // Prices that hardly differ would otherwise look as far apart as ones that do.
  const pad = spread < Math.max(...xs) * 0.05 ? Math.max(...xs) * 0.05 : spread * 0.08;
  const xTicks = niceTicks(Math.max(0, Math.min(...xs) - pad), Math.max(...xs) + pad, width < 480 ? 3 : 6);
  const ys = points.flatMap((point) => [...point.interval, point.y]);
  const yTicks = niceTicks(Math.max(0, Math.min(...ys)), Math.min(1, Math.max(...ys)), 6).filter(
    (tick) => tick >= 0 && tick <= 1,
  );
  const x = linearScale([xTicks[0] ?? 0, xTicks.at(-1) ?? 1], [left, width - right]);
  const y = linearScale([yTicks[0] ?? 0, yTicks.at(-1) ?? 1], [bottom, top]);
  const front = paretoFront(points).map((i) => points[i] as ScatterPoint);
  const labelPlaces = spreadLabels(
    points.map((point) => y(point.y)),
    labelHeight,
    top,
    bottom,
  );
  return html`<svg class="chart-svg" role="img" aria-label=${options.label} width=${width} height=${height}>
    ${xTicks.map(
      (tick) => svg`<line class="chart-grid" x1=${x(tick)} x2=${x(tick)} y1=${top} y2=${bottom} />
        <text class="chart-text chart-muted" x=${x(tick)} y=${bottom + 15} text-anchor="middle">${options.formatX(tick)}</text>`,
    )}
    ${yTicks.map(
      (tick) => svg`<line class="chart-grid" x1=${left} x2=${width - right} y1=${y(tick)} y2=${y(tick)} />
        <text class="chart-text chart-muted" x=${left - 6} y=${y(tick) + 4} text-anchor="end">${options.formatY(tick)}</text>`,
    )}
    <text class="chart-text chart-muted" x=${(left + width - right) / 2} y=${height - 8} text-anchor="middle">${options.xAxis}</text>
    <text class="chart-text chart-muted" x="4" y="12">${options.yAxis}</text>
    <path class="chart-front" d=${frontPath(front, x, y, width - right)} />
    ${points.map((point, i) => {
      const px = x(point.x);
      const py = y(point.y);
      const ly = labelPlaces[i] ?? py;
      const lx = px + 9;
      return svg`<g class="is-${point.kind}">
        <line class="forest-line" x1=${px} x2=${px} y1=${y(Math.max(y.low, point.interval[0]))} y2=${y(Math.min(y.high, point.interval[1]))} />
        ${mark(i, px, py, point.kind)}
        ${Math.abs(ly - py) > 4 ? svg`<line class="chart-leader" x1=${px + 5} x2=${lx + 2} y1=${py} y2=${ly} />` : ""}
        <text class="chart-text chart-label" x=${lx + 3} y=${ly + 4}>${point.label}</text>
      </g>`;
    })}
  </svg>`;
}

/** Steps: at each price, the best accuracy to be had for it. */
function frontPath(
  front: readonly ScatterPoint[],
  x: (value: number) => number,
  y: (value: number) => number,
  end: number,
): string {
  const [first] = front;
  if (first === undefined) return "";
  const steps = front.slice(1).map((point) => `H${x(point.x).toFixed(1)}V${y(point.y).toFixed(1)}`);
  return `M${x(first.x).toFixed(1)} ${y(first.y).toFixed(1)}${steps.join("")}H${end.toFixed(1)}`;
}
