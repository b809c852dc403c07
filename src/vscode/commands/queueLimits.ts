import * as vscode from "vscode";
import type { LimitChange } from "../../engine/api.ts";
import type { PoolSnapshot } from "../../engine/queue/queue.ts";
import type { Lab } from "../lab.ts";
import type { ModelNode } from "../trees/models/modelsTree.ts";
import { integer } from "../words.ts";

/** Holds back a model's work in a run that is going, or lets it go on; the other models keep their pace. */
export async function pauseModel(lab: Lab, argument: unknown, paused: boolean): Promise<void> {
  const node = argument as ModelNode | undefined;
  if (node?.kind !== "queued") return;
  await lab.engine.request("pauseModel", { run: node.run, model: node.model.model, paused });
}

/** Has a model that was not answering asked again at once. */
export async function resetCircuit(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as ModelNode | undefined;
  if (node?.kind === "queued") await lab.engine.request("resetCircuit", { run: node.run, model: node.model.model });
  if (node?.kind === "circuit") await lab.engine.request("resetCircuit", { model: node.circuit.model });
  lab.trees.models.redraw();
}

/** Other limits for a pool of a run that is going, or for the pool that holds a model. */
export async function retuneLimits(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as ModelNode | undefined;
  if (node?.kind !== "pool" && node?.kind !== "queued") return;
  const id = node.kind === "pool" ? node.pool.id : node.pool;
  const pool = lab.runs.get(node.run)?.view.queue.pools.find((each) => each.id === id);
  if (pool === undefined) return;
  const shared = pool.models.length > 1 ? ` Its ${pool.models.length} models share them.` : "";
  const chosen = await vscode.window.showQuickPick(choices(pool), { placeHolder: `Limits of ${pool.id}.${shared}` });
  if (chosen === undefined) return;
  const typed = await vscode.window.showInputBox({
    prompt: `${chosen.label} of ${pool.id}${chosen.key === "concurrency" ? "" : ", empty for no limit"}`,
    value: chosen.value,
    validateInput: (text) => (isLimit(text, chosen.key) ? undefined : "A whole number from 1 up"),
  });
  if (typed === undefined) return;
  const change: LimitChange = { [chosen.key]: typed.trim() === "" ? null : Number(typed) };
  await lab.engine.request("retune", { run: node.run, pool: pool.id, change });
}

type LimitName = keyof LimitChange;

interface Choice extends vscode.QuickPickItem {
  readonly key: LimitName;
  readonly value: string;
}

function choices({ limits, learned, concurrencyNow }: PoolSnapshot): readonly Choice[] {
  const { requests, tokens, windowMs } = { ...limits, ...learned };
  const perMinute = (amount: number | undefined) =>
    amount === undefined ? undefined : Math.round((amount * 60_000) / windowMs);
  const choice = (key: LimitName, label: string, now: number | undefined): Choice => {
    const known = now !== undefined && Number.isFinite(now);
    return { key, label, description: known ? `now ${integer(now)}` : "no limit now", value: known ? String(now) : "" };
  };
  return [
    choice("concurrency", "Requests in flight", concurrencyNow),
    choice("requestsPerMinute", "Requests a minute", perMinute(requests)),
    choice("tokensPerMinute", "Tokens a minute", perMinute(tokens)),
  ];
}

function isLimit(text: string, key: LimitName): boolean {
  return text.trim() === "" ? key !== "concurrency" : /^\s*[1-9]\d*\s*$/.test(text);
}
