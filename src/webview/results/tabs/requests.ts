import { html, nothing, type TemplateResult } from "lit";
import type { RequestStats } from "../../../engine/store/store.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { count, duration, milliseconds, percent } from "../../shared/format.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";
import { windowsView } from "./windows.ts";

/** How the calls went: how many, how fast, how well the limits were used, and what failed. */
export class RequestsTab extends PanelElement {
  static override properties = { context: { attribute: false }, stats: { state: true } };

  declare context: ResultsContext;
  declare private stats: Loaded<RequestStats>;
  #asked = -1;
  readonly #load = latestLoad<RequestStats>((loaded) => {
    this.stats = loaded;
  });

  constructor() {
    super();
    this.stats = notYet;
  }

  protected override willUpdate(): void {
    if (this.context.version === this.#asked) return;
    this.#asked = this.context.version;
    this.#load(this.context.channel.request("requestStats", undefined));
  }

  protected override render(): TemplateResult {
    return html`${this.#numbers()}${this.#latency()}${this.#queue()}
      <section class="section" aria-labelledby="request-errors">
        <h2 id="request-errors">Outcomes</h2>
        ${loadedView(this.stats, "Counting…", outcomes)}
      </section>`;
  }

  #numbers(): TemplateResult {
    const { requests } = this.context.details.summary;
    const answered = requests.succeeded + requests.cached;
    return html`<section class="section" aria-label="Requests in numbers">
      <dl class="numbers">
        ${number("Calls", count(requests.sent))}
        ${number("Answered by a call", count(requests.succeeded))}
        ${number("Answered from cache", html`${count(requests.cached)} <span class="muted">${answered === 0 ? "" : percent(requests.cached / answered, 0)}</span>`)}
        ${number("Retries", count(requests.retried))}
        ${number("Failures", count(requests.failed))}
      </dl>
    </section>`;
  }

  #latency(): TemplateResult {
    const { details, nameOf } = this.context;
    const measured = details.summary.variants.filter((variant) => variant.latency !== null);
    const most = Math.max(1, ...measured.map((variant) => variant.latency?.p95 ?? 0));
    return html`<section class="section" aria-labelledby="latency">
      <h2 id="latency">Latency</h2>
      <p class="muted">Of measured calls only: what came from a cache or a file took no time, and waiting in the queue is not part of it.</p>
      ${
        measured.length === 0
          ? html`<p>No call was measured.</p>`
          : html`<div class="table-scroll" ${scrollBox("Latency by variant")}>
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Variant</th>
                    <th scope="col" class="number">Half within (p50)</th>
                    <th scope="col" class="number">Nearly all within (p95)</th>
                    <th scope="col" class="number">Prompt tokens</th>
                    <th scope="col" class="number">Cached</th>
                  </tr>
                </thead>
                <tbody>
                  ${measured.map(
                    ({ id, latency, tokens }) => html`<tr>
                      <th scope="row" class="nowrap">${nameOf(id)}</th>
                      <td class="number">${bar((latency?.p50 ?? 0) / most)} <span class="measure wide">${milliseconds(latency?.p50)}</span></td>
                      <td class="number">${bar((latency?.p95 ?? 0) / most)} <span class="measure wide">${milliseconds(latency?.p95)}</span></td>
                      <td class="number">${count(tokens.prompt)}</td>
                      <td class="number">${tokens.prompt === 0 ? "–" : percent(tokens.cached / tokens.prompt, 0)}</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
      }
    </section>`;
  }

  #queue(): TemplateResult {
    const { queue } = this.context.details.summary;
    return html`<section class="section" aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <dl class="numbers">
        ${number("Took", duration(queue.makespanMs))}
        ${number("Could not be faster than", duration(queue.lowerBoundMs))}
        ${number("Saved by mixing models", duration(queue.savedMs))}
        ${number("Slots used", html`${count(queue.slotsUsed)} <span class="muted">${percent(queue.utilisation, 0)}</span>`)}
        ${number("Slots wasted", count(queue.slotsWasted))}
        ${number("Filled by another model", count(queue.crossModelFills))}
      </dl>
      ${queue.composition.length === 0 ? html`<p class="muted">No rate limit was in force, so there were no windows.</p>` : windowsView(this.context)}
    </section>`;
  }
}

function outcomes(stats: RequestStats): TemplateResult {
  const classes = Object.entries(stats.byErrorClass);
  return html`<div class="table-scroll" ${scrollBox("Outcomes by model")}>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">Completed</th>
            <th scope="col" class="number">Failed</th>
            <th scope="col" class="number">Pending</th>
            <th scope="col" class="number">Success</th>
          </tr>
        </thead>
        <tbody>
          ${stats.byModel.map(
            (model) => html`<tr>
              <th scope="row">${model.model}</th>
              <td class="number">${count(model.completed)}</td>
              <td class="number">${count(model.failed)}</td>
              <td class="number">${count(model.pending + model.processing)}</td>
              <td class="number">${model.successRate === undefined ? "–" : percent(model.successRate)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      classes.length === 0
        ? html`<p class="muted">No request failed for good.</p>`
        : html`<ul class="error-classes">
            ${classes.map(([name, n]) => html`<li><span class="number">${count(n)}</span> ${errorClasses[name] ?? name}</li>`)}
          </ul>`
    }
    ${stats.oldestPendingAt === undefined ? nothing : html`<p class="muted">The oldest pending request waits since ${new Date(stats.oldestPendingAt).toLocaleTimeString()}.</p>`}`;
}

const errorClasses: Readonly<Record<string, string>> = {
  unavailable: "because the provider was unavailable",
  invalid: "because the response was malformed or did not fit the schema",
  exception: "because of an exception",
};

function number(name: string, value: unknown): TemplateResult {
  return html`<div class="number-box"><dt>${name}</dt><dd>${value}</dd></div>`;
}

function bar(share: number): TemplateResult {
  return html`<span class="mini-bar" aria-hidden="true" ${cssVars({ share: Math.min(1, share).toFixed(3) })}><span></span></span>`;
}
