import { html, nothing, type TemplateResult } from "lit";
import type { TrialDetail } from "../../../engine/api.ts";
import type { RequestRecord, TrialRow } from "../../../engine/store/store.ts";
import { button } from "../../shared/button.ts";
import { count, dollars, milliseconds, percent } from "../../shared/format.ts";
import { messageView } from "../../shared/messageView.ts";
import { banner } from "../../shared/notice.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { outcomeView } from "./outcome.ts";

/** What fits a pane; the whole text opens in an editor. */
const longestShown = 20_000;

/** One trial: what was asked, what came back, and what the other variants made of the same row. */
export function detailView(
  context: ResultsContext,
  detail: TrialDetail,
  onSelect: (selected: readonly number[]) => void,
): TemplateResult {
  const { trial, place } = detail;
  const { channel, send, nameOf, details } = context;
  const name = nameOf(details.summary.variants[trial.variant]?.id ?? "");
  return html`
    <div class="section">
      <div class="section-head">
        <h2>Row ${count(trial.row)}, ${name}</h2>
        ${
          place === undefined
            ? nothing
            : button({
                label: "Open Row",
                icon: "go-to-file",
                title: "Show this row in the dataset file",
                onClick: () => send(channel.request("openRow", place)),
              })
        }
      </div>
      <dl class="answers">
        <dt>Outcome</dt>
        <dd>${outcomeView(trial)}</dd>
        <dt>Expected</dt>
        <dd class="mono"><bdi>${trial.expected ?? "–"}</bdi></dd>
        <dt>Answered</dt>
        <dd class="mono"><bdi>${shortened(trial.prediction ?? "–")}</bdi></dd>
        ${Object.entries(trial.notes ?? {}).map(
          ([name, { kind, detail: words }]) =>
            html`<dt>${name}</dt><dd><bdi>${shortened(words === undefined ? kind : `${kind}: ${words}`)}</bdi></dd>`,
        )}
        ${trial.confidence === undefined ? nothing : html`<dt>Confidence</dt><dd>${percent(trial.confidence, 0)}</dd>`}
      </dl>
      ${trial.errorMessage === undefined ? nothing : banner("warning", trial.errorMessage)}
      ${fieldsView(detail)}
    </div>
    <section class="section" aria-labelledby="row-variants">
      <h3 id="row-variants">Every variant on this row</h3>
      ${rowTable(context, detail, onSelect)}
    </section>
    <section class="section" aria-labelledby="raw-response">
      ${longText({ context, id: "raw-response", title: "Response", text: trial.rawResponse, none: "No response was kept." })}
    </section>
    <section class="section prompt" aria-labelledby="sent-prompt">
      <h3 id="sent-prompt">Prompt</h3>
      ${
        detail.prompt.length === 0
          ? html`<p class="muted">The prompt is no longer stored.</p>`
          : messageView({ id: "trial", messages: detail.prompt })
      }
    </section>
    ${detail.request === undefined ? nothing : requestView(detail.request)}
  `;
}

function fieldsView({ fields }: TrialDetail): TemplateResult {
  return html`<div class="fields-scroll" ${scrollBox("Fields of the row")}><dl class="fields">
    ${Object.entries(fields).map(
      ([name, value]) =>
        html`<dt>${name}</dt><dd><bdi>${value === null ? html`<span class="muted">empty</span>` : shortened(String(value))}</bdi></dd>`,
    )}
  </dl></div>`;
}

function rowTable(
  { channel, send, nameOf, details }: ResultsContext,
  { trial, row }: TrialDetail,
  onSelect: (selected: readonly number[]) => void,
): TemplateResult {
  const { variants } = details.summary;
  const title = (one: TrialRow) => nameOf(variants[one.variant]?.id ?? "");
  return html`<div class="table-scroll" ${scrollBox("Every variant on this row")}>
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Variant</th>
          <th scope="col">Outcome</th>
          <th scope="col">Answered</th>
          <th scope="col"><span class="unseen">Compare</span></th>
        </tr>
      </thead>
      <tbody>
        ${row.map((one) => {
          const current = one.variant === trial.variant && one.repeat === trial.repeat;
          return html`<tr class=${current ? "is-current" : ""}>
            <th scope="row">${
              current
                ? title(one)
                : html`<button type="button" class="link" @click=${() => onSelect([one.variant, one.position, one.repeat])}>${title(one)}</button>`
            }</th>
            <td>${outcomeView(one)}</td>
            <td class="mono row-answer"><bdi>${(one.prediction ?? "–").slice(0, 200)}</bdi></td>
            <td>${
              current
                ? nothing
                : button({
                    label: "Diff",
                    title: `Compare the raw responses of ${title(trial)} and ${title(one)}`,
                    onClick: () =>
                      send(
                        channel.request("diff", {
                          title: `Row ${trial.row}: ${title(trial)} and ${title(one)}`,
                          left: trial.rawResponse ?? "",
                          right: one.rawResponse ?? "",
                        }),
                      ),
                  })
            }</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function longText(options: {
  readonly context: ResultsContext;
  readonly id: string;
  readonly title: string;
  readonly text: string | undefined;
  readonly none: string;
}): TemplateResult {
  const { context, title, text } = options;
  const left = (text?.length ?? 0) - longestShown;
  return html`<div class="section-head">
      <h3 id=${options.id}>${title}</h3>
      ${
        text === undefined || text === ""
          ? nothing
          : button({
              label: "Open in Editor",
              onClick: () => context.send(context.channel.request("openText", { title, text })),
            })
      }
    </div>
    ${
      text === undefined || text === ""
        ? html`<p class="muted">${options.none}</p>`
        : html`<pre class="raw" tabindex="0" aria-labelledby=${options.id}>${left > 0 ? text.slice(0, longestShown) : text}</pre>
            ${left > 0 ? html`<p class="muted">${count(left)} more characters; open it in the editor to see them.</p>` : nothing}`
    }`;
}

function requestView(request: RequestRecord): TemplateResult {
  const facts: readonly (readonly [string, unknown])[] = [
    [
      "Model",
      request.servedModel === undefined || request.servedModel === request.model
        ? request.model
        : `${request.model}, served as ${request.servedModel}`,
    ],
    ["State", request.state],
    ["Source", request.source],
    ["Attempts", request.attempts],
    ["Latency", request.latencyMs === undefined ? undefined : milliseconds(request.latencyMs)],
    ["First token", request.firstTokenMs === undefined ? undefined : milliseconds(request.firstTokenMs)],
    ["Waited in queue", request.queuedMs === undefined ? undefined : milliseconds(request.queuedMs)],
    [
      "Prompt tokens",
      request.promptTokens === undefined
        ? `about ${count(request.promptTokensEstimated)}`
        : count(request.promptTokens),
    ],
    ["Answer tokens", request.completionTokens === undefined ? undefined : count(request.completionTokens)],
    ["Cached tokens", request.cachedTokens === undefined ? undefined : count(request.cachedTokens)],
    ["Cost", dollars(request.cost)],
    ["Trimmed", request.context],
    ["Failure", request.errorClass],
    ["Message", request.errorMessage],
    ["Validation", request.validationErrors],
  ];
  return html`<section class="section" aria-labelledby="request-facts">
    <h3 id="request-facts">Request</h3>
    <dl class="fields">
      ${facts.map(([name, value]) => (value === undefined ? nothing : html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`))}
    </dl>
  </section>`;
}

function shortened(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)} …` : text;
}
