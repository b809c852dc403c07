import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable.ts";
import type { CacheItem, CacheStats } from "../../../engine/api.ts";
import { views } from "../../contributions.ts";
import { answerLine } from "../../documents/answer.ts";
import type { EngineClient } from "../../engine/engineClient.ts";
import { bytes, count, dateTime, integer, percent } from "../../words.ts";

type Group = CacheStats["groups"][number];
type Page = Pick<Group, "model" | "experiment">;

/** Experiments, the models they asked, the answers these gave. */
export type CacheNode =
  | { readonly kind: "experiment"; readonly experiment: string; readonly groups: readonly Group[] }
  | { readonly kind: "model"; readonly group: Group }
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
      case "experiment":
        return groupItem(node.experiment, `cached ${node.experiment}`, node.groups, "beaker", "cachedExperiment");
      case "model":
        return groupItem(node.group.model, `cached ${idOf(node.group)}`, [node.group], "server", "cachedModel");
      case "answer": {
        const item = new vscode.TreeItem(node.line ?? node.item.key.slice(0, 12));
        item.description = node.item.hits === 0 ? "not used yet" : count(node.item.hits, "use");
        item.iconPath = new vscode.ThemeIcon("comment");
        item.contextValue = "cachedAnswer";
        item.tooltip = `${node.item.key}\n${bytes(node.item.bytes)}, made ${dateTime(node.item.createdAt)}, last used ${dateTime(node.item.usedAt)}`;
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
    if (node === undefined) return this.#experiments();
    switch (node.kind) {
      case "experiment":
        return node.groups.map((group) => {
          const own: CacheNode = { kind: "model", group };
          this.#groups.set(idOf(group), own);
          return own;
        });
      case "model":
        return this.#answers(node.group);
      case "answer":
      case "more":
        return [];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #experiments(): Promise<CacheNode[]> {
    const stats = await this.#engine.request("cacheStats", {});
    const share = percent(stats.bytes / stats.maxBytes, 0);
    this.#view.description = stats.entries === 0 ? "" : `${bytes(stats.bytes)} of ${bytes(stats.maxBytes)}, ${share}`;
    const experiments = [...new Set(stats.groups.map((group) => group.experiment))].sort();
    return experiments.map((experiment) => ({
      kind: "experiment",
      experiment,
      groups: stats.groups.filter((group) => group.experiment === experiment),
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

function groupItem(
  label: string,
  id: string,
  groups: readonly Group[],
  icon: string,
  contextValue: string,
): vscode.TreeItem {
  const sum = (of: "entries" | "bytes" | "hits") => groups.reduce((total, group) => total + group[of], 0);
  const [entries, hits] = [sum("entries"), sum("hits")];
  const used = Math.max(0, ...groups.map(({ usedAt }) => usedAt ?? 0));
  const rate = hits + entries === 0 ? 0 : hits / (hits + entries);
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = id;
  item.description = `${count(entries, "answer")} · ${bytes(sum("bytes"))} · ${percent(rate, 0)} hits`;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = contextValue;
  item.tooltip = [
    `${integer(hits)} of ${integer(hits + entries)} answers came without a call.`,
    ...(used === 0 ? [] : [`Last used ${dateTime(used)}.`]),
  ].join("\n");
  return item;
}

function idOf({ model, experiment }: Page): string {
  return JSON.stringify([model, experiment]);
}
