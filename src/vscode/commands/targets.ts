import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { fieldsOf, textField } from "../../base/untyped.ts";
import type { RunListItem } from "../../engine/api.ts";
import { findExperiments, isExperiment } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { count, dateTime } from "../words.ts";

/**
 * The experiment a command is about: the one it was called on (a lens, a menu, a tree's entry), the one in front, or the one the
 * person picks. Undefined when nothing is picked.
 */
export async function experimentFor(lab: Lab, argument: unknown): Promise<vscode.Uri | undefined> {
  const given = experimentIn(argument);
  if (given !== undefined) return given;
  const inFront = vscode.window.activeTextEditor?.document.uri;
  if (inFront !== undefined && isExperiment(inFront)) return inFront;
  if (lab.previews.active !== undefined) return lab.previews.active.uri;
  const found = await findExperiments();
  if (found.length === 0)
    throw new UserError("no-experiment", "this workspace has no *.layout.yaml file", "make one with New Experiment");
  if (found.length === 1) return found[0];
  const picked = await vscode.window.showQuickPick(
    found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
    { placeHolder: "Which experiment?" },
  );
  return picked?.uri;
}

function experimentIn(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return isExperiment(argument) ? argument : undefined;
  const uri = fieldsOf(argument)?.["uri"];
  if (uri instanceof vscode.Uri) return uri;
  const file = textField(argument, "file") ?? textField(argument, "item", "file");
  return file === undefined || file === "" ? undefined : vscode.Uri.file(file);
}

/** The id of the run a command was called on. */
export function runIn(argument: unknown): string | undefined {
  return textField(argument, "run") ?? textField(argument, "item", "run");
}

export interface RunChoice {
  readonly placeHolder: string;
  /** Which runs are offered; without runs that fit the command cannot work. */
  fits(run: RunListItem): boolean;
  readonly none: { readonly message: string; readonly action: string };
}

/** The run a command is about: the one it was called on, the only one that fits, or the one that is picked. */
export async function runFor(lab: Lab, argument: unknown, choice: RunChoice): Promise<RunListItem | undefined> {
  const given = runIn(argument);
  if (given !== undefined) return (await lab.engine.request("run", { run: given })).item;
  const file = experimentIn(argument)?.fsPath;
  const all = await lab.engine.request("runs", { limit: 100, ...(file === undefined ? {} : { file }) });
  const fitting = all.filter((run) => choice.fits(run));
  if (fitting.length === 0) throw new UserError("no-run", choice.none.message, choice.none.action);
  if (fitting.length === 1) return fitting[0];
  return pickRun(fitting, choice.placeHolder);
}

export async function pickRun(runs: readonly RunListItem[], placeHolder: string): Promise<RunListItem | undefined> {
  const picked = await vscode.window.showQuickPick(
    runs.map((run) => ({
      label: `${run.live ? "$(sync~spin) " : ""}${run.name}`,
      description: dateTime(run.createdAt),
      detail: run.verdict ?? run.stopReason ?? `${run.status}, ${count(run.variants.length, "variant")}`,
      run,
    })),
    { placeHolder, matchOnDescription: true, matchOnDetail: true },
  );
  return picked?.run;
}
