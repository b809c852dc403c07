import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable.ts";
import type { ModelListing, QueueState } from "../../../engine/api.ts";
import type { GpuReport } from "../../../engine/gpu/gpu.ts";
import type { PoolSnapshot, Waiting } from "../../../engine/queue/queue.ts";
import { views } from "../../contributions.ts";
import type { EngineClient } from "../../engine/engineClient.ts";
import type { LiveRuns } from "../../runs.ts";
import { gpuNodes } from "./gpuNodes.ts";
import { elsewhereFacts, itemOf, type ModelNode, modelFacts, poolFacts } from "./nodes.ts";

export type { ModelNode } from "./nodes.ts";

/** While a run goes its figures are drawn again at most this often. */
const redrawMs = 1_000;

/** The queue while runs are going, as the last one left it when none is, and the models that can be asked. */
export class ModelsTree implements vscode.TreeDataProvider<ModelNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #runs: LiveRuns;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<ModelNode | undefined>());
  /** Asked for when the view is opened or refreshed, as servers are far away. */
  #listings: Promise<readonly ModelListing[]> | undefined;
  /** What is stored of queues; asked for again when a run begins or ends. */
  #state: Promise<QueueState> | undefined;
  /** Read when the view is opened or refreshed; while a local model runs, readings come by themselves. */
  #cards: Promise<GpuReport> | undefined;
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
        if (edge) this.#state = undefined;
        this.#changed.fire(undefined);
      }),
    );
    this.#store.add(
      engine.on("changed", ({ what }) => {
        if (what === "runs") this.redraw();
      }),
    );
    this.#store.add(
      engine.on("gpu", (report) => {
        this.#cards = Promise.resolve(report);
        this.#changed.fire(undefined);
      }),
    );
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
  }

  readonly onDidChangeTreeData = this.#changed.event;

  /** Asks the servers again. */
  refresh(): void {
    this.#listings = undefined;
    this.#cards = undefined;
    this.redraw();
  }

  /** Looks at the queues again. */
  redraw(): void {
    this.#state = undefined;
    this.#changed.fire(undefined);
  }

  getTreeItem(node: ModelNode): vscode.TreeItem {
    return itemOf(node);
  }

  async getChildren(node?: ModelNode): Promise<ModelNode[]> {
    if (node === undefined) return [...(await this.#queues()), ...(await this.#gpus()), ...(await this.#providers())];
    switch (node.kind) {
      case "pool":
        return [
          ...poolFacts(node.pool).map((fact, i): ModelNode => {
            return { kind: "fact", id: `fact ${node.run} ${node.pool.id} ${i}`, fact };
          }),
          ...this.#models(node, node.pool),
        ];
      case "queued":
        return modelFacts(node.model).map((fact, i) => {
          return { kind: "fact", id: `fact ${node.run} ${node.pool} ${node.model.model} ${i}`, fact };
        });
      case "past":
        return node.last.pools.map((pool) => {
          return { kind: "pool", run: node.last.run, live: false, name: undefined, pool };
        });
      case "elsewhere":
        return [...elsewhereFacts(node.other)];
      case "provider":
        return node.listing.models.map(({ id, detail }) => ({ kind: "model", id, detail }));
      case "fact":
      case "circuit":
      case "gpu":
      case "model":
        return [];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #queues(): Promise<ModelNode[]> {
    const seen = this.#runs.all;
    const pools = seen.flatMap(({ view }) =>
      view.queue.pools.map((pool): ModelNode => {
        return { kind: "pool", run: view.run, live: true, name: seen.length > 1 ? view.name : undefined, pool };
      }),
    );
    // The store of a folder that is not trusted is not read.
    if (!vscode.workspace.isTrusted) return pools;
    this.#state ??= this.#engine.request("queueState", {});
    const state = await orForget(this.#state, () => {
      this.#state = undefined;
    });
    const { last, circuits, elsewhere } = state;
    return [
      ...pools,
      ...elsewhere.map((other): ModelNode => ({ kind: "elsewhere", other })),
      ...(pools.length > 0 ? [] : circuits.map((circuit): ModelNode => ({ kind: "circuit", circuit }))),
      ...(pools.length > 0 || last === undefined ? [] : [{ kind: "past", last } satisfies ModelNode]),
    ];
  }

  #models({ run, live }: { readonly run: string; readonly live: boolean }, pool: PoolSnapshot): ModelNode[] {
    const waiting: readonly Waiting[] = live ? (this.#runs.get(run)?.view.waiting ?? []) : [];
    return pool.models.map((model) => ({
      kind: "queued",
      run,
      live,
      pool: pool.id,
      model,
      wait: waiting.find((each) => each.model === model.model),
    }));
  }

  async #gpus(): Promise<readonly ModelNode[]> {
    if (!vscode.workspace.isTrusted) return [];
    this.#cards ??= this.#engine.request("gpu", {});
    const cards = await orForget(this.#cards, () => {
      this.#cards = undefined;
    });
    return gpuNodes(cards);
  }

  async #providers(): Promise<ModelNode[]> {
    // Asking servers for their models is a call that a folder's settings could lead astray.
    if (!vscode.workspace.isTrusted) return [];
    this.#listings ??= this.#engine.request("models", {});
    const listings = await orForget(this.#listings, () => {
      this.#listings = undefined;
    });
    // Recorded outputs are files that experiments name; there is no list of them.
    const telling = listings.filter(({ models, problem }) => models.length > 0 || problem !== undefined);
    return telling.map((listing): ModelNode => ({ kind: "provider", listing }));
  }
}

/** What was asked for, kept for the next look unless it fails. */
async function orForget<T>(asked: Promise<T>, forget: () => void): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    forget();
    throw error;
  }
}
