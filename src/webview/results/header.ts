import { html, nothing, type TemplateResult } from "lit";
import type { RunListItem } from "../../engine/api.ts";
import { alertNotice } from "../shared/alerts.ts";
import { button, iconButton } from "../shared/button.ts";
import { date, duration, percent } from "../shared/format.ts";
import type { ResultsContext } from "./context.ts";
import { verdictView } from "./verdict.ts";

/** Which run this is, another one to turn to, and what it concluded. */
export function headerView(options: {
  readonly context: ResultsContext;
  readonly turning: string | undefined;
  readonly onRun: (run: string) => void;
}): TemplateResult {
  const { context, turning } = options;
  const { item, summary } = context.details;
  const { channel } = context;
  return html`<header class="results-head">
    <div class="results-title">
      <h1>${item.name}</h1>
      ${
        context.others.length === 0
          ? html`<span class="muted">${runLabel(item)}</span>`
          : runPicker(context, turning ?? item.run, options.onRun)
      }
      <span class="muted">${item.live ? "still running" : item.status}, ${duration(summary.durationMs)}, ${summary.examples} rows</span>
      <span class="spacer"></span>
      ${button({ label: "Export…", icon: "export", onClick: () => context.send(channel.request("export", undefined)) })}
      ${iconButton({ icon: "go-to-file", label: "Open the experiment file", onClick: () => context.send(channel.request("openFile", undefined)) })}
    </div>
    ${verdictView(context)}
    ${alertNotice(item.live ? (context.details.view?.alerts ?? summary.alerts) : summary.alerts)}
    ${
      summary.notes.length === 0 || context.state.tab !== "overview"
        ? nothing
        : html`<ul class="notes muted">
            ${summary.notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }
  </header>`;
}

function runPicker({ details, others }: ResultsContext, shown: string, onRun: (run: string) => void): TemplateResult {
  const runs = [details.item, ...others].toSorted((a, b) => b.createdAt - a.createdAt);
  return html`<label class="field"
    ><span class="unseen">Run</span>
    <select id="run" .value=${shown} @change=${(event: Event) => onRun((event.target as HTMLSelectElement).value)}>
      ${runs.map((run) => html`<option value=${run.run} ?selected=${run.run === shown}>${runLabel(run)}</option>`)}
    </select></label
  >`;
}

export function runLabel(run: RunListItem): string {
  const best = Math.max(...run.variants.map((variant) => variant.accuracy ?? Number.NEGATIVE_INFINITY));
  return [date(run.createdAt), ...(Number.isFinite(best) ? [`best ${percent(best)}`] : []), run.run].join(" · ");
}
