import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { mark } from "./marks.ts";
import { lineStyle } from "./palette.ts";
import { linearScale, niceTicks, type Scale } from "./scale.ts";

export interface XyPoint {
  readonly x: number;
  /** Null leaves a gap. */
  readonly y: number | null;
  readonly interval?: readonly [number, number];
}

export interface XySeries {
  readonly label: string;
  readonly points: readonly XyPoint[];
  /** Drawn hollow: what was worked out rather than seen. */
  readonly hollow?: boolean;
  /** One long line needs no marks. */
  readonly bare?: boolean;
}

export interface XyOptions {
  readonly label: string;
  readonly series: readonly XySeries[];
  readonly width: number;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** Where x equals y. */
  readonly diagonal?: boolean;
  /** Steps of the x axis that a reader counts in, ascending; round numbers without. */
  readonly xSteps?: readonly number[];
  readonly height?: number;
}

const lineHeight = 18;
const letter = 6.6;

/** Lines over a common x, told apart by colour, dash and mark; the key is part of the drawing, so that it goes along into a file. */
export function xyChart(options: XyOptions): TemplateResult {
  const { series, width, height = 240 } = options;
  const points = series.flatMap((one) => one.points.filter((point) => point.y !== null));
  const key = keyOf(series, width);
  const ys = points.flatMap(({ y, interval }) => [y ?? 0, ...(interval ?? [])]);
  const [yLow, yHigh] = options.yDomain ?? [Math.min(0, ...ys), Math.max(0, ...ys) || 1];
  const yTicks = niceTicks(yLow, yHigh, 5).filter((tick) => options.yDomain === undefined || tick <= yHigh + 1e-9);
  const xs = points.map(({ x }) => x);
  const [xLow, xHigh] = options.xDomain ?? [Math.min(...xs), Math.max(...xs)];
  const left = 14 + letter * Math.max(2, ...yTicks.map((tick) => options.formatY(tick).length));
  const top = 24 + key.rows * lineHeight;
  const bottom = top + height - 64;
  const right = width - 16;
  const x = linearScale([xLow, xHigh === xLow ? xLow + 1 : xHigh], [left + 6, right]);
  const y = linearScale([yTicks[0] ?? yLow, yTicks.at(-1) ?? yHigh], [bottom, top]);
  const most = width < 480 ? 4 : 7;
  const step = options.xSteps?.find((each) => (x.high - x.low) / each <= most);
  const xTicks = (step === undefined ? niceTicks(x.low, x.high, most) : multiples(x.low, x.high, step)).filter(
    (tick) => tick >= x.low - 1e-9 && tick <= x.high + 1e-9,
  );
  return html`<svg class="chart-svg" role="img" aria-label=${options.label} width=${width} height=${bottom + 38}>
    ${key.items}
    <text class="chart-text chart-muted" x="4" y=${top - 10}>${options.yAxis}</text>
    ${yTicks.map(
      (tick) => svg`<line class="chart-grid" x1=${left} x2=${right} y1=${y(tick)} y2=${y(tick)} />
        <text class="chart-text chart-muted" x=${left - 5} y=${y(tick) + 4} text-anchor="end">${options.formatY(tick)}</text>`,
    )}
    ${xTicks.map(
      (tick) => svg`<line class="chart-grid" x1=${x(tick)} x2=${x(tick)} y1=${bottom} y2=${bottom + 4} />
        <text class="chart-text chart-muted" x=${x(tick)} y=${bottom + 17} text-anchor="middle">${options.formatX(tick)}</text>`,
    )}
    <text class="chart-text chart-muted" x=${(left + right) / 2} y=${bottom + 33} text-anchor="middle">${options.xAxis}</text>
    ${
      options.diagonal === true
        ? svg`<line class="chart-reference" x1=${x(x.low)} y1=${y(x.low)} x2=${x(x.high)} y2=${y(x.high)} />`
        : ""
    }
    ${series.map((one, i) => lineOf(one, i, x, y))}
  </svg>`;
}

function multiples(low: number, high: number, step: number): readonly number[] {
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step);
}

function lineOf({ points, hollow, bare }: XySeries, index: number, x: Scale, y: Scale): SVGTemplateResult {
  const within = (value: number) => y(Math.min(y.high, Math.max(y.low, value)));
  const line = pathOf(points, x, within);
  return svg`<g class="series-${index % 6}">
    <path class="xy-line" d=${line} stroke-dasharray=${lineStyle(index).dash.join(" ")} />
    ${points.map(({ x: at, y: value, interval }) => {
      if (value === null) return "";
      return svg`${
        interval === undefined
          ? ""
          : svg`<line class="xy-interval" x1=${x(at)} x2=${x(at)} y1=${within(interval[0])} y2=${within(interval[1])} />`
      }${bare === true ? "" : mark(index, x(at), within(value), hollow === true ? "dropped" : "active")}`;
    })}
  </g>`;
}

/** A path with a gap where a value is missing; a point alone becomes a short stroke, so that it is seen. */
function pathOf(points: readonly XyPoint[], x: Scale, y: (value: number) => number): string {
  let path = "";
  let open = false;
  points.forEach(({ x: at, y: value }, i) => {
    if (value === null) {
      open = false;
      return;
    }
    const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    path += open ? `L${place}` : `M${place}`;
    const alone = !open && (points[i + 1]?.y ?? null) === null;
    if (alone) path += "h1.5";
    open = true;
  });
  return path;
}

/** Names with their line and mark, in as many rows as the width takes. */
function keyOf(
  series: readonly XySeries[],
  width: number,
): { readonly rows: number; readonly items: readonly SVGTemplateResult[] } {
  if (series.length < 2) return { rows: 0, items: [] };
  let at = 4;
  let row = 0;
  const items = series.map(({ label, hollow, bare }, i) => {
    const size = 44 + letter * label.length;
    if (at > 4 && at + size > width) {
      at = 4;
      row += 1;
    }
    const y = 10 + row * lineHeight;
    const item = svg`<g class="series-${i % 6}">
      <line class="xy-line" x1=${at} x2=${at + 24} y1=${y} y2=${y} stroke-dasharray=${lineStyle(i).dash.join(" ")} />
      ${bare === true ? "" : mark(i, at + 12, y, hollow === true ? "dropped" : "active")}
      <text class="chart-text" x=${at + 30} y=${y + 4}>${label}</text>
    </g>`;
    at += size;
    return item;
  });
  return { rows: row + 1, items };
}
