import * as vscode from "vscode";
import { textField } from "../../base/untyped.ts";
import type { RunSummary } from "../../engine/runner/events.ts";
import { shortName } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { count, dollars, integer } from "../words.ts";
import { pricedEstimate } from "./affordable.ts";
import { experimentFor } from "./targets.ts";

/** Asks, after saying what that costs, whatever a full run of an experiment needs and the cache does not hold. */
export async function warmCache(lab: Lab, argument: unknown): Promise<void> {
  requireTrust();
  const uri = (await fileOfGroup(lab, argument)) ?? (await experimentFor(lab, argument));
  if (uri === undefined) return;
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (open?.isDirty && !(await open.save())) return;
  const source = { file: uri.fsPath, warm: true };
  const estimate = await pricedEstimate(lab, source, "Warm");
  if (estimate === undefined) return;
  const { name, calls, cachedCalls, cost } = estimate;
  if (calls === cachedCalls) {
    void vscode.window.showInformationMessage(`The cache holds all ${integer(calls)} answers of ${name}.`);
    return;
  }
  const price = cost === 0 ? "nothing" : `up to ${dollars(cost)}`;
  const chosen = await vscode.window.showInformationMessage(
    `Ask for ${count(calls - cachedCalls, "answer")} of ${name}? ${integer(cachedCalls)} are in the cache. Cost: ${price}.`,
    "Warm",
    "Show Estimate",
  );
  if (chosen === "Show Estimate") await lab.documents.showEstimate(uri.fsPath);
  if (chosen !== "Warm") return;
  const summary = await followed(lab, uri.fsPath);
  const { requests, stopped, status } = summary;
  const told = `${name}: asked for ${count(requests.succeeded, "answer")}, knew ${integer(requests.cached)}`;
  if (status === "finished" && requests.failed === 0) void vscode.window.showInformationMessage(`${told}.`);
  else void vscode.window.showWarningMessage(`${told}, ${integer(requests.failed)} failed: ${stopped.reason}.`);
}

function followed(lab: Lab, file: string): Promise<RunSummary> {
  const title = `Warming the cache of ${shortName(file)}`;
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return Promise.resolve(
    vscode.window.withProgress(options, async (progress, cancel) => {
      const { concurrency } = lab.settings;
      const { run } = await lab.engine.request("start", {
        file,
        options: { warm: true, ...(concurrency === undefined ? {} : { concurrency }) },
      });
      lab.runs.hush(run);
      cancel.onCancellationRequested(() => void lab.engine.request("stop", { run, now: false }));
      let shown = 0;
      return new Promise<RunSummary>((resolve) => {
        const listening = lab.runs.onEvent((event) => {
          if (!("view" in event) || event.view.run !== run) return;
          const { trialsDone, trialsPlanned } = event.view;
          const share = (100 * trialsDone) / Math.max(1, trialsPlanned);
          progress.report({ increment: share - shown, message: `${integer(trialsDone)} of ${integer(trialsPlanned)}` });
          shown = share;
          if (event.kind !== "ended") return;
          listening.dispose();
          resolve(event.summary);
        });
      });
    }),
  );
}

/** Where the experiment of a group in the cache's tree was run from last. */
async function fileOfGroup(lab: Lab, argument: unknown): Promise<vscode.Uri | undefined> {
  const experiment = textField(argument, "experiment") ?? textField(argument, "group", "experiment");
  if (experiment === undefined) return undefined;
  const runs = await lab.engine.request("runs", { limit: 200 });
  const found = runs.find(({ name, file }) => name === experiment && file !== "");
  return found && vscode.Uri.file(found.file);
}
