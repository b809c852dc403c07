import * as vscode from "vscode";
import type { RunSummary } from "../engine/runner/events.ts";
import type { LiveRuns } from "./runs.ts";

/** One notification when a run ends: its verdict, or why it stopped before there was one. */
export function announceEnds(runs: LiveRuns, log: vscode.LogOutputChannel): vscode.Disposable {
  return runs.onEnd(({ summary }) => {
    log.info(`run ${summary.run} of ${summary.name}: ${summary.status}, ${summary.stopped.reason}`);
    void announce(summary, log);
  });
}

async function announce(summary: RunSummary, log: vscode.LogOutputChannel): Promise<void> {
  const { run, name, verdict, stopped } = summary;
  if (stopped.kind === "decided") {
    const chosen = await vscode.window.showInformationMessage(`${name}: ${verdict.explanation}`, "Show Metrics");
    if (chosen !== undefined) await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
    return;
  }
  const resumable = summary.status !== "finished";
  // A server that turned a model down most often wants a key, and then says so.
  const wantsKey = stopped.kind === "rejected" && /\bkey\b/i.test(stopped.reason);
  const actions = [...(wantsKey ? ["Add API Key"] : []), ...(resumable ? ["Resume"] : []), "Show Metrics"];
  const calm = stopped.kind === "interrupted" || stopped.kind === "budget";
  const message = `${name} stopped: ${stopped.reason}. What was answered is kept.`;
  const chosen = calm
    ? await vscode.window.showInformationMessage(message, ...actions)
    : await vscode.window.showWarningMessage(message, ...actions, "Open Log");
  if (chosen === "Add API Key") await vscode.commands.executeCommand("layoutlab.addApiKey");
  if (chosen === "Resume") await vscode.commands.executeCommand("layoutlab.resumeRun", { run });
  if (chosen === "Show Metrics") await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
  if (chosen === "Open Log") log.show();
}
