import { svg, type TemplateResult } from "lit";
import { mark } from "./marks.ts";
import { paretoFront } from "./pareto.ts";
import { spreadLabels } from "./scale.ts";
import { type PlotOptions, sharePlot } from "./sharePlot.ts";

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
export function scatterPlot(options: PlotOptions & { readonly points: readonly ScatterPoint[] }): TemplateResult {
  const { points, width } = options;
  const labelWidth = 14 + 6.6 * Math.max(0, ...points.map((point) => point.label.length));
  const xs = points.map((point) => point.x);
  const spread = Math.max(...xs) - Math.min(...xs);
  // Prices that hardly differ would otherwise look as far apart as ones that do.
  const pad = spread < Math.max(...xs) * 0.05 ? Math.max(...xs) * 0.05 : spread * 0.08;
  const { x, y, top, bottom, end, draw } = sharePlot(options, {
    height,
    right: Math.min(labelWidth, width * 0.36),
    inset: 0,
    xRange: [Math.max(0, Math.min(...xs) - pad), Math.max(...xs) + pad],
    xSteps: width < 480 ? 3 : 6,
    ys: points.flatMap((point) => [...point.interval, point.y]),
  });
  const front = paretoFront(points).map((i) => points[i] as ScatterPoint);
  const labelPlaces = spreadLabels(
    points.map((point) => y(point.y)),
    labelHeight,
    top,
    bottom,
  );
  return draw(svg`<path class="chart-front" d=${frontPath(front, x, y, end)} />
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
    })}`);
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
