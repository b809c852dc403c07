import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import {
  listedPage,
  type ResultsHost,
  type ResultsShown,
  type ResultsView,
  type SavedFile,
} from "../../protocol/resultsPanel.ts";
import { panelTypes } from "../contributions.ts";
import type { Documents } from "../documents/documents.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import type { LiveRuns } from "../runs.ts";
import { showTrouble } from "../trouble.ts";
import { keyOf, Panel } from "./panel.ts";

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineClient;
  readonly runs: LiveRuns;
  readonly documents: Documents;
}

interface Shown {
  readonly panel: Panel<ResultsHost, ResultsView>;
  run: string;
  file: string;
  refreshing: boolean;
  refreshedAt: number;
}

/** While a run goes, its metrics are worked out from all of its stored trials; more often would take from the run. */
const refreshMs = 3_000;

const otherRuns = 30;

/** The metrics panels, one a run; each can turn to another run of its experiment. */
export class ResultsPanels implements Disposable {
  readonly #parts: Parts;
  readonly #store = new DisposableStore();
  readonly #open = new Set<Shown>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#store.add(
      parts.runs.onEvent((event) => {
        if (event.kind !== "progress" && event.kind !== "ended") return;
        for (const shown of this.#open) {
          if (shown.run === event.view.run) this.#refresh(shown, event.kind === "ended");
        }
      }),
    );
    this.#store.add(
      parts.engine.on("changed", ({ what }) => {
        if (what === "runs") for (const shown of this.#open) this.#refresh(shown, true);
      }),
    );
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(panelTypes.results, {
        deserializeWebviewPanel: async (panel, state) => {
          const run = keyOf(state);
          if (run === undefined) panel.dispose();
          else this.#mount(panel, run);
        },
      }),
    );
  }

  show(run: string, name: string): void {
    for (const shown of this.#open) {
      if (shown.run !== run) continue;
      shown.panel.panel.reveal(undefined, false);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panelTypes.results,
      `Metrics: ${name}`,
      { viewColumn: vscode.ViewColumn.Active, preserveFocus: false },
      { enableFindWidget: true },
    );
    this.#mount(panel, run);
  }

  /** Panels stay: the editor gives them back, with their keys, when it starts the extension again. */
  dispose(): void {
    this.#store.dispose();
  }

  #mount(webviewPanel: vscode.WebviewPanel, first: string): void {
    const { engine, context, log, documents } = this.#parts;
    const panel = new Panel<ResultsHost, ResultsView>(webviewPanel, {
      context,
      log,
      name: "results",
      key: first,
      handlers: {
        ready: () => this.#load(shown),
        trials: async (query) =>
          listedPage(await engine.request("trials", { ...query, filter: { ...query.filter, run: shown.run } })),
        trial: (which) => engine.request("trial", { ...which, run: shown.run }),
        confusion: ({ variant }) => engine.request("confusion", { run: shown.run, variant }),
        positions: (by) => engine.request("positions", { run: shown.run, ...by }),
        decisions: () => engine.request("decisions", { run: shown.run }),
        redecide: (margin) => engine.request("redecide", { run: shown.run, ...margin }),
        details: ({ run }) => engine.request("run", { run }),
        compare: ({ run, theirs, ours, ...noise }) =>
          engine.request("compare", { a: { run, variant: theirs }, b: { run: shown.run, variant: ours }, ...noise }),
        sideBySide: (sides) => engine.request("sideBySide", sides),
        efficiency: () => engine.request("efficiency", { run: shown.run }),
        patterns: () => engine.request("patterns", { run: shown.run }),
        calibration: () => engine.request("calibration", { run: shown.run }),
        lengths: () => engine.request("lengths", { run: shown.run }),
        crossModel: () => engine.request("crossModel", { run: shown.run }),
        timeline: () => engine.request("timeline", { run: shown.run }),
        openText: ({ title, text }) => documents.showText(title, text),
        openRow: ({ file, line }) => openAt(file, line),
        diff: ({ title, left, right }) => documents.diffTexts(title, left, right),
        async export() {
          await vscode.commands.executeCommand("layoutlab.exportResults", { run: shown.run });
        },
        save: (file) => save(file),
        async openFile() {
          await vscode.commands.executeCommand("layoutlab.openExperiment", { file: shown.file });
        },
        showRun: async ({ run }) => {
          shown.run = run;
          panel.setKey(run);
          const loaded = await this.#load(shown);
          webviewPanel.title = `Metrics: ${loaded.details.item.name}`;
          return loaded;
        },
      },
    });
    const shown: Shown = { panel, run: first, file: "", refreshing: false, refreshedAt: 0 };
    this.#open.add(shown);
    webviewPanel.onDidDispose(() => this.#open.delete(shown));
  }

  async #load(shown: Shown): Promise<ResultsShown> {
    const { engine } = this.#parts;
    const { run } = shown;
    const details = await engine.request("run", { run });
    shown.file = details.item.file;
    const all = await engine.request("runs", { file: shown.file, limit: otherRuns });
    shown.refreshedAt = performance.now();
    return { details, others: all.filter((each) => each.run !== details.item.run) };
  }

  #refresh(shown: Shown, atOnce: boolean): void {
    // A hidden panel hears nothing; it asks when it is shown again.
    if (!shown.panel.panel.visible || shown.refreshing) return;
    if (!atOnce && performance.now() - shown.refreshedAt < refreshMs) return;
    shown.refreshing = true;
    const { run } = shown;
    this.#load(shown)
      .then(
        (loaded) => {
          if (shown.run === run) shown.panel.channel.send("shown", loaded);
        },
        // A run that was deleted leaves its panel as it is.
        (error: unknown) => this.#parts.log.debug(String(error)),
      )
      .finally(() => {
        shown.refreshing = false;
      })
      .catch((error: unknown) => showTrouble(error, this.#parts.log));
  }
}

/** Opens a data file with the cursor at a row (1-based line). */
async function openAt(file: string, line: number): Promise<void> {
  const at = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: at, viewColumn: vscode.ViewColumn.Beside });
}

async function save({ name, text, encoding }: SavedFile): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showSaveDialog(
    folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) },
  );
  if (chosen !== undefined) await vscode.workspace.fs.writeFile(chosen, Buffer.from(text, encoding ?? "utf8"));
}
