import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { RunEvent, RunView } from "../../engine/runner/events.ts";
import type { RunHost, RunPanelView, RunShown } from "../../protocol/runPanel.ts";
import { panelTypes } from "../contributions.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import type { LiveRuns, MadeDecision } from "../runs.ts";
import { keyOf, Panel } from "./panel.ts";

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineClient;
  readonly runs: LiveRuns;
}

interface Shown {
  readonly panel: Panel<RunHost, RunPanelView>;
  readonly run: string;
  file: string;
  /** The picture that waits for its turn, and the clock that gives it. */
  pending: RunView | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Ten pictures a second are as many as anybody can see. */
const pictureMs = 100;

/** The progress panels, one a run. */
export class RunPanels implements Disposable {
  readonly #parts: Parts;
  readonly #store = new DisposableStore();
  readonly #open = new Map<string, Shown>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#store.add(parts.runs.onEvent((event) => this.#take(event)));
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(panelTypes.run, {
        deserializeWebviewPanel: async (panel, state) => {
          const run = keyOf(state);
          if (run === undefined) panel.dispose();
          else this.#mount(panel, run);
        },
      }),
    );
  }

  show(run: string, name: string): void {
    const open = this.#open.get(run);
    if (open !== undefined) {
      open.panel.panel.reveal(undefined, false);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panelTypes.run,
      `Progress: ${name}`,
      { viewColumn: vscode.ViewColumn.Active, preserveFocus: false },
      {},
    );
    this.#mount(panel, run);
  }

  /** Panels stay: the editor gives them back, with their keys, when it starts the extension again. */
  dispose(): void {
    this.#store.dispose();
  }

  #mount(webviewPanel: vscode.WebviewPanel, run: string): void {
    const { engine, context, log } = this.#parts;
    const panel = new Panel<RunHost, RunPanelView>(webviewPanel, {
      context,
      log,
      name: "run",
      key: run,
      handlers: {
        ready: () => this.#ready(shown),
        stop: ({ now }) => engine.request("stop", { run, now }),
        async resume() {
          await vscode.commands.executeCommand("layoutlab.resumeRun", { run });
        },
        async addLayouts() {
          await vscode.commands.executeCommand("layoutlab.addLayouts", { run });
        },
        pauseModel: ({ model, paused }) => engine.request("pauseModel", { run, model, paused }),
        async openResults() {
          await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
        },
        async openFile() {
          await vscode.commands.executeCommand("layoutlab.openExperiment", { file: shown.file });
        },
      },
    });
    const shown: Shown = { panel, run, file: "", pending: undefined, timer: undefined };
    this.#open.set(run, shown);
    webviewPanel.onDidDispose(() => {
      clearTimeout(shown.timer);
      this.#open.delete(run);
    });
  }

  /**
   * Decisions of this window's events are put over the stored ones, which may lag: together they are all that were taken. What
   * is sent while this works reaches the panel before the answer does and is in it too.
   */
  async #ready(shown: Shown): Promise<RunShown> {
    const { engine, runs } = this.#parts;
    const { run } = shown;
    const [details, stored, progress] = await Promise.all([
      engine.request("run", { run }),
      engine.request("decisions", { run }),
      engine.request("progress", { run }),
    ]);
    shown.file = details.item.file;
    const seen = runs.get(run);
    const all = new Map<string, MadeDecision>();
    for (const { model, at: _, ...decision } of stored) all.set(`${model} ${decision.sequence}`, { model, decision });
    for (const each of seen?.decisions ?? []) all.set(`${each.model} ${each.decision.sequence}`, each);
    return {
      view: seen?.view ?? progress.view,
      course: progress.course,
      summary: seen === undefined && !details.item.live ? details.summary : undefined,
      decisions: [...all.values()],
      warnings: seen?.warnings ?? [],
    };
  }

  #take(event: RunEvent): void {
    const shown = this.#open.get("view" in event ? event.view.run : event.run);
    if (shown === undefined) return;
    const { channel } = shown.panel;
    switch (event.kind) {
      case "started":
      case "progress":
        this.#picture(shown, event.view);
        return;
      case "decided":
        channel.send("decided", { model: event.model, decision: event.decision });
        return;
      case "warning":
        channel.send("warning", { message: event.message });
        return;
      case "ended":
        clearTimeout(shown.timer);
        shown.timer = undefined;
        shown.pending = undefined;
        channel.send("ended", { view: event.view, summary: event.summary });
        return;
      case "queue":
      case "alert":
      case "trials":
    }
  }

  #picture(shown: Shown, view: RunView): void {
    if (shown.timer !== undefined) {
      shown.pending = view;
      return;
    }
    shown.panel.channel.send("progress", view);
    shown.timer = setTimeout(() => {
      shown.timer = undefined;
      const { pending } = shown;
      shown.pending = undefined;
      if (pending !== undefined) this.#picture(shown, pending);
    }, pictureMs);
  }
}
