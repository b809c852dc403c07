import * as vscode from "vscode";
import { shortName } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { affordable, aRun } from "./affordable.ts";
import { experimentFor } from "./targets.ts";

/** Saves and runs an experiment; asks first when it may cost more than the person said. Returns the run's id. */
export async function runExperiment(lab: Lab, argument: unknown): Promise<string | undefined> {
  requireTrust();
  const uri = await experimentFor(lab, argument);
  if (uri === undefined) return undefined;
  // A run belongs to the text on disk: resuming it reads that.
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (open?.isDirty && !(await open.save())) return undefined;
  const source = { file: uri.fsPath };
  if (!(await affordable(lab, source, aRun))) return undefined;
  const { outline } = await lab.engine.request("check", source);
  await lab.editorModels.admit((outline?.models ?? []).map(({ id }) => id));
  const { concurrency } = lab.settings;
  const { run } = await lab.engine.request("start", {
    ...source,
    options: concurrency === undefined ? {} : { concurrency },
  });
  lab.runPanels.show(run, shortName(uri.fsPath));
  return run;
}
