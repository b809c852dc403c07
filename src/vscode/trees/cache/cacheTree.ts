import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable.ts";
import type { CacheItem, CacheStats } from "../../../engine/api.ts";
import { views } from "../../contributions.ts";
import { answerLine } from "../../documents/answer.ts";
import type { EngineClient } from "../../engine/engineClient.ts";
import { bytes, count, dateTime } from "../../words.ts";

interface Page {
  readonly model: string;
  readonly experiment: string;
}

/** Models, the experiments that asked them, the answers they gave. */
export type CacheNode =
  | { readonly kind: "model"; readonly model: string; readonly groups: CacheStats["groups"] }
  | { readonly kind: "experiment"; readonly group: CacheStats["groups"][number] }
  | { readonly kind: "answer"; readonly item: CacheItem; readonly line: string | undefined }
  | { readonly kind: "more"; readonly page: Page };

const pageSize = 50;

/** The answers that need not be paid for again. */
export class CacheTree implements vscode.TreeDataProvider<CacheNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<CacheNode | undefined>());
  readonly #view: vscode.TreeView<CacheNode>;
  /** How many answers of a group are shown. */
  readonly #shown = new Map<string, number>();
  readonly #groups = new Map<string, CacheNode>();

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#view = this.#store.add(
      vscode.window.createTreeView(views.cache, { treeDataProvider: this, canSelectMany: true }),
    );
    this.#store.add(
      engine.on("changed", ({ what }) => {
        // A run that ends has left answers behind.
        if (what === "cache" || what === "runs") this.refresh();
      }),
    );
  }

  readonly onDidChangeTreeData = this.#changed.event;

  refresh(): void {
    this.#changed.fire(undefined);
  }

  /** Shows the next answers of a group. */
  more(page: Page): void {
    const id = idOf(page);
    this.#shown.set(id, (this.#shown.get(id) ?? pageSize) + pageSize);
    this.#changed.fire(this.#groups.get(id));
  }

  getTreeItem(node: CacheNode): vscode.TreeItem {
    switch (node.kind) {
      case "model": {
        const item = new vscode.TreeItem(node.model, vscode.TreeItemCollapsibleState.Collapsed);
        item.description = sizes(node.groups);
        item.iconPath = new vscode.ThemeIcon("server");
        item.contextValue = "cachedModel";
        return item;
      }
      case "experiment": {
        const item = new vscode.TreeItem(node.group.experiment, vscode.TreeItemCollapsibleState.Collapsed);
        item.description = sizes([node.group]);
        item.iconPath = new vscode.ThemeIcon("beaker");
        item.contextValue = "cachedExperiment";
        item.tooltip = `${count(node.group.hits, "use")} since they were stored`;
        return item;
      }
      case "answer": {
        const item = new vscode.TreeItem(node.line ?? node.item.key.slice(0, 12));
        item.description = `${dateTime(node.item.createdAt)} · ${count(node.item.hits, "use")}`;
        item.iconPath = new vscode.ThemeIcon("comment");
        item.contextValue = "cachedAnswer";
        item.tooltip = `${node.item.key}\n${bytes(node.item.bytes)}, last used ${dateTime(node.item.usedAt)}`;
        item.command = { command: "layoutlab.inspectAnswer", title: "Inspect", arguments: [node] };
        return item;
      }
      case "more": {
        const item = new vscode.TreeItem("Load more…");
        item.command = { command: "layoutlab.moreAnswers", title: "Load more", arguments: [node] };
        return item;
      }
    }
  }

  async getChildren(node?: CacheNode): Promise<CacheNode[]> {
    if (node === undefined) return this.#models();
    switch (node.kind) {
      case "model":
        return node.groups.map((group) => {
          const own: CacheNode = { kind: "experiment", group };
          this.#groups.set(idOf(group), own);
          return own;
        });
      case "experiment":
        return this.#answers(node.group);
      case "answer":
      case "more":
        return [];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #models(): Promise<CacheNode[]> {
    const stats = await this.#engine.request("cacheStats", {});
    this.#view.description = stats.entries === 0 ? "" : `${bytes(stats.bytes)} of ${bytes(stats.maxBytes)}`;
    const models = [...new Set(stats.groups.map((group) => group.model))].sort();
    return models.map((model) => ({
      kind: "model",
      model,
      groups: stats.groups.filter((group) => group.model === model),
    }));
  }

  async #answers(group: Page): Promise<CacheNode[]> {
    const wanted = this.#shown.get(idOf(group)) ?? pageSize;
    const { model, experiment } = group;
    const items = await this.#engine.request("cacheList", { model, experiment, limit: wanted + 1 });
    const shown = items.slice(0, wanted);
    const texts = await Promise.all(shown.map(({ key }) => this.#engine.request("cacheAnswer", { key })));
    const answers = shown.map((item, i): CacheNode => ({ kind: "answer", item, line: answerLine(texts[i]) }));
    return items.length > wanted ? [...answers, { kind: "more", page: { model, experiment } }] : answers;
  }
}

function idOf({ model, experiment }: Page): string {
  return JSON.stringify([model, experiment]);
}

function sizes(groups: CacheStats["groups"]): string {
  const entries = groups.reduce((sum, group) => sum + group.entries, 0);
  const size = groups.reduce((sum, group) => sum + group.bytes, 0);
  return `${count(entries, "answer")} · ${bytes(size)}`;
}
