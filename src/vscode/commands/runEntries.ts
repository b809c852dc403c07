import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import { dateTime } from "../words.ts";
import { experimentFor, runFor } from "./targets.ts";

const ofTree = {
  placeHolder: "Which run?",
  fits: () => true,
  none: { message: "there are no runs yet", action: "start one with Run Experiment" },
};

export async function openExperiment(lab: Lab, argument: unknown): Promise<void> {
  const uri = await experimentFor(lab, argument);
  if (uri !== undefined) await vscode.window.showTextDocument(uri);
}

/** Makes a run what `assert: { against: baseline }` compares with. */
export async function markBaseline(lab: Lab, argument: unknown): Promise<void> {
  const item = await runFor(lab, argument, ofTree);
  if (item === undefined) return;
  await lab.engine.request("markBaseline", { run: item.run });
  const when = dateTime(item.createdAt);
  void vscode.window.showInformationMessage(`The run of ${when} is the baseline of ${item.name}.`);
}

export async function deleteRun(lab: Lab, argument: unknown): Promise<void> {
  const item = await runFor(lab, argument, ofTree);
  if (item === undefined) return;
  const chosen = await vscode.window.showWarningMessage(
    `Delete the run of ${dateTime(item.createdAt)}?`,
    { modal: true, detail: "Its trials, requests and verdict go with it. Cached answers stay." },
    "Delete",
  );
  if (chosen === "Delete") await lab.engine.request("deleteRun", { run: item.run });
}
