import * as vscode from "vscode";
import type { ModelListing, QueueState } from "../../../engine/api.ts";
import type { ModelSnapshot, PoolLimits, PoolSnapshot, Waiting } from "../../../engine/queue/queue.ts";
import { reasonText } from "../../waiting.ts";
import { count, dateTime, duration, integer, percent } from "../../words.ts";
import { type GpuNode, gpuItem } from "./gpuNodes.ts";

/** One figure of a pool or a model, in a line of its own. */
interface Fact {
  readonly label: string;
  readonly value: string;
  readonly icon: string;
}

export type Circuit = QueueState["circuits"][number];
export type Elsewhere = QueueState["elsewhere"][number];
export type LastQueue = NonNullable<QueueState["last"]>;

/** A pool or model of a run; `live` while its run is going here. */
interface OfRun {
  readonly run: string;
  readonly live: boolean;
}

/** Pools of the runs that are going with their models, what is known of others, and below what can be asked at all. */
export type ModelNode =
  | (OfRun & { readonly kind: "pool"; readonly name: string | undefined; readonly pool: PoolSnapshot })
  | (OfRun & {
      readonly kind: "queued";
      readonly pool: string;
      readonly model: ModelSnapshot;
      readonly wait: Waiting | undefined;
    })
  | { readonly kind: "fact"; readonly id: string; readonly fact: Fact }
  | { readonly kind: "past"; readonly last: LastQueue }
  | { readonly kind: "elsewhere"; readonly other: Elsewhere }
  | { readonly kind: "circuit"; readonly circuit: Circuit }
  | GpuNode
  | { readonly kind: "provider"; readonly listing: ModelListing }
  | { readonly kind: "model"; readonly id: string; readonly detail: string | undefined };

export function itemOf(node: ModelNode): vscode.TreeItem {
  switch (node.kind) {
    case "pool":
      return poolItem(node);
    case "queued":
      return queuedItem(node);
    case "fact": {
      const item = new vscode.TreeItem(node.fact.label);
      item.id = node.id;
      item.description = node.fact.value;
      item.iconPath = new vscode.ThemeIcon(node.fact.icon);
      item.tooltip = `${node.fact.label}: ${node.fact.value}`;
      item.contextValue = "fact";
      return item;
    }
    case "past":
      return pastItem(node.last);
    case "elsewhere": {
      const item = new vscode.TreeItem(node.other.name, vscode.TreeItemCollapsibleState.Expanded);
      item.id = `elsewhere ${node.other.run}`;
      item.description = "going in another process";
      item.iconPath = new vscode.ThemeIcon("sync");
      item.contextValue = "elsewhere";
      return item;
    }
    case "circuit":
      return circuitItem(node.circuit);
    case "gpu":
      return gpuItem(node);
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

function poolItem({ run, live, name, pool }: Extract<ModelNode, { readonly kind: "pool" }>): vscode.TreeItem {
  const item = new vscode.TreeItem(pool.id === "*" ? "all models" : pool.id, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `pool ${run} ${pool.id}`;
  const waiting = pool.models.reduce((sum, model) => sum + model.queued, 0);
  const now = live
    ? [slots(pool), windowUse(pool), waiting === 0 ? undefined : `${integer(waiting)} waiting`]
    : [rates(limitsOf(pool)) ?? "no limit known"];
  item.description = [name, ...now].filter((each) => each !== undefined).join(" · ");
  item.iconPath = new vscode.ThemeIcon("layers");
  item.tooltip = factsTooltip(pool.id, poolFacts(pool));
  item.contextValue = live ? "pool.live" : "pool";
  return item;
}

/** Limits with where they are from, the concurrency and why it is that. */
export function poolFacts(pool: PoolSnapshot): readonly Fact[] {
  const { limits, learned } = pool;
  const told = rates({
    ...limits,
    requests: differs(limits, learned, "requests"),
    tokens: differs(limits, learned, "tokens"),
  });
  const { requests, tokens, windowMs = limits.windowMs, kind } = learned;
  const seen = rates({ ...limits, requests, tokens, windowMs });
  const how = kind === undefined ? "" : `, a ${kind} window`;
  const steady = Number.isFinite(pool.concurrencyNow);
  return [
    ...(told === undefined ? [] : [{ label: "Limit", value: `${told}, as told`, icon: "dashboard" }]),
    ...(seen === undefined
      ? []
      : [{ label: "Limit", value: `${seen}${how}, learned from the server's headers`, icon: "dashboard" }]),
    ...(told === undefined && seen === undefined
      ? [{ label: "Limit", value: "none told, none seen in the server's headers", icon: "dashboard" }]
      : []),
    {
      label: "Concurrency",
      value: steady ? `${integer(pool.concurrencyNow)} at once, ${whyConcurrency(pool)}` : "left to the other pools",
      icon: "list-ordered",
    },
  ];
}

function whyConcurrency({ limits, concurrencyNow, concurrencyReason }: PoolSnapshot): string {
  if (concurrencyReason !== undefined) return concurrencyReason;
  return limits.concurrency === concurrencyNow ? "as told" : "as it began";
}

/** Of a limit that headers taught, nothing was told; the two are the same then. */
function differs(limits: PoolLimits, learned: Partial<PoolLimits>, of: "requests" | "tokens"): number | undefined {
  return learned[of] === limits[of] ? undefined : limits[of];
}

function limitsOf({ limits, learned }: PoolSnapshot): PoolLimits {
  return { ...limits, ...learned };
}

/** `60 requests and 90,000 tokens a minute`. */
function rates({ requests, tokens, windowMs }: PoolLimits): string | undefined {
  const parts = [
    ...(finite(requests) ? [count(requests, "request")] : []),
    ...(finite(tokens) ? [count(tokens, "token")] : []),
  ];
  return parts.length === 0
    ? undefined
    : `${parts.join(" and ")} ${windowMs === 60_000 ? "a minute" : `in ${duration(windowMs)}`}`;
}

/** JSON keeps an endless limit as null. */
function finite(value: number | undefined | null): value is number {
  return value !== undefined && value !== null && Number.isFinite(value);
}

function slots({ inFlight, concurrencyNow }: PoolSnapshot): string {
  if (!finite(concurrencyNow)) return `${integer(inFlight)} in flight`;
  return `${integer(inFlight)} of ${integer(concurrencyNow)} slots, ${integer(Math.max(0, concurrencyNow - inFlight))} free`;
}

function windowUse(pool: PoolSnapshot): string | undefined {
  const { requests } = limitsOf(pool);
  if (!finite(requests)) return undefined;
  const ends = pool.windowEndsInMs === undefined ? "" : `, next in ${duration(pool.windowEndsInMs)}`;
  return `${integer(pool.windowUsed)} of ${integer(requests)} in the window${ends}`;
}

function queuedItem(node: Extract<ModelNode, { readonly kind: "queued" }>): vscode.TreeItem {
  const { run, live, pool, model, wait } = node;
  const item = new vscode.TreeItem(model.model, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `queued ${run} ${pool} ${model.model}`;
  const state = stateOf(model, live);
  const waits = !live || wait === undefined ? "" : ` · ${integer(wait.count)} waiting: ${reasonText(wait.reason)}`;
  item.iconPath = state.icon;
  const rate = live && state.rate !== undefined ? ` · ${state.rate}` : "";
  item.description = `${state.text}${waits}${rate}`;
  item.tooltip = factsTooltip(model.model, modelFacts(model));
  const broken = model.circuit === "closed" ? "" : ".broken";
  item.contextValue = live ? `queued.${model.paused ? "paused" : "going"}${broken}` : `asked${broken}`;
  item.accessibilityInformation = { label: `${model.model}, ${item.description}` };
  return item;
}

interface ShownState {
  readonly icon: vscode.ThemeIcon;
  readonly text: string;
  /** How it does, where that is worth a place behind what it waits for. */
  readonly rate?: string | undefined;
}

function stateOf(model: ModelSnapshot, live: boolean): ShownState {
  if (model.paused) return { icon: new vscode.ThemeIcon("debug-pause", color("charts.yellow")), text: "paused" };
  if (model.circuit === "open") {
    const until = model.circuitFreeInMs === undefined || !live ? "" : ` for ${duration(model.circuitFreeInMs)}`;
    return { icon: new vscode.ThemeIcon("circle-slash", color("charts.red")), text: `circuit open${until}` };
  }
  if (model.circuit === "halfOpen")
    return {
      icon: new vscode.ThemeIcon("pulse", color("charts.yellow")),
      text: "circuit half-open, one probe at a time",
    };
  const rate = successOf(model);
  if (!live) return { icon: new vscode.ThemeIcon("circle-outline"), text: rate ?? "nothing was sent" };
  return {
    icon: new vscode.ThemeIcon(model.inFlight > 0 ? "sync~spin" : "circle-outline"),
    text: `${integer(model.inFlight)} in flight`,
    rate,
  };
}

function successOf({ succeeded, failed }: ModelSnapshot): string | undefined {
  const ended = succeeded + failed;
  return ended === 0 ? undefined : `${percent(succeeded / ended)} of ${integer(ended)} answered`;
}

export function modelFacts(model: ModelSnapshot): readonly Fact[] {
  const { circuit, circuitFreeInMs, latency, weight } = model;
  const circuits = {
    closed: "closed: it answers",
    open: `open after failures${circuitFreeInMs === undefined ? "" : `, next probe in ${duration(circuitFreeInMs)}`}`,
    halfOpen: "half-open: one probe at a time until it answers again",
  } as const;
  return [
    { label: "Circuit", value: circuits[circuit], icon: circuit === "closed" ? "pass" : "circle-slash" },
    { label: "Success", value: successOf(model) ?? "nothing has ended yet", icon: "percentage" },
    {
      label: "Latency",
      value: latency === undefined ? "not measured yet" : `p50 ${duration(latency.p50)}, p95 ${duration(latency.p95)}`,
      icon: "watch",
    },
    {
      label: "Requests",
      value: `${integer(model.sent)} sent, ${integer(model.retried)} of them again, ${integer(model.failed)} failed`,
      icon: "arrow-swap",
    },
    ...(weight === undefined
      ? []
      : [{ label: "Weight", value: `${weight} beside the run's other models`, icon: "law" }]),
  ];
}

function factsTooltip(title: string, facts: readonly Fact[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(title).appendMarkdown("**");
  for (const { label, value } of facts) text.appendMarkdown("\n\n").appendText(`${label}: ${value}`);
  return text;
}

function pastItem({ name, run, at }: LastQueue): vscode.TreeItem {
  const item = new vscode.TreeItem("As the last run left it", vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `past ${run}`;
  item.description = `${name}, ${dateTime(at)}`;
  item.iconPath = new vscode.ThemeIcon("history");
  item.tooltip = "No run is going in this window. These are the limits that were learned, and how the models did.";
  item.contextValue = "past";
  return item;
}

export function elsewhereFacts({ run, models }: Elsewhere): readonly ModelNode[] {
  return models.map(({ model, pending, processing, completed, failed, successRate }) => {
    const open = pending + processing;
    const rate = successRate === undefined ? "" : ` · ${percent(successRate)} answered`;
    const value = `${integer(open)} open, ${integer(completed + failed)} ended${rate}`;
    return { kind: "fact", id: `elsewhere ${run} ${model}`, fact: { label: model, value, icon: "circle-outline" } };
  });
}

function circuitItem({ model, kind, retryAt, failures }: Circuit): vscode.TreeItem {
  const item = new vscode.TreeItem(model);
  item.id = `circuit ${model}`;
  item.description = kind === "open" ? `circuit open until ${dateTime(retryAt)}` : "circuit half-open";
  item.iconPath = new vscode.ThemeIcon("circle-slash", color("charts.red"));
  item.tooltip = `${count(failures, "failure")} in a row. The next run asks it once before anything else is sent to it.`;
  item.contextValue = "circuit.broken";
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

function color(id: string): vscode.ThemeColor {
  return new vscode.ThemeColor(id);
}
