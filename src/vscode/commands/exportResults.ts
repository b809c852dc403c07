import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { ExportFormat } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";
import { count } from "../words.ts";
import { runFor } from "./targets.ts";

/** Endings by format, with what the dialog calls them. The longest ending wins. */
const formats: { readonly [Format in ExportFormat]: string } = {
  "replay.jsonl": "Recorded outputs",
  "junit.xml": "JUnit",
  csv: "Table of trials (CSV)",
  jsonl: "Trials (JSON Lines)",
  json: "Summary (JSON)",
  md: "Report (Markdown)",
  html: "Report (HTML)",
};

/** Writes a run to a file; the ending chooses the format. */
export async function exportResults(lab: Lab, argument: unknown): Promise<void> {
  const item = await runFor(lab, argument, {
    placeHolder: "Export which run?",
    fits: () => true,
    none: { message: "there are no runs yet", action: "start one with Run Experiment" },
  });
  if (item === undefined) return;
  const folder = item.file === "" ? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath : path.dirname(item.file);
  const chosen = await vscode.window.showSaveDialog({
    title: "Export Results",
    filters: Object.fromEntries(Object.entries(formats).map(([ending, label]) => [label, [ending]])),
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(path.join(folder, `${item.name}.csv`)) }),
  });
  if (chosen === undefined) return;
  const { rows } = await lab.engine.request("export", {
    run: item.run,
    format: formatOf(chosen.fsPath),
    to: chosen.fsPath,
  });
  void offerToOpen(chosen, rows);
}

async function offerToOpen(file: vscode.Uri, rows: number): Promise<void> {
  const name = vscode.workspace.asRelativePath(file);
  const opened = await vscode.window.showInformationMessage(`${count(rows, "row")} written to ${name}.`, "Open");
  if (opened !== undefined) await vscode.commands.executeCommand("vscode.open", file);
}

function formatOf(file: string): ExportFormat {
  const endings = Object.keys(formats) as ExportFormat[];
  const found = endings.find((ending) => file.toLowerCase().endsWith(`.${ending}`));
  if (found !== undefined) return found;
  const name = path.basename(file);
  const action = `end it in ${endings.map((ending) => `.${ending}`).join(", ")}`;
  throw new UserError("unknown-format", `${name} has no ending that names a format`, action);
}
