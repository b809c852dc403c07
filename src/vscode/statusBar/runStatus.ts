import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { gpuLines } from "../../engine/gpu/words.ts";
import type { RunView } from "../../engine/runner/events.ts";
import { contextKeys } from "../contributions.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import type { LiveRuns } from "../runs.ts";
import { reasonText } from "../waiting.ts";
import { dollars, duration, integer, percent } from "../words.ts";

const redrawMs = 500;

/** One item while a run is going; a click opens its progress. */
export class RunStatus implements Disposable {
  readonly #runs: LiveRuns;
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #drawn = 0;
  #running = false;
  #cards: readonly string[] = [];

  constructor(engine: EngineClient, runs: LiveRuns) {
    this.#runs = runs;
    this.#item = this.#store.add(vscode.window.createStatusBarItem("run", vscode.StatusBarAlignment.Left, 10));
    this.#item.name = "Layout Lab";
    this.#item.command = "layoutlab.showProgress";
    this.#store.add(
      engine.on("gpu", (report) => {
        this.#cards = gpuLines(report);
      }),
    );
    this.#store.add(
      runs.onEvent((event) => {
        const now = performance.now();
        if (event.kind === "progress" && now - this.#drawn < redrawMs) return;
        this.#drawn = now;
        this.draw();
      }),
    );
  }

  /** Also called when runs are gone without a last event. */
  draw(): void {
    const views = this.#runs.all.map((seen) => seen.view);
    if (this.#running !== views.length > 0) {
      this.#running = views.length > 0;
      void vscode.commands.executeCommand("setContext", contextKeys.running, this.#running);
    }
    if (views.length === 0) {
      this.#cards = [];
      this.#item.hide();
      return;
    }
    const done = views.reduce((sum, view) => sum + view.trialsDone, 0);
    const planned = views.reduce((sum, view) => sum + view.trialsPlanned, 0);
    const alerts = views.some((view) => (view.alerts ?? []).length > 0);
    this.#item.text = `$(${alerts ? "warning" : "sync~spin"}) Layout Lab ${integer(done)}/${integer(planned)}`;
    const tooltip = new vscode.MarkdownString();
    for (const view of views) {
      const best = view.variants.toSorted((a, b) => b.accuracy - a.accuracy)[0];
      const left = view.leftMs === undefined ? "" : `, ${duration(view.leftMs)} left`;
      tooltip.appendMarkdown("**").appendText(view.name).appendMarkdown("**\n\n");
      tooltip.appendText(`${integer(view.trialsDone)} of ${integer(view.trialsPlanned)} trials${left}`);
      if (view.cost !== undefined) tooltip.appendText(`, ${dollars(view.cost)}`);
      if (best !== undefined && best.trials > 0)
        tooltip.appendMarkdown("\n\n").appendText(`${best.layout} leads with ${percent(best.accuracy)}`);
      for (const { message } of view.alerts ?? []) tooltip.appendMarkdown("\n\n").appendText(`Alert: ${message}`);
      for (const line of queueLines(view)) tooltip.appendMarkdown("\n\n").appendText(line);
      tooltip.appendMarkdown("\n\n");
    }
    for (const line of this.#cards) tooltip.appendText(line).appendMarkdown("\n\n");
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `Layout Lab: ${done} of ${planned} trials`, role: "button" };
    this.#item.show();
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** How much waits, and for what. */
function queueLines({ waiting, inFlight }: RunView): string[] {
  const depth = waiting.reduce((sum, each) => sum + each.count, 0);
  if (depth === 0) return inFlight === 0 ? [] : [`${integer(inFlight)} in flight, nothing waits`];
  return [
    `${integer(inFlight)} in flight, ${integer(depth)} waiting`,
    ...waiting.map(({ model, count, reason }) => `${model}: ${integer(count)} waiting, ${reasonText(reason)}`),
  ];
}
