import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { RunView, VariantView } from "../../engine/runner/events.ts";
import { type Domain, intervalBar, intervalScale, sharedDomain } from "../shared/charts/intervalBar.ts";
import { cssVars } from "../shared/cssVars.ts";
import { count, interval, percent } from "../shared/format.ts";
import { icon } from "../shared/icon.ts";
import { scrollBox } from "../shared/scrollBox.ts";
import { term } from "../shared/term.ts";
import { variantNames } from "../shared/variantNames.ts";
import { questionWords } from "./words.ts";

const signs = {
  active: { icon: "circle-outline", word: "in the race" },
  dropped: { icon: "close", word: "dropped" },
  won: { icon: "star-full", word: "won" },
} as const;

/** Once the run is over there is no race to be in. */
const stayed = { icon: "circle-outline", word: "not dropped" } as const;

/** The race: one row a variant, the bar and its numbers side by side, so the table is the chart's twin. */
export function variantsView({ variants, question, mode, status }: RunView): TemplateResult {
  const going = status === "running" || status === "stopping";
  const domain = sharedDomain(variants.filter((one) => one.trials > 0).map((one) => one.interval));
  const names = variantNames(variants, { grouped: true });
  const models = [...new Set(variants.map((variant) => variant.model))];
  return html`<section class="section" aria-labelledby="race">
    <h2 id="race">Variants</h2>
    ${question === undefined ? nothing : html`<p class="muted" id="question">${questionWords(question, mode)}</p>`}
    <div class="table-scroll" ${scrollBox("Variants")}>
      <table class="table race">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="race-bar"><span class="unseen">Accuracy with interval, in percent</span>${intervalScale(domain)}</th>
            <th scope="col" class="number">Accuracy</th>
            <th scope="col" class="number">Interval</th>
            <th scope="col" class="number">Trials</th>
            <th scope="col">${term("Evidence against", "At 100 % the variant is dropped")}</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        ${models.map(
          (model) => html`<tbody>
            ${models.length > 1 ? html`<tr class="race-model"><th scope="rowgroup" colspan="7">${model}</th></tr>` : nothing}
            ${repeat(
              variants.filter((variant) => variant.model === model),
              (variant) => variant.id,
              (variant) => row(variant, names.get(variant.id) ?? variant.id, domain, going),
            )}
          </tbody>`,
        )}
      </table>
    </div>
  </section>`;
}

function row(variant: VariantView, name: string, domain: Domain, going: boolean): TemplateResult {
  const sign = variant.status === "active" && !going ? stayed : signs[variant.status];
  const none = variant.trials === 0;
  return html`<tr class="is-${variant.status}">
    <th scope="row" class="race-name">${name}</th>
    <td class="race-bar">${none ? nothing : intervalBar(variant.accuracy, variant.interval, domain)}</td>
    <td class="number">${none ? "–" : percent(variant.accuracy)}</td>
    <td class="number muted">${none ? "–" : interval(variant.interval)}</td>
    <td class="number">${count(variant.trials)}</td>
    <td>
      <span class="evidence"
        ><span class="evidence-bar" aria-hidden="true"><span ${cssVars({ share: Math.min(1, variant.evidence).toFixed(3) })}></span></span
        ><span class="number">${percent(Math.min(1, variant.evidence), 0)}</span></span
      >
    </td>
    <td class="race-status"><span class="race-word">${icon(sign.icon)} ${sign.word}</span>${
      variant.reason === "" ? nothing : html`<span class="race-reason muted">${variant.reason}</span>`
    }</td>
  </tr>`;
}
