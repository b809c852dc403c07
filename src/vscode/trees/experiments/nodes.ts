import * as vscode from "vscode";
import type { RunListItem } from "../../../engine/api.ts";
import type { SeenRun } from "../../runs.ts";
import { count, dateTime, duration, percent } from "../../words.ts";

/** What stands in the tree: files, their runs, the variants of a run. */
export type ExperimentNode =
  | { readonly kind: "experiment"; readonly uri: vscode.Uri }
  | { readonly kind: "run"; readonly item: RunListItem }
  | { readonly kind: "variant"; readonly item: RunListItem; readonly index: number }
  | { readonly kind: "hint"; readonly text: string };

export function experimentItem(uri: vscode.Uri): vscode.TreeItem {
  const item = new vscode.TreeItem(uri, vscode.TreeItemCollapsibleState.Collapsed);
  const folder = vscode.workspace.asRelativePath(vscode.Uri.joinPath(uri, ".."), false);
  const [root] = vscode.workspace.workspaceFolders ?? [];
  if (root === undefined || vscode.Uri.joinPath(uri, "..").toString() !== root.uri.toString())
    item.description = folder;
  item.iconPath = new vscode.ThemeIcon("beaker");
  item.contextValue = "experiment";
  item.command = { command: "vscode.open", title: "Open", arguments: [uri] };
  item.tooltip = uri.fsPath;
  return item;
}

export function runItem(run: RunListItem, seen: SeenRun | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(dateTime(run.createdAt), vscode.TreeItemCollapsibleState.Collapsed);
  const state = stateOf(run, seen);
  item.id = `run ${run.run}`;
  item.iconPath = state.icon;
  const alerts = seen?.view.alerts?.map(({ message }) => message) ?? run.alerts ?? [];
  item.description = alerts.length === 0 ? state.text : `${state.text} · ${count(alerts.length, "alert")}`;
  // The sign of what went on in it stands for the run; of one that is going, that it goes.
  if (alerts.length > 0 && seen === undefined) item.iconPath = icon("warning", "list.warningForeground");
  item.contextValue = `run.${state.context}`;
  item.tooltip = runTooltip(run, state.text, alerts);
  item.accessibilityInformation = { label: `Run of ${dateTime(run.createdAt)}, ${item.description}` };
  return item;
}

function stateOf(run: RunListItem, seen: SeenRun | undefined) {
  if (seen !== undefined) {
    const { trialsDone, trialsPlanned } = seen.view;
    return {
      icon: new vscode.ThemeIcon("sync~spin"),
      text: `${trialsDone} of ${trialsPlanned} trials`,
      context: "live",
    };
  }
  // Another process, such as a terminal, works on it.
  if (run.live) return { icon: new vscode.ThemeIcon("sync"), text: "going elsewhere", context: "elsewhere" };
  if (run.status === "finished") {
    const won = run.variants.find((variant) => variant.status === "won");
    // The first clause of a verdict is its gist; the whole stands in the tooltip.
    const text = won === undefined ? (run.verdict?.split(/[:;.]/)[0] ?? "finished") : `${won.layout} won`;
    return { icon: icon("pass", "testing.iconPassed"), text, context: "finished" };
  }
  if (run.status === "failed") {
    return { icon: icon("error", "testing.iconErrored"), text: run.stopReason ?? "failed", context: "interrupted" };
  }
  return { icon: icon("debug-pause", "charts.yellow"), text: run.stopReason ?? "interrupted", context: "interrupted" };
}

function runTooltip(run: RunListItem, state: string, alerts: readonly string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString("", true);
  text.appendMarkdown("**").appendText(run.name).appendMarkdown(`** · run \`${run.run}\`\n\n`);
  text.appendText(run.verdict ?? state);
  const took = run.endedAt === undefined ? "" : `, ${duration(run.endedAt - run.createdAt)}`;
  text.appendMarkdown("\n\n").appendText(`${count(run.variants.length, "variant")} on ${run.models.join(", ")}${took}`);
  for (const alert of alerts) text.appendMarkdown("\n\n$(warning) ").appendText(alert);
  return text;
}

export function variantItem(run: RunListItem, index: number, seen: SeenRun | undefined): vscode.TreeItem {
  const variant = run.variants[index];
  if (variant === undefined) return new vscode.TreeItem("");
  const live = seen?.view.variants.find((each) => each.id === variant.id);
  const status = live?.status ?? variant.status;
  const accuracy = live === undefined ? variant.accuracy : live.trials === 0 ? undefined : live.accuracy;
  const item = new vscode.TreeItem(run.models.length > 1 ? variant.id : variant.layout);
  item.id = `variant ${run.run} ${index}`;
  item.iconPath =
    status === "won"
      ? icon("star-full", "charts.yellow")
      : new vscode.ThemeIcon(status === "dropped" ? "circle-slash" : "circle-outline");
  const word = status === "won" ? "won" : status === "dropped" ? "dropped" : "";
  item.description = [accuracy === undefined ? "no trials yet" : percent(accuracy), word].filter(Boolean).join(" · ");
  item.tooltip = [variant.id, live?.reason].filter(Boolean).join("\n");
  item.contextValue = "variant";
  item.accessibilityInformation = { label: `${variant.id}, accuracy ${item.description}` };
  return item;
}

function icon(id: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, new vscode.ThemeColor(color));
}
