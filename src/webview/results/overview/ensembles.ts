import { html, type TemplateResult } from "lit";
import type { EnsembleReport } from "../../../engine/ensemble/judge.ts";
import { count, listed, percent, signedPoints } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";

/** What combining layouts is worth, against the best of them alone. */
export function ensemblesView(reports: readonly EnsembleReport[]): TemplateResult {
  const several = new Set(reports.map(({ model }) => model)).size > 1;
  return html`<section class="section" aria-labelledby="ensembles">
    <h2 id="ensembles">Ensembles</h2>
    <div class="table-scroll" ${scrollBox("Ensembles")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Members</th>
            ${several ? html`<th scope="col">Model</th>` : ""}
            <th scope="col">Combined by</th>
            <th scope="col" class="number">Accuracy</th>
            <th scope="col" class="number">${term("Gain", "Combined minus the best member, in points")}</th>
            <th scope="col" class="number">${term("At most", "Share of rows on which some member is right")}</th>
            <th scope="col" class="number">Rows</th>
            <th scope="col">Worth it?</th>
          </tr>
        </thead>
        <tbody>
          ${reports.map(
            (report) => html`<tr>
              <th scope="row">${listed(report.members.map(({ name }) => name))}</th>
              ${several ? html`<td>${report.model}</td>` : ""}
              <td>${report.combine}</td>
              <td class="number">${percent(report.accuracy)}</td>
              <td class="number">${signedPoints(report.gain)} <span class="muted">(${signedPoints(report.gainInterval[0])} to ${signedPoints(report.gainInterval[1])})</span></td>
              <td class="number">${percent(report.ceiling)}</td>
              <td class="number">${count(report.rows)}</td>
              <td class="ensemble-reason">${report.pays ? "yes" : "no"} <span class="muted">${report.explanation}</span></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
