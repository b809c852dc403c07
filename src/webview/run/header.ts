import { html, nothing, type TemplateResult } from "lit";
import type { RunSummary, RunView } from "../../engine/runner/events.ts";
import { button, iconButton } from "../shared/button.ts";
import { cssVars } from "../shared/cssVars.ts";
import { capital, count, duration } from "../shared/format.ts";
import { icon } from "../shared/icon.ts";
import { statuses } from "./words.ts";

/** What this run is, how far it is, and how to stop it. */
export function headerView(options: {
  readonly view: RunView;
  readonly summary: RunSummary | undefined;
  readonly sinceMs: number;
  readonly onStop: (now: boolean) => void;
  readonly onResume: () => void;
  readonly onAddLayouts: () => void;
  readonly onResults: () => void;
  readonly onFile: () => void;
}): TemplateResult {
  const { view, summary } = options;
  const { status } = view;
  const going = status === "running" || status === "stopping";
  const { icon: sign, word } = statuses[status];
  const elapsed = view.elapsedMs + options.sinceMs;
  const left = view.leftMs === undefined ? undefined : Math.max(0, view.leftMs - options.sinceMs);
  return html`<header class="run-head">
    <div class="run-title">
      <h1>${view.name}</h1>
      <span class="chip">${view.mode}</span>
      <span class="status" data-status=${status}>
        <span class=${status === "running" ? "spin" : ""}>${icon(sign)}</span>${word}
      </span>
      <span class="spacer"></span>
      ${
        going
          ? html`${button({
              label: "Stop",
              icon: "debug-stop",
              disabled: status === "stopping",
              title: "Lets what is in flight finish; the run can be resumed",
              onClick: () => options.onStop(false),
            })}
            ${button({ label: "Stop Now", title: "Gives up what is in flight; the run can be resumed", onClick: () => options.onStop(true) })}`
          : nothing
      }
      ${
        status === "interrupted" || status === "stopped" || status === "failed"
          ? button({ label: "Resume", icon: "debug-continue", primary: true, onClick: options.onResume })
          : nothing
      }
      ${
        going
          ? nothing
          : button({
              label: "Add Layouts…",
              icon: "add",
              title:
                "Lets more layouts of the experiment join: each answers the rows before it first, nobody is asked twice",
              onClick: options.onAddLayouts,
            })
      }
      ${button({ label: "Open Metrics", icon: "graph", primary: status === "finished", onClick: options.onResults })}
      ${iconButton({ icon: "go-to-file", label: "Open the experiment file", onClick: options.onFile })}
    </div>
    ${progressBar(view, going)}
    <div class="run-times">
      <span>${duration(elapsed)} elapsed</span>
      ${going ? html`<span>${left === undefined ? "time left not known yet" : `about ${duration(left)} left`}</span>` : nothing}
      <span>${count(view.trialsDone)} of ${going && view.mode === "adaptive" ? "at most " : ""}${count(view.trialsPlanned)} trials</span>
      ${summary === undefined || going ? nothing : html`<span>${capital(summary.stopped.reason)}.</span>`}
    </div>
    ${summary === undefined || going ? nothing : html`<p class="verdict-line">${icon("law")}<span>${summary.verdict.explanation}</span></p>`}
  </header>`;
}

function progressBar(view: RunView, going: boolean): TemplateResult {
  // A race that is decided is complete, though it did not need all of its trials.
  const all = view.status === "finished" ? view.trialsDone : view.trialsPlanned;
  const share = all === 0 ? 0 : view.trialsDone / all;
  return html`<div
    class="progress ${going ? "is-going" : ""}"
    role="progressbar"
    aria-label="Trials answered"
    aria-valuemin="0"
    aria-valuemax=${all}
    aria-valuenow=${view.trialsDone}
  ><span ${cssVars({ share: share.toFixed(4) })}></span></div>`;
}
