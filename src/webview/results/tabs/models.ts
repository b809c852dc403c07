import { html, nothing, type TemplateResult } from "lit";
import type { CrossModelReport } from "../../../engine/analysis/crossModel.ts";
import type { ModelAgreement } from "../../../engine/decide/models.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { heatMap } from "../../shared/charts/heatMap.ts";
import { csvText } from "../../shared/csv.ts";
import { count, interval, percent } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";
import { reportView } from "../reportView.ts";

/** Layouts by models: how they fare, whether the one depends on the other, and how far the models agree on the order. */
export function modelsTab(context: ResultsContext): TemplateResult {
  return reportView(context, "crossModel", "Laying layouts by models…", (report) => draw(context, report));
}

function draw(context: ResultsContext, report: CrossModelReport): TemplateResult {
  const { models: agreement } = context.details.summary;
  const { models, layouts, interaction } = report;
  if (layouts.every(({ cells }) => cells.every((cell) => cell === null))) {
    return emptyState({ icon: "graph", title: "No trial has been scored yet" });
  }
  return html`<section class="section" aria-labelledby="models">
      <h2 id="models">Models side by side</h2>
      ${agreement === undefined ? nothing : html`<p>${agreement.explanation}</p>`}
      ${
        interaction !== null
          ? html`<p>${interaction.explanation}</p>`
          : models.length < 2
            ? html`<p class="muted">There is one model. With a second one, this says whether what a layout does depends on the model.</p>`
            : nothing
      }
      ${report.factors.map(({ explanation }) => html`<p>${explanation}</p>`)}
      ${map(context, report)}
    </section>
    ${agreement === undefined ? nothing : ranksView(agreement)}`;
}

function map(context: ResultsContext, { models, layouts }: CrossModelReport): TemplateResult {
  return chartFrame({
    title: "Accuracy by layout and model",
    name: "models",
    note: "Each on the rows it was asked, which differ where a race dropped some early; the stronger the colour, the more accurate.",
    draw: (width) =>
      heatMap({
        label: "Accuracy by layout and model; the table below has the numbers",
        rows: layouts.map(({ layout }) => layout),
        columns: models,
        cells: layouts.map(({ cells }) =>
          cells.map((cell) =>
            cell === null
              ? null
              : { value: cell.accuracy, text: percent(cell.accuracy), detail: interval(cell.interval) },
          ),
        ),
        width,
      }),
    table: html`<div class="table-scroll" ${scrollBox("Accuracy by layout and model")}><table class="table compact">
      <thead>
        <tr><th scope="col">Layout</th><th scope="col">Model</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Interval</th><th scope="col" class="number">Rows</th></tr>
      </thead>
      <tbody>
        ${layouts.flatMap(({ layout, cells }) =>
          cells.map((cell, m) =>
            cell === null
              ? nothing
              : html`<tr>
                  <th scope="row">${layout}</th>
                  <td>${models[m]}</td>
                  <td class="number">${percent(cell.accuracy)}</td>
                  <td class="number">${interval(cell.interval)}</td>
                  <td class="number">${count(cell.rows)}</td>
                </tr>`,
          ),
        )}
      </tbody>
    </table></div>`,
    csv: () =>
      csvText(
        ["layout", "model", "accuracy", "low", "high", "rows"],
        layouts.flatMap(({ layout, cells }) =>
          cells.flatMap((cell, m) =>
            cell === null ? [] : [[layout, models[m], cell.accuracy, ...cell.interval, cell.rows]],
          ),
        ),
      ),
    onSave: context.save,
  });
}

function ranksView({ models, layouts, tau }: ModelAgreement): TemplateResult {
  return html`<section class="section" aria-labelledby="ranks">
    <h2 id="ranks">How far the models agree on the order</h2>
    <div class="table-scroll" ${scrollBox("Rank agreement")}>
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
    </div>
    <div class="table-scroll" ${scrollBox("Layouts by mean rank")}>
      <table class="table compact">
        <thead>
          <tr><th scope="col">Layout</th><th scope="col" class="number">${term("Mean rank", "Mean place among the layouts, 1 is best; brought to the same rows where a race dropped some early")}</th></tr>
        </thead>
        <tbody>
          ${layouts.map(({ layout, meanRank }) => html`<tr><th scope="row">${layout}</th><td class="number">${meanRank.toFixed(1)}</td></tr>`)}
        </tbody>
      </table>
    </div>
  </section>`;
}
