import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable.ts";
import type { ModelListing } from "../../../engine/api.ts";
import type { ModelSnapshot, PoolSnapshot, Waiting, WaitReason } from "../../../engine/queue/queue.ts";
import { views } from "../../contributions.ts";
import type { EngineClient } from "../../engine/engineClient.ts";
import type { LiveRuns } from "../../runs.ts";
import { count, duration } from "../../words.ts";

/** The pools of runs that are going with their models, and below them what can be asked at all. */
export type ModelNode =
  | { readonly kind: "pool"; readonly run: string; readonly name: string; readonly pool: PoolSnapshot }
  | { readonly kind: "queued"; readonly run: string; readonly model: ModelSnapshot; readonly wait: Waiting | undefined }
  | { readonly kind: "provider"; readonly listing: ModelListing }
  | { readonly kind: "model"; readonly id: string; readonly detail: string | undefined };

const redrawMs = 1_000;

export class ModelsTree implements vscode.TreeDataProvider<ModelNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #runs: LiveRuns;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<ModelNode | undefined>());
  /** Asked for when the view is opened or refreshed, as servers are far away. */
  #listings: Promise<readonly ModelListing[]> | undefined;
  #redrawn = 0;

  constructor(engine: EngineClient, runs: LiveRuns) {
    this.#engine = engine;
    this.#runs = runs;
    this.#store.add(vscode.window.createTreeView(views.models, { treeDataProvider: this }));
    this.#store.add(
      runs.onEvent((event) => {
        const now = performance.now();
        const edge = event.kind === "started" || event.kind === "ended";
        if (!edge && (event.kind !== "progress" || now - this.#redrawn < redrawMs)) return;
        this.#redrawn = now;
        this.#changed.fire(undefined);
      }),
    );
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
  }

  readonly onDidChangeTreeData = this.#changed.event;

  /** Asks the servers again. */
  refresh(): void {
    this.#listings = undefined;
    this.#changed.fire(undefined);
  }

  getTreeItem(node: ModelNode): vscode.TreeItem {
    switch (node.kind) {
      case "pool":
        return poolItem(node.run, node.name, node.pool);
      case "queued":
        return queuedItem(node.run, node.model, node.wait);
      case "provider":
        return providerItem(node.listing);
      case "model": {
        const item = new vscode.TreeItem(node.id);
        item.description = node.detail ?? "";
        item.iconPath = new vscode.ThemeIcon("symbol-interface");
        item.contextValue = "model";
        return item;
      }
    }
  }

  async getChildren(node?: ModelNode): Promise<ModelNode[]> {
    if (node === undefined) {
      const pools = this.#runs.all.flatMap(({ view }) =>
        view.queue.pools.map((pool): ModelNode => ({ kind: "pool", run: view.run, name: view.name, pool })),
      );
      // Asking servers for their models is a call that a folder's settings could lead astray.
      if (!vscode.workspace.isTrusted) return pools;
      this.#listings ??= this.#engine.request("models", {});
      const listings = await this.#listings.catch((error: unknown) => {
        this.#listings = undefined;
        throw error;
      });
      // Recorded outputs are files that experiments name; there is no list of them.
      const telling = listings.filter(({ models, problem }) => models.length > 0 || problem !== undefined);
      return [...pools, ...telling.map((listing): ModelNode => ({ kind: "provider", listing }))];
    }
    switch (node.kind) {
      case "pool": {
        const waiting = this.#runs.get(node.run)?.view.waiting ?? [];
        return node.pool.models.map((model) => ({
          kind: "queued",
          run: node.run,
          model,
          wait: waiting.find((each) => each.model === model.model),
        }));
      }
      case "provider":
        return node.listing.models.map(({ id, detail }) => ({ kind: "model", id, detail }));
      case "queued":
      case "model":
        return [];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function poolItem(run: string, name: string, pool: PoolSnapshot): vscode.TreeItem {
  const item = new vscode.TreeItem(pool.id, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `pool ${run} ${pool.id}`;
  const limit = pool.limits.requests;
  const used = limit === undefined ? "" : ` · ${pool.windowUsed} of ${limit} in the window`;
  item.description = `${pool.inFlight} of ${pool.concurrencyNow} slots${used}`;
  item.iconPath = new vscode.ThemeIcon("layers");
  item.tooltip = `Limits that ${name} runs under`;
  item.contextValue = "pool";
  return item;
}

function queuedItem(run: string, model: ModelSnapshot, wait: Waiting | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(model.model);
  item.id = `queued ${run} ${model.model}`;
  const state = model.paused
    ? { icon: "debug-pause", text: "paused" }
    : model.circuit === "open"
      ? { icon: "circle-slash", text: "resting after failures" }
      : { icon: model.inFlight > 0 ? "sync~spin" : "circle-outline", text: `${model.inFlight} in flight` };
  const waits = wait === undefined ? "" : ` · ${wait.count} waiting: ${reasonText(wait.reason)}`;
  item.iconPath = new vscode.ThemeIcon(state.icon);
  item.description = `${state.text}${waits}`;
  item.tooltip = `${count(model.sent, "request")} sent, ${model.succeeded} succeeded, ${model.failed} failed, ${model.retried} retried`;
  item.contextValue = model.paused ? "queued.paused" : "queued.going";
  return item;
}

function providerItem({ provider, models, problem }: ModelListing): vscode.TreeItem {
  const item = new vscode.TreeItem(provider, vscode.TreeItemCollapsibleState.Collapsed);
  item.iconPath = new vscode.ThemeIcon("server");
  item.contextValue = "provider";
  item.description = problem === undefined ? count(models.length, "model") : "not available";
  if (problem !== undefined) item.tooltip = problem;
  if (models.length === 0) item.collapsibleState = vscode.TreeItemCollapsibleState.None;
  return item;
}

/** Why a model's work waits, in a few words. */
function reasonText(reason: WaitReason): string {
  switch (reason.kind) {
    case "requests":
      return `request limit, free in ${duration(reason.freeInMs)}`;
    case "tokens":
      return `token limit, free in ${duration(reason.freeInMs)}`;
    case "concurrency":
      return `all ${reason.inFlight} slots taken`;
    case "retryAfter":
      return `the server asked to wait ${duration(reason.freeInMs)}`;
    case "backoff":
      return `tries again in ${duration(reason.freeInMs)}`;
    case "circuitOpen":
      return `rests for ${duration(reason.freeInMs)} after failures`;
    case "paused":
      return "paused";
    case "otherModelLoaded":
      return `${reason.model} is loaded`;
  }
}
