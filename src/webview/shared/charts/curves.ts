import { html, svg, type TemplateResult } from "lit";
import { mark } from "./marks.ts";
import { lineStyle } from "./palette.ts";
import { spreadLabels } from "./scale.ts";
import { type PlotOptions, sharePlot } from "./sharePlot.ts";

export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly interval: readonly [number, number] }[];
}

const height = 300;
const labelHeight = 14;
/** Pixels between the points of neighbouring curves, so that their intervals can be told apart. */
const apart = 4;

/** Shares in [0, 1] along an axis, a line a curve, each point with its interval. */
export function curvePlot(options: PlotOptions & { readonly curves: readonly Curve[] }): TemplateResult {
  const { curves, width } = options;
  const slim = width < 480;
  const all = curves.flatMap(({ points }) => points);
  const xs = all.map((point) => point.x);
  const { x, y, top, bottom, end, draw } = sharePlot(options, {
    height,
    right: slim ? 16 : Math.min(width * 0.36, 30 + 6.6 * Math.max(0, ...curves.map(({ label }) => label.length))),
    inset: 10,
    xRange: [Math.min(...xs), Math.max(...xs)],
    xSteps: slim ? 4 : 8,
    ys: all.flatMap((point) => point.interval),
  });
  const shift = (i: number) => (i - (curves.length - 1) / 2) * apart;
  const ends = spreadLabels(
    curves.map(({ points }) => y(points.at(-1)?.y ?? 0)),
    labelHeight,
    top,
    bottom,
  );
  const lines = curves.map(({ label, points }, i) => {
    const at = points.map((point) => ({ ...point, px: x(point.x) + shift(i), py: y(point.y) }));
    const last = at.at(-1);
    return svg`<g class="series-${i % 6}">
      <path class="curve" d=${at.map(({ px, py }, n) => `${n === 0 ? "M" : "L"}${px.toFixed(1)} ${py.toFixed(1)}`).join("")} stroke-dasharray=${lineStyle(i).dash.join(" ") || "none"} />
      ${at.map(
        ({ px, py, interval }) =>
          svg`<line class="curve-interval" x1=${px} x2=${px} y1=${y(Math.max(y.low, interval[0]))} y2=${y(Math.min(y.high, interval[1]))} />
          ${mark(i, px, py, "active")}`,
      )}
      ${
        last === undefined || slim
          ? ""
          : svg`${mark(i, end + 6, ends[i] ?? last.py, "active")}
            <text class="chart-text chart-label" x=${end + 15} y=${(ends[i] ?? last.py) + 4}>${label}</text>`
      }
    </g>`;
  });
  return html`${draw(lines)}${slim ? legend(curves) : ""}`;
}

/** Names under the drawing where there is no room beside it. */
function legend(curves: readonly Curve[]): TemplateResult {
  return html`<ul class="chart-legend">
    ${curves.map(
      ({ label }, i) =>
        html`<li>
          <svg width="16" height="14" aria-hidden="true">${mark(i, 8, 7, "active")}</svg>${label}
        </li>`,
    )}
  </ul>`;
}
