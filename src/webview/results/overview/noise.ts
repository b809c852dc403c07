import { html, type TemplateResult } from "lit";
import type { VariantNoise } from "../../../engine/runner/events.ts";
import { count, percent, points } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";

/** How much each variant differs from itself: what a difference must exceed to mean anything. */
export function noiseView(noise: readonly VariantNoise[]): TemplateResult {
  return html`<section class="section" aria-labelledby="noise">
    <h2 id="noise">Noise floor</h2>
    <p class="muted">The same variant asked twice. A difference smaller than this would come up between two runs of one prompt.</p>
    <div class="table-scroll" ${scrollBox("Noise floor")}>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="number">Answers that changed</th>
            <th scope="col" class="number">Floor</th>
            <th scope="col" class="number">Rows</th>
          </tr>
        </thead>
        <tbody>
          ${noise.map(
            (one) => html`<tr>
              <th scope="row">${one.layout}</th>
              <td class="number">${percent(one.flipRate)}</td>
              <td class="number">${points(one.floor)}</td>
              <td class="number">${count(one.rows)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
