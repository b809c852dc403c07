import { html, type TemplateResult } from "lit";
import type { RunView } from "../../engine/runner/events.ts";
import type { ChartLine } from "../shared/charts/timeChart.ts";
import { duration, percent } from "../shared/format.ts";
import { scrollBox } from "../shared/scrollBox.ts";
import { variantNames } from "../shared/variantNames.ts";
import type { History } from "./series.ts";

/** How accuracy and speed went over the run's time. */
export function seriesView(history: History, view: RunView): TemplateResult {
  const names = variantNames(view.variants);
  const accuracy: ChartLine[] = view.variants.map((variant) => ({
    label: names.get(variant.id) ?? variant.id,
    values: history.accuracy[variant.id] ?? [],
  }));
  const rate: ChartLine[] = [{ label: "Calls per second", values: history.rate }];
  return html`<section class="section" aria-labelledby="over-time">
    <h2 id="over-time">Over time</h2>
    <div class="series">
      <figure>
        <figcaption class="muted">Accuracy, percent</figcaption>
        <time-chart
          label="Accuracy of each variant over time, in percent; the table below has the numbers"
          .at=${history.at}
          .lines=${accuracy}
          .scale=${100}
        ></time-chart>
      </figure>
      <figure>
        <figcaption class="muted">Calls per second</figcaption>
        <time-chart
          label="Calls per second over time; the table below has the numbers"
          .at=${history.at}
          .lines=${rate}
          .scale=${1}
          .fromZero=${true}
        ></time-chart>
      </figure>
    </div>
    ${table(history, accuracy)}
  </section>`;
}

/** The same as rows; a dozen moments are enough to read the course. */
function table(history: History, lines: readonly ChartLine[]): TemplateResult {
  const step = Math.max(1, Math.ceil(history.at.length / 12));
  const moments = history.at.map((_, i) => i).filter((i) => i % step === 0 || i === history.at.length - 1);
  return html`<details>
    <summary>As a table</summary>
    <div class="table-scroll" ${scrollBox("Course of the run")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Elapsed</th>
            <th scope="col" class="number">Calls/s</th>
            ${lines.map((line) => html`<th scope="col" class="number">${line.label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${moments.map(
            (i) => html`<tr>
              <th scope="row">${duration(history.at[i])}</th>
              <td class="number">${history.rate[i]?.toFixed(1)}</td>
              ${lines.map((line) => {
                const value = line.values[i];
                return html`<td class="number">${value === null || value === undefined ? "–" : percent(value)}</td>`;
              })}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
