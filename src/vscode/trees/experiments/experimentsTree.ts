import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable.ts";
import { views } from "../../contributions.ts";
import type { EngineClient } from "../../engine/engineClient.ts";
import { experimentPattern, findExperiments } from "../../experimentFiles.ts";
import type { LiveRuns } from "../../runs.ts";
import { type ExperimentNode, experimentItem, runItem, variantItem } from "./nodes.ts";

/** While a run goes, its entries are drawn again at most this often. */
const redrawMs = 1_000;

const runsShown = 50;

/** Experiment files of the workspace, their runs, and the variants of each run. */
export class ExperimentsTree implements vscode.TreeDataProvider<ExperimentNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #runs: LiveRuns;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<ExperimentNode | undefined>());
  /** The entries of runs as they were handed out, so that one of them can be drawn again. */
  readonly #nodes = new Map<string, ExperimentNode>();
  #redrawn = 0;

  constructor(engine: EngineClient, runs: LiveRuns) {
    this.#engine = engine;
    this.#runs = runs;
    this.#store.add(vscode.window.createTreeView(views.experiments, { treeDataProvider: this, showCollapseAll: true }));
    const files = this.#store.add(vscode.workspace.createFileSystemWatcher(experimentPattern, false, true, false));
    this.#store.add(files.onDidCreate(() => this.refresh()));
    this.#store.add(files.onDidDelete(() => this.refresh()));
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()));
    this.#store.add(
      engine.on("changed", ({ what }) => {
        if (what === "runs") this.refresh();
      }),
    );
    this.#store.add(
      runs.onEvent((event) => {
        if (event.kind !== "progress") return;
        const now = performance.now();
        if (now - this.#redrawn < redrawMs) return;
        this.#redrawn = now;
        const node = this.#nodes.get(event.view.run);
        if (node !== undefined) this.#changed.fire(node);
      }),
    );
  }

  readonly onDidChangeTreeData = this.#changed.event;

  refresh(): void {
    this.#changed.fire(undefined);
  }

  getTreeItem(node: ExperimentNode): vscode.TreeItem {
    switch (node.kind) {
      case "experiment":
        return experimentItem(node.uri);
      case "run":
        return runItem(node.item, this.#runs.get(node.item.run));
      case "variant":
        return variantItem(node.item, node.index, this.#runs.get(node.item.run));
      case "hint":
        return new vscode.TreeItem(node.text);
    }
  }

  async getChildren(node?: ExperimentNode): Promise<ExperimentNode[]> {
    if (node === undefined) {
      this.#nodes.clear();
      return (await findExperiments()).map((uri) => ({ kind: "experiment", uri }));
    }
    switch (node.kind) {
      case "experiment": {
        const items = await this.#engine.request("runs", { file: node.uri.fsPath, limit: runsShown });
        if (items.length === 0) return [{ kind: "hint", text: "No runs yet" }];
        return items.map((item) => {
          const run: ExperimentNode = { kind: "run", item };
          this.#nodes.set(item.run, run);
          return run;
        });
      }
      case "run":
        return node.item.variants.map((_, index) => ({ kind: "variant", item: node.item, index }));
      case "variant":
      case "hint":
        return [];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
