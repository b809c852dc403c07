import * as vscode from "vscode";
import type { Source } from "../../engine/api.ts";
import { shortName } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { count, dollars } from "../words.ts";
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
  if (!(await affordable(lab, source))) return undefined;
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

async function affordable(lab: Lab, source: Source): Promise<boolean> {
  const limit = lab.settings.confirmCost;
  if (limit === undefined) return true;
  const { cost, calls, cachedCalls } = await lab.engine.request("estimate", source);
  if (cost === null || cost <= limit) return true;
  const detail = `${count(calls - cachedCalls, "call")} at most. An adaptive run usually needs fewer.`;
  const chosen = await vscode.window.showWarningMessage(
    `This run may cost up to ${dollars(cost)}.`,
    { modal: true, detail },
    "Run",
    "Show Estimate",
  );
  if (chosen === "Show Estimate") await lab.documents.showEstimate(source.file);
  return chosen === "Run";
}
