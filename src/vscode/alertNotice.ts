import * as vscode from "vscode";
import type { Alert } from "../engine/analysis/alerts.ts";
import type { LiveRuns } from "./runs.ts";

/** One notification a run, for the first thing that is out of bounds; what follows stands in trees and panels. */
export function announceAlerts(runs: LiveRuns, log: vscode.LogOutputChannel): vscode.Disposable {
  const told = new Set<string>();
  return runs.onEvent((event) => {
    if (event.kind === "ended") told.delete(event.view.run);
    if (event.kind !== "alert") return;
    const { run, alert } = event;
    log.warn(`run ${run}: ${alert.message}`);
    if (told.has(run)) return;
    told.add(run);
    void announce(run, runs.get(run)?.view.name ?? run, alert);
  });
}

async function announce(run: string, name: string, { message, action }: Alert): Promise<void> {
  const text = `${name}: ${message}: ${action}.`;
  const chosen = await vscode.window.showWarningMessage(text, "Show Metrics");
  if (chosen !== undefined) await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
}
