import { html, type TemplateResult } from "lit";
import type { ModelAgreement } from "../../../engine/decide/models.ts";
import { iconButton } from "../../shared/button.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { csvText } from "../../shared/csv.ts";
import { percent } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";

/** Layouts by models: a heat map whose cells are its numbers, and how far the models agree on the order. */
export function modelsView({ save }: ResultsContext, agreement: ModelAgreement): TemplateResult {
  const { models, layouts, tau } = agreement;
  const means = layouts.flatMap((layout) => layout.means);
  const low = Math.min(...means);
  const span = Math.max(...means) - low || 1;
  return html`<section class="section" aria-labelledby="models">
    <div class="section-head">
      <h2 id="models">Models side by side</h2>
      ${iconButton({
        icon: "table",
        label: "Save the models side by side as CSV",
        onClick: () =>
          save(
            "models.csv",
            csvText(
              ["layout", "mean_rank", ...models.map(({ model }) => model)],
              layouts.map((layout) => [layout.layout, layout.meanRank, ...layout.means]),
            ),
          ),
      })}
    </div>
    <p>${agreement.explanation}</p>
    <div class="table-scroll" ${scrollBox("Accuracy by layout and model")}>
      <table class="table compact heat">
        <thead>
          <tr>
            <th scope="col">Layout</th>
            ${models.map(({ model }) => html`<th scope="col" class="number">${model}</th>`)}
            <th scope="col" class="number" title="Mean place among the layouts, 1 is best">Mean rank</th>
          </tr>
        </thead>
        <tbody>
          ${layouts.map(
            (layout) => html`<tr>
              <th scope="row">${layout.layout}</th>
              ${layout.means.map((mean) => html`<td class="number heat-cell" ${cssVars({ share: ((mean - low) / span).toFixed(3) })}>${percent(mean)}</td>`)}
              <td class="number">${layout.meanRank.toFixed(1)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <details>
      <summary>Rank agreement between the models</summary>
      <table class="table compact">
        <caption>Kendall’s tau: 1 the same order, 0 none, −1 reversed</caption>
        <thead>
          <tr>
            <td></td>
            ${models.map(({ model }) => html`<th scope="col" class="number">${model}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${tau.map(
            (row, i) => html`<tr>
              <th scope="row">${models[i]?.model}</th>
              ${row.map((value) => html`<td class="number">${value.toFixed(2).replace("-", "−")}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`;
}
