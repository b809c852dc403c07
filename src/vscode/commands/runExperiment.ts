import * as vscode from "vscode";
import type { RunOptions } from "../../engine/api.ts";
import { shortName } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { affordable, aRun } from "./affordable.ts";
import { experimentFor } from "./targets.ts";

/** Saves and runs an experiment; asks first when it may cost more than the person said. Returns the run's id. */
export async function runExperiment(lab: Lab, argument: unknown): Promise<string | undefined> {
  requireTrust();
  const uri = await experimentFor(lab, argument);
  return uri === undefined ? undefined : started(lab, uri, {});
}

/** Asks every example of a part of the data twice, to see what difference is noise. Returns the run's id. */
export async function measureNoise(lab: Lab, argument: unknown): Promise<string | undefined> {
  requireTrust();
  const uri = await experimentFor(lab, argument);
  if (uri === undefined) return undefined;
  const typed = await vscode.window.showInputBox({
    prompt: "How many examples does every variant answer twice? More tell smaller differences from noise.",
    value: "100",
    validateInput: (text) => (/^[1-9]\d*$/.test(text.trim()) ? undefined : "A whole number from 1"),
  });
  return typed === undefined ? undefined : started(lab, uri, { aa: true, limit: Number(typed) });
}

async function started(lab: Lab, uri: vscode.Uri, wanted: RunOptions): Promise<string | undefined> {
  // A run belongs to the text on disk: resuming it reads that.
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (open?.isDirty && !(await open.save())) return undefined;
  const source = { file: uri.fsPath };
  if (!(await affordable(lab, { ...source, ...wanted }, aRun))) return undefined;
  const { outline } = await lab.engine.request("check", source);
  await lab.editorModels.admit((outline?.models ?? []).map(({ id }) => id));
  const { concurrency } = lab.settings;
  const { run } = await lab.engine.request("start", {
    ...source,
    options: concurrency === undefined ? wanted : { ...wanted, concurrency },
  });
  lab.runPanels.show(run, shortName(uri.fsPath));
  return run;
}
