import { html, svg, type TemplateResult } from "lit";
import { mark } from "./marks.ts";
import { lineStyle } from "./palette.ts";
import { linearScale, niceTicks, spreadLabels } from "./scale.ts";

export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly interval: readonly [number, number] }[];
}

const height = 300;
const labelHeight = 14;
/** Pixels between the points of neighbouring curves, so that their intervals can be told apart. */
const apart = 4;

/** Shares in [0, 1] along an axis, a line a curve, each point with its interval. */
export function curvePlot(options: {
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly width: number;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
}): TemplateResult {
  const { curves, width } = options;
  const slim = width < 480;
  const left = 52;
  const right = slim ? 16 : Math.min(width * 0.36, 30 + 6.6 * Math.max(0, ...curves.map(({ label }) => label.length)));
  const top = 22;
  const bottom = height - 40;
  const all = curves.flatMap(({ points }) => points);
  const xs = all.map((point) => point.x);
  const ys = all.flatMap((point) => point.interval);
  const xTicks = niceTicks(Math.min(...xs), Math.max(...xs), slim ? 4 : 8);
  const yTicks = niceTicks(Math.max(0, Math.min(...ys)), Math.min(1, Math.max(...ys)), 6).filter(
    (tick) => tick >= 0 && tick <= 1,
  );
  const x = linearScale([xTicks[0] ?? 0, xTicks.at(-1) ?? 1], [left + 10, width - right - 10]);
  const y = linearScale([yTicks[0] ?? 0, yTicks.at(-1) ?? 1], [bottom, top]);
  const shift = (i: number) => (i - (curves.length - 1) / 2) * apart;
  const ends = spreadLabels(
    curves.map(({ points }) => y(points.at(-1)?.y ?? 0)),
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
    ${curves.map(({ label, points }, i) => {
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
            : svg`${mark(i, width - right + 6, ends[i] ?? last.py, "active")}
              <text class="chart-text chart-label" x=${width - right + 15} y=${(ends[i] ?? last.py) + 4}>${label}</text>`
        }
      </g>`;
    })}
  </svg>
  ${slim ? legend(curves) : ""}`;
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
