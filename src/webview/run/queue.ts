import { html, nothing, type TemplateResult } from "lit";
import type { ModelSnapshot, PoolSnapshot } from "../../engine/queue/queue.ts";
import type { RunView } from "../../engine/runner/events.ts";
import { iconButton } from "../shared/button.ts";
import { count, duration, plural } from "../shared/format.ts";
import { scrollBox } from "../shared/scrollBox.ts";
import { waitWords } from "./words.ts";

const circuits = { closed: "", open: "not reached: waiting before the next try", halfOpen: "trying again" } as const;

/** Absent once nothing can be paused any more. */
type OnPause = ((model: string, paused: boolean) => void) | undefined;

/** Who is sending, how full the limits are, and what the rest waits for. */
export function queueView(view: RunView, onPause: OnPause): TemplateResult {
  return html`<section class="section" aria-labelledby="queue">
    <h2 id="queue">Queue</h2>
    ${
      view.waiting.length === 0
        ? html`<p class="muted">Nothing waits.</p>`
        : html`<ul class="waits">
            ${view.waiting.map(
              (wait) => html`<li><span class="number">${plural(wait.count, "request")}</span> of ${wait.model}
              <span class="muted">${wait.count === 1 ? "waits" : "wait"} for ${waitWords(wait.reason)}</span></li>`,
            )}
          </ul>`
    }
    <div class="table-scroll" ${scrollBox("Queue by model")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Pool</th>
            <th scope="col" class="number">Queued</th>
            <th scope="col" class="number">In flight</th>
            <th scope="col" class="number">Sent</th>
            <th scope="col" class="number">Window</th>
            <th scope="col">State</th>
            ${onPause === undefined ? nothing : html`<th scope="col"><span class="unseen">Pause</span></th>`}
          </tr>
        </thead>
        <tbody>
          ${view.queue.pools.flatMap((pool) => pool.models.map((model) => row(pool, model, onPause)))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function row(pool: PoolSnapshot, model: ModelSnapshot, onPause: OnPause): TemplateResult {
  const { requests } = { ...pool.limits, ...pool.learned };
  return html`<tr>
    <th scope="row">${model.model}</th>
    <td class="muted">${pool.id}</td>
    <td class="number">${count(model.queued)}</td>
    <td class="number">${count(model.inFlight)} of ${count(pool.concurrencyNow)}</td>
    <td class="number">${count(model.sent)}</td>
    <td class="number">${
      requests === undefined
        ? html`<span class="muted">no limit</span>`
        : html`${count(pool.windowUsed)} of ${count(requests)}${
            pool.windowEndsInMs === undefined
              ? nothing
              : html`<span class="muted">, ${duration(pool.windowEndsInMs)} left</span>`
          }`
    }</td>
    <td class="muted">${model.paused ? "paused" : circuits[model.circuit]}</td>
    ${
      onPause === undefined
        ? nothing
        : html`<td>${iconButton({
            icon: model.paused ? "debug-continue" : "debug-pause",
            label: `${model.paused ? "Continue" : "Pause"} ${model.model}`,
            onClick: () => onPause(model.model, !model.paused),
          })}</td>`
    }
  </tr>`;
}
