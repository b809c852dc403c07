import { html, svg, type TemplateResult } from "lit";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { linearScale, niceTicks } from "../../shared/charts/scale.ts";
import { csvText } from "../../shared/csv.ts";
import { count } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";

const height = 180;
const most = 120;
/** From one bar to the next. */
const widest = 56;

/** Who filled each rate-limit window. */
export function windowsView({ details, save }: ResultsContext): TemplateResult {
  const { composition } = details.summary.queue;
  const windows = composition.slice(-most);
  const models = [...new Set(windows.flatMap((window) => Object.keys(window.byModel)))];
  const totals = windows.map((window) => Object.values(window.byModel).reduce((sum, n) => sum + n, 0));
  const left = composition.length - windows.length;
  return chartFrame({
    title: "Requests in each window",
    name: "windows",
    ...(left > 0 ? { note: `The last ${most}; ${count(left)} earlier ones are left out.` } : {}),
    draw: (width) => {
      const ticks = niceTicks(0, Math.max(1, ...totals), 4);
      const y = linearScale([0, ticks.at(-1) ?? 1], [height - 34, 8]);
      const step = Math.min(widest, (width - 50) / windows.length);
      return html`<svg class="chart-svg" role="img" aria-label="Requests by model in each rate-limit window; the table below has the numbers" width=${width} height=${height}>
        ${ticks.map(
          (tick) => svg`<line class="chart-grid" x1="44" x2=${width} y1=${y(tick)} y2=${y(tick)} />
            <text class="chart-text chart-muted" x="38" y=${y(tick) + 4} text-anchor="end">${count(tick)}</text>`,
        )}
        ${windows.map((window, i) => {
          let base = 0;
          return models.map((model, m) => {
            const n = window.byModel[model] ?? 0;
            const from = base;
            base += n;
            return n === 0
              ? svg``
              : svg`<rect class="window-bar series-${m % 6}" x=${46 + i * step} width=${Math.max(1, Math.min(48, step - 3))} y=${y(base)} height=${Math.max(0, y(from) - y(base) - 1)} />`;
          });
        })}
        <text class="chart-text chart-muted" x=${width / 2} y=${height - 6} text-anchor="middle">windows, first to last</text>
      </svg>`;
    },
    table: html`<div class="table-scroll" ${scrollBox("Requests in each window")}>
      <table class="table compact">
        <thead>
          <tr><th scope="col">Window</th><th scope="col">Pool</th>${models.map((model, m) => html`<th scope="col" class="number"><span class="series-key series-${m % 6}"></span>${model}</th>`)}</tr>
        </thead>
        <tbody>
          ${windows.map(
            (window) => html`<tr>
              <th scope="row">${window.window + 1}</th>
              <td>${window.pool}</td>
              ${models.map((model) => html`<td class="number">${count(window.byModel[model] ?? 0)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`,
    csv: () =>
      csvText(
        ["window", "pool", ...models],
        composition.map((window) => [
          window.window + 1,
          window.pool,
          ...models.map((model) => window.byModel[model] ?? 0),
        ]),
      ),
    onSave: save,
  });
}
