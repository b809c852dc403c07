import { html, nothing, type TemplateResult } from "lit";
import { systemClock } from "../../base/clock.ts";
import type { Decision } from "../../engine/decide/sampler.ts";
import type { RunSummary, RunView } from "../../engine/runner/events.ts";
import type { RunHost, RunPanelView } from "../../protocol/runPanel.ts";
import { alertNotice } from "../shared/alerts.ts";
import { banner, emptyState, lineOf, loading } from "../shared/notice.ts";
import { paced } from "../shared/paced.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Surface } from "../shared/port.ts";
import { decisionLog, type MadeDecision, spoken } from "./decisionLog.ts";
import { headerView } from "./header.ts";
import { numbersView } from "./numbers.ts";
import { queueView } from "./queue.ts";
import { type History, noHistory, withView } from "./series.ts";
import { seriesView } from "./seriesView.ts";
import { variantsView } from "./variants.ts";

/** Kept over a reload: the curves, which only this page has. */
export interface RunState {
  readonly run: string;
  readonly history: History;
}

export const firstState: RunState = { run: "", history: noHistory };

/** Ten pictures a second are as many as can be read; one sentence in five seconds as many as can be heard. */
const drawMs = 100;
const sayMs = 5_000;
const keepMs = 2_000;

/** A run while it goes. Every picture is whole, so that whatever was missed while hidden does not matter. */
export class RunPanel extends PanelElement {
  static override properties = {
    view: { state: true },
    summary: { state: true },
    decisions: { state: true },
    warnings: { state: true },
    history: { state: true },
    failure: { state: true },
    said: { state: true },
    connected: { state: true },
    now: { state: true },
  };

  declare private view: RunView | undefined;
  declare private summary: RunSummary | undefined;
  declare private decisions: readonly MadeDecision[];
  declare private warnings: readonly string[];
  declare private history: History;
  declare private failure: string | undefined;
  declare private said: string;
  declare private connected: boolean;
  /** Milliseconds since the last view, for clocks that go on between views. */
  declare private now: number;

  readonly #surface: Surface<RunPanelView, RunHost, RunState>;
  #receivedAt = 0;
  #unsaid: MadeDecision[] = [];
  readonly #draw: (view: RunView) => void;
  readonly #say: (text: string) => void;
  readonly #keep: (history: History) => void;

  constructor(surface: Surface<RunPanelView, RunHost, RunState>) {
    super();
    this.#surface = surface;
    this.decisions = [];
    this.warnings = [];
    this.history = noHistory;
    this.said = "";
    this.connected = false;
    this.now = 0;
    this.#draw = paced(systemClock, drawMs, (view) => this.#show(view));
    this.#say = paced(systemClock, sayMs, () => {
      this.said = spoken(this.#unsaid);
      this.#unsaid = [];
    });
    this.#keep = paced(systemClock, keepMs, (history) => surface.state.update({ run: this.view?.run ?? "", history }));
    const { channel } = surface;
    channel.on("progress", (view) => this.#draw(view));
    channel.on("decided", ({ model, decision }) => this.#decided(model, decision));
    channel.on("warning", ({ message }) => {
      if (!this.warnings.includes(message)) this.warnings = [...this.warnings, message];
    });
    channel.on("ended", ({ view, summary }) => {
      this.summary = summary;
      this.#draw(view);
    });
    channel.request("ready", undefined).then(
      ({ view, course, summary, decisions, warnings }) => {
        this.connected = true;
        this.summary = summary;
        this.decisions = [...decisions];
        this.warnings = [...warnings];
        const { run, history } = surface.state.value;
        // What this page saw itself is finer than what the store tells, if it saw as much of the run.
        const seen = run === view.run && (history.at.at(-1) ?? 0) >= (course.at.at(-1) ?? 0);
        this.history = seen ? history : course;
        this.#show(view);
      },
      (error: unknown) => {
        this.connected = true;
        this.failure = lineOf(error);
      },
    );
    setInterval(() => {
      if (isGoing(this.view)) this.now = performance.now() - this.#receivedAt;
    }, 1_000);
  }

  protected override render(): TemplateResult {
    const { view, summary } = this;
    const failed = this.failure === undefined ? nothing : banner("error", this.failure);
    if (!this.connected) return loading("Looking up the run…");
    if (view === undefined) {
      return html`${failed}${emptyState({
        icon: "pulse",
        title: "Nothing to watch",
        text: "The run cannot be read. It may have been deleted.",
      })}`;
    }
    const going = isGoing(view);
    return html`<div class="run">
      ${headerView({
        view,
        summary,
        sinceMs: going ? this.now : 0,
        onStop: (now) => this.#send(this.#surface.channel.request("stop", { now })),
        onResume: () => this.#ask("resume"),
        onAddLayouts: () => this.#ask("addLayouts"),
        onResults: () => this.#ask("openResults"),
        onFile: () => this.#ask("openFile"),
      })}
      ${failed}
      ${alertNotice(view.alerts)}
      ${this.warnings.map((warning) => banner("warning", warning))}
      <main>
        ${numbersView(view)}
        ${variantsView(view)}
        ${this.history.at.length < 2 ? nothing : seriesView(this.history, view)}
        ${
          view.queue.pools.length === 0
            ? nothing
            : queueView(
                view,
                going
                  ? (model, paused) => this.#send(this.#surface.channel.request("pauseModel", { model, paused }))
                  : undefined,
              )
        }
        ${decisionLog(this.decisions)}
      </main>
      <div class="unseen" aria-live="polite">${this.said}</div>
    </div>`;
  }

  #show(view: RunView): void {
    this.#receivedAt = performance.now();
    this.now = 0;
    this.view = view;
    if (isGoing(view)) this.summary = undefined;
    const history = withView(this.history, view);
    if (history === this.history) return;
    this.history = history;
    this.#keep(history);
  }

  #decided(model: string, decision: Decision): void {
    const same = (each: MadeDecision) => each.model === model && each.decision.sequence === decision.sequence;
    if (this.decisions.some(same)) return;
    const made = { model, decision };
    this.decisions = [...this.decisions, made];
    this.#unsaid.push(made);
    this.#say("");
  }

  #ask(name: "resume" | "addLayouts" | "openResults" | "openFile"): void {
    this.#send(this.#surface.channel.request(name, undefined));
  }

  #send(request: Promise<unknown>): void {
    request.then(
      () => {
        this.failure = undefined;
      },
      (error: unknown) => {
        this.failure = lineOf(error);
      },
    );
  }
}

function isGoing(view: RunView | undefined): boolean {
  return view?.status === "running" || view?.status === "stopping";
}
