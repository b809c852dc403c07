import { html, nothing, type TemplateResult } from "lit";
import type { RunMetrics } from "../../../engine/metrics/runMetrics.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { compact, count, dollars, duration, milliseconds, percent, rate } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { spreadsView } from "./spreads.ts";
import { timelineView } from "./timeline.ts";
import { windowsView } from "./windows.ts";

/** How the calls went: how many, how fast, how well the limits were used, and what failed. */
export function requestsTab(context: ResultsContext): TemplateResult {
  const { metrics } = context.details.summary;
  return html`${numbersView(context)}${timelineView(context)}${timesView(context)}${queueView(context)}${outcomesView(metrics)}`;
}

function numbersView({ details }: ResultsContext): TemplateResult {
  const { requests, metrics } = details.summary;
  const { throughput, savings, tokens } = metrics;
  const answered = requests.succeeded + requests.cached;
  return html`<section class="section" aria-label="Requests in numbers">
    <dl class="numbers">
      ${number("Calls", count(requests.sent))}
      ${number("Answered by a call", count(requests.succeeded))}
      ${number("Answered from cache", html`${count(requests.cached)} ${share(answered, requests.cached)}`)}
      ${number("Retries", count(requests.retried))}
      ${number("Failures", count(requests.failed))}
      ${throughput === null ? nothing : number("Calls per second", rate(throughput.callsPerSecond))}
      ${throughput === null ? nothing : number("Tokens per second", count(throughput.tokensPerSecond))}
      ${number("Prompt tokens", compact(tokens.prompt))}
      ${number("Answer tokens", compact(tokens.completion))}
      ${number("Served from a prefix cache", html`${compact(tokens.cached)} <span class="muted">${percent(savings.cachedShare, 0)}</span>`)}
      ${savings.cachedCost === null ? nothing : number("Saved by prefix caches", dollars(savings.cachedCost))}
      ${savings.reusedTokens === 0 ? nothing : number("Tokens not sent again", compact(savings.reusedTokens))}
    </dl>
  </section>`;
}

function timesView({ details, nameOf }: ResultsContext): TemplateResult {
  const measured = details.summary.variants.filter((variant) => variant.latency !== null);
  const most = Math.max(1, ...measured.map((variant) => variant.latency?.p95 ?? 0));
  return html`<section class="section" aria-labelledby="latency">
    <h2 id="latency">Latency</h2>
    <p class="muted">Of measured calls only: what came from a cache or a file took no time, and waiting in the queue is not part of a call.</p>
    ${
      measured.length === 0
        ? html`<p>No call was measured.</p>`
        : html`${spreadsView(details.summary.metrics)}
            <div class="table-scroll" ${scrollBox("Latency by variant")}>
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

function queueView(context: ResultsContext): TemplateResult {
  const { queue } = context.details.summary;
  const limited = queue.composition.length > 0;
  return html`<section class="section" aria-labelledby="queue">
    <h2 id="queue">Queue</h2>
    <dl class="numbers">
      ${number("Took", duration(queue.makespanMs))}
      ${number("Could not be faster than", duration(queue.lowerBoundMs))}
      ${number("Saved by mixing models", duration(queue.savedMs))}
      ${
        limited
          ? html`${number("Slots used", html`${count(queue.slotsUsed)} <span class="muted">${percent(queue.utilisation, 0)}</span>`)}
              ${number("Slots wasted", count(queue.slotsWasted))}
              ${number("Filled by another model", count(queue.crossModelFills))}`
          : nothing
      }
    </dl>
    ${limited ? windowsView(context) : html`<p class="muted">No rate limit was in force, so there were no windows.</p>`}
  </section>`;
}

function outcomesView({ models, errors, tools }: RunMetrics): TemplateResult {
  const classes = Object.entries(errors);
  return html`<section class="section" aria-labelledby="outcomes">
    <h2 id="outcomes">Outcomes</h2>
    <div class="table-scroll" ${scrollBox("Outcomes by model")}>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">Completed</th>
            <th scope="col" class="number">Failed</th>
            <th scope="col" class="number">Open</th>
            <th scope="col" class="number">Success</th>
          </tr>
        </thead>
        <tbody>
          ${models.map(
            (model) => html`<tr>
              <th scope="row">${model.name}</th>
              <td class="number">${count(model.completed)}</td>
              <td class="number">${count(model.failed)}</td>
              <td class="number">${count(model.open)}</td>
              <td class="number">${model.successRate === null ? "–" : percent(model.successRate)}</td>
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
    ${
      Object.keys(tools).length === 0
        ? nothing
        : html`<p>Tools called: ${Object.entries(tools)
            .map(([name, n]) => `${name} ${count(n)}`)
            .join(", ")}</p>`
    }
  </section>`;
}

const errorClasses: Readonly<Record<string, string>> = {
  unavailable: "because the provider was unavailable",
  invalid: "because the response was malformed or did not fit the schema",
  exception: "because of an exception",
};

function number(name: string, value: unknown): TemplateResult {
  return html`<div class="number-box"><dt>${name}</dt><dd>${value}</dd></div>`;
}

function share(whole: number, part: number): TemplateResult | typeof nothing {
  return whole === 0 ? nothing : html`<span class="muted">${percent(part / whole, 0)}</span>`;
}

function bar(share: number): TemplateResult {
  return html`<span class="mini-bar" aria-hidden="true" ${cssVars({ share: Math.min(1, share).toFixed(3) })}><span></span></span>`;
}
