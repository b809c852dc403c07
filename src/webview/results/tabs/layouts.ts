import { html, nothing, type TemplateResult } from "lit";
import type { LayoutMetrics } from "../../../engine/layout/layout.ts";
import type { VariantSummary } from "../../../engine/runner/events.ts";
import { iconButton } from "../../shared/button.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { csvText } from "../../shared/csv.ts";
import { count, dollars, percent } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";

interface Measure {
  readonly key: keyof LayoutMetrics;
  readonly label: string;
  readonly title: string;
  readonly draw: "tokens" | "position" | "share" | "ratio";
}

const measures: readonly Measure[] = [
  { key: "promptTokens", label: "Prompt", title: "Tokens of the whole prompt, on average", draw: "tokens" },
  { key: "systemTokens", label: "System", title: "Tokens in the system message", draw: "tokens" },
  { key: "userTokens", label: "User", title: "Tokens in the user message", draw: "tokens" },
  { key: "systemToUser", label: "System : user", title: "System tokens over user tokens", draw: "ratio" },
  {
    key: "segmentPosition",
    label: "Segment at",
    title: "Where the segment begins: 0 % first, 100 % last",
    draw: "position",
  },
  { key: "questionPosition", label: "Question at", title: "Where the last question begins", draw: "position" },
  { key: "quickCheckPosition", label: "Quick check at", title: "Where the quick check begins", draw: "position" },
  {
    key: "cacheablePrefix",
    label: "Cacheable",
    title: "Leading tokens that are the same for every example",
    draw: "share",
  },
];

/** Where things stand in each layout's prompts, in tokens, averaged over the rows. */
export function layoutsTab({ details, nameOf, save }: ResultsContext): TemplateResult {
  const { variants } = details.summary;
  const mostTokens = Math.max(1, ...variants.map((variant) => variant.layoutMetrics.promptTokens));
  return html`<section class="section" aria-labelledby="layouts">
    <div class="section-head">
      <h2 id="layouts">Layouts</h2>
      ${iconButton({
        icon: "table",
        label: "Save the layout metrics as CSV",
        onClick: () =>
          save(
            "layouts.csv",
            csvText(
              ["variant", ...measures.map(({ key }) => key)],
              variants.map((variant) => [variant.id, ...measures.map(({ key }) => variant.layoutMetrics[key])]),
            ),
          ),
      })}
    </div>
    <p class="muted">Where things stand in the prompts, counted in tokens and averaged over the rows.</p>
    <div class="table-scroll" ${scrollBox("Layout metrics")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            ${measures.map((measure) => html`<th scope="col" class="number">${term(measure.label, measure.title)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${variants.map((variant) => row(variant, nameOf(variant.id), mostTokens))}
        </tbody>
      </table>
    </div>
  </section>
  ${prefixSection(variants, nameOf)}`;
}

/** What providers' prefix caches could serve of these prompts, and did, with what that is worth. */
function prefixSection(
  variants: readonly VariantSummary[],
  nameOf: ResultsContext["nameOf"],
): TemplateResult | typeof nothing {
  const known = variants.flatMap(({ id, prefix }) => (prefix === undefined ? [] : [{ id, prefix }]));
  if (!known.some(({ prefix }) => (prefix.cachedPerAnswer ?? 0) > 0 || prefix.perThousand !== null)) return nothing;
  // Where nothing is billed, two columns of nothing would only take room.
  const billed = known.some(({ prefix }) => prefix.perThousand === null || prefix.perThousand.cold > 0);
  const money = (value: number | undefined) =>
    value === undefined ? html`<span class="muted">unknown</span>` : value === 0 ? "free" : dollars(value);
  return html`<section class="section" aria-labelledby="prefixes">
    <h2 id="prefixes">Prefix caching</h2>
    <p class="muted">Providers serve a beginning they have just seen for less, from 1,024 tokens on in steps of 128.${
      billed ? nothing : " These models are free: there is nothing to save but time."
    }</p>
    <div class="table-scroll" ${scrollBox("Prefix caching")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="number">${term("Same for all", "Leading tokens that are the same for every example")}</th>
            <th scope="col" class="number">${term("Servable", "Of those, what such a cache serves to every example")}</th>
            <th scope="col" class="number">${term("Served", "Cached tokens an answer, as the provider reported them. More than the servable ones where neighbouring prompts share more than all do, where an answer takes several calls, and where a cache has no such steps")}</th>
            ${
              billed
                ? html`<th scope="col" class="number">${term("$ / 1,000, cold", "1,000 calls with nothing cached")}</th>
                    <th scope="col" class="number">${term("$ / 1,000, cached", "1,000 calls with the prefix in the cache")}</th>`
                : nothing
            }
          </tr>
        </thead>
        <tbody>
          ${known.map(
            ({ id, prefix }) => html`<tr>
              <th scope="row" class="nowrap">${nameOf(id)}</th>
              <td class="number">${count(prefix.tokens)}</td>
              <td class="number">${count(prefix.servable)}</td>
              <td class="number">${prefix.cachedPerAnswer === null ? html`<span class="muted">none</span>` : count(Math.round(prefix.cachedPerAnswer))}</td>
              ${billed ? html`<td class="number">${money(prefix.perThousand?.cold)}</td><td class="number">${money(prefix.perThousand?.warm)}</td>` : nothing}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function row(variant: VariantSummary, name: string, mostTokens: number): TemplateResult {
  return html`<tr>
    <th scope="row" class="nowrap">${name}</th>
    ${measures.map(({ key, draw }) => {
      const value = variant.layoutMetrics[key];
      if (value === null) return html`<td class="number muted">none</td>`;
      return html`<td class="number">${cell(draw, value, mostTokens)}</td>`;
    })}
  </tr>`;
}

function cell(draw: Measure["draw"], value: number, mostTokens: number): TemplateResult {
  switch (draw) {
    case "tokens":
      return html`${bar(value / mostTokens)} <span class="measure">${count(value)}</span>`;
    case "share":
      return html`${bar(value)} <span class="measure">${percent(value, 0)}</span>`;
    case "position":
      return html`<span class="mini-track" aria-hidden="true" ${cssVars({ share: value.toFixed(3) })}><span></span></span>
        <span class="measure">${percent(value, 0)}</span>`;
    case "ratio":
      return html`<span class="measure">${value.toFixed(2)}</span>`;
  }
}

function bar(share: number): TemplateResult {
  return html`<span class="mini-bar" aria-hidden="true" ${cssVars({ share: Math.min(1, share).toFixed(3) })}><span></span></span>`;
}
