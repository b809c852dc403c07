import { html, nothing, type TemplateResult } from "lit";
import type { PreviewCost, PreviewModel } from "../../engine/preview/preview.ts";
import type { PreviewSelection } from "../../protocol/previewPanel.ts";
import { cssVars } from "../shared/cssVars.ts";
import { count, dollars, percent } from "../shared/format.ts";
import { groupsOf } from "../shared/messageGroups.ts";
import { banner } from "../shared/notice.ts";
import { partTitles } from "../shared/parts.ts";

/** What this prompt is and what it costs, before its text. */
export function factsView(
  preview: PreviewModel,
  onChange: (change: Partial<PreviewSelection>) => void,
): TemplateResult {
  const { tokens, prefix, example, trim } = preview;
  return html`<section class="facts" aria-label="About this prompt">
    <p class="muted">${preview.description}</p>
    <dl class="fact-list">
      ${fact("Expected", example.expected === undefined ? html`<span class="muted">none</span>` : html`<bdi class="expected">${example.expected}</bdi>`)}
      ${fact(
        "Tokens",
        html`${tokens.exact ? nothing : html`<abbr title="An estimate: ${tokens.error ?? "this model's own count may differ"}">≈</abbr> `}${count(tokens.total)}
          <span class="muted">(system ${count(tokens.system)}, user ${count(tokens.user)}, <span title="Tokens that mark where each message begins, who speaks, and where the answer starts">framing ${count(tokens.framing)}</span>)</span>`,
      )}
      ${fact("Cacheable prefix", html`${count(prefix.tokens)} <span class="muted">(${percent(prefix.share, 0)})</span>`)}
      ${fact("Cost", costView(preview.cost))}
      ${preview.chain === undefined ? nothing : fact("Question", chainView(preview.chain, onChange))}
      ${preview.pack === undefined ? nothing : fact("One request for", packView(preview.pack, onChange))}
    </dl>
    ${trim.summary === undefined ? nothing : banner(trim.fits ? "warning" : "error", `${capital(trim.summary)}.`)}
    ${tokenBar(preview)}
  </section>`;
}

/** The questions that are asked in turn; the one shown is pressed. */
function chainView(
  { hop, hops }: NonNullable<PreviewModel["chain"]>,
  onChange: (change: Partial<PreviewSelection>) => void,
): TemplateResult {
  return html`<span class="choices" role="group" aria-label="Questions of the chain"
    >${hops.map(
      ({ id, stopWhen }, i) =>
        html`<button
            type="button"
            class="choice"
            aria-pressed=${i === hop}
            title=${stopWhen === undefined ? `Show the prompt of ${id}` : `${id}: the answer ${stopWhen} ends the chain`}
            @click=${() => onChange({ hop: i })}
          >${i + 1} ${id}</button
        >`,
    )}</span
  >${hop === 0 ? nothing : html` <span class="muted">‹…› stands for an earlier answer</span>`}`;
}

/** The examples that share the request; the one shown is pressed. */
function packView(
  { number, members }: NonNullable<PreviewModel["pack"]>,
  onChange: (change: Partial<PreviewSelection>) => void,
): TemplateResult {
  return html`<span class="choices" role="group" aria-label="Examples of this request"
    >${members.map(
      ({ index, id }, i) =>
        html`<button
          type="button"
          class="choice"
          aria-pressed=${i + 1 === number}
          title="Example ${index + 1}, ${id}"
          @click=${() => onChange({ example: index })}
        >[${i + 1}]</button>`,
    )}</span
  > <span class="muted">${members.length} examples</span>`;
}

function fact(name: string, value: unknown): TemplateResult {
  return html`<div class="fact"><dt>${name}</dt><dd>${value}</dd></div>`;
}

function costView(cost: PreviewCost): TemplateResult {
  if (cost.kind === "unknown") return html`unknown <span class="muted">(${cost.reason})</span>`;
  if (cost.call === 0) return html`free`;
  return html`${dollars(cost.call)} a call, ${dollars(cost.call * 1000)} per 1,000${
    cost.cachedTokens > 0
      ? html`; <span class="muted">${dollars(cost.cachedCall * 1000)} with the prefix cached</span>`
      : nothing
  }`;
}

/** The prompt's shape from first to last token; the table below says the same. */
function tokenBar(preview: PreviewModel): TemplateResult {
  const groups = groupsOf(preview.messages, preview.prefix.end).flat();
  const total = groups.reduce((sum, group) => sum + (group.tokens ?? 0), 0);
  const rows = partRows(preview);
  return html`<div class="token-bar" role="img" aria-label="Tokens by part, from first to last; the table below has the numbers">
      ${groups.map((group) => {
        const tokens = group.tokens ?? 0;
        if (tokens === 0) return nothing;
        return html`<span
          class="token-part swatch"
          data-part=${group.part}
          title="${partTitles[group.part]}: ${count(tokens)} tokens"
          ${cssVars({ tokens })}
        ></span>`;
      })}
    </div>
    <div class="prefix-ruler" aria-hidden="true" ${cssVars({ share: total === 0 ? 0 : preview.prefix.tokens / total })}><span></span></div>
    <details class="token-table">
      <summary>Tokens by part</summary>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col" class="number">Tokens</th>
            <th scope="col" class="number">Share</th>
            <th scope="col">For every example</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr>
              <th scope="row"><span class="part-cell" data-part=${row.part}><span class="swatch"></span>${partTitles[row.part]}</span></th>
              <td class="number">${count(row.tokens)}</td>
              <td class="number">${percent(row.share)}</td>
              <td class="muted">${row.fixed ? "the same" : "varies"}</td>
            </tr>`,
          )}
          <tr>
            <th scope="row">Message framing</th>
            <td class="number">${count(preview.tokens.framing)}</td>
            <td class="number">${percent(preview.tokens.framing / preview.tokens.total)}</td>
            <td class="muted">the same</td>
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All that is sent</th>
            <td class="number">${count(preview.tokens.total)}</td>
            <td class="number">${percent(1)}</td>
            <td></td>
          </tr>
        </tfoot>
      </table>
    </details>`;
}

/** What of the prompt as sent each part takes. */
function partRows(preview: PreviewModel) {
  const pieces = preview.messages.flatMap((message) => message.pieces);
  const parts = [...new Set(pieces.map((piece) => piece.part))];
  return parts.map((part) => {
    const tokens = preview.tokens.byPart[part] ?? 0;
    return {
      part,
      tokens,
      share: tokens / preview.tokens.total,
      fixed: pieces.every((piece) => piece.part !== part || piece.fixed),
    };
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
