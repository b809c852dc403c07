import { html, nothing, type TemplateResult } from "lit";
import type { RunMetrics, Spread } from "../../../engine/metrics/runMetrics.ts";
import { count, milliseconds } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";

/** How long things took: the whole call, the first token, the wait for a slot. */
export function spreadsView(metrics: RunMetrics): TemplateResult {
  const several = metrics.models.length > 1;
  const rows: readonly (readonly [string, Spread | null])[] = [
    ["A call", metrics.latency],
    ["Until the first token", metrics.firstToken],
    ["Waiting for a slot", metrics.queueWait],
    ...(several ? metrics.models.map(({ name, latency }) => [`A call to ${name}`, latency] as const) : []),
  ];
  return html`<div class="table-scroll" ${scrollBox("Times")}>
    <table class="table compact">
      <thead>
        <tr>
          <th scope="col">Time of</th>
          ${["p50", "p90", "p95", "p99", "Longest", "Measured"].map((name) => html`<th scope="col" class="number">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(([name, spread]) =>
          spread === null
            ? nothing
            : html`<tr>
                <th scope="row" class="nowrap">${name}</th>
                ${[spread.p50, spread.p90, spread.p95, spread.p99, spread.max].map((ms) => html`<td class="number">${milliseconds(ms)}</td>`)}
                <td class="number">${count(spread.count)}</td>
              </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
