import * as vscode from "vscode";
import { sourceOf } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { count, dollars, duration } from "../words.ts";
import { experimentFor } from "./targets.ts";

/** Says in one line what a run would take, and leads to the whole reckoning. */
export async function estimateCost(lab: Lab, argument: unknown): Promise<void> {
  // Models are asked for what they can; a folder that is not trusted does not choose whom.
  requireTrust();
  const uri = await experimentFor(lab, argument);
  if (uri === undefined) return;
  const estimate = await lab.engine.request("estimate", sourceOf(uri));
  const calls = count(estimate.calls - estimate.cachedCalls, "call");
  const line = `${estimate.name}: at most ${calls}, ${dollars(estimate.cost)}, at least ${duration(estimate.shortestMs)}.`;
  void showDetails(lab, uri, line);
}

async function showDetails(lab: Lab, uri: vscode.Uri, line: string): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(line, "Show Details", "Run");
  if (chosen === "Show Details") await lab.documents.showEstimate(uri.fsPath);
  if (chosen === "Run") await vscode.commands.executeCommand("layoutlab.runExperiment", uri);
}
