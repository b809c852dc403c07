import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { Lab } from "../lab.ts";

/** Writes a new experiment from the person's own table, or the small example, and opens it with its preview. */
export async function newExperiment(lab: Lab, argument: unknown): Promise<void> {
  const folder = await targetFolder();
  if (folder === undefined) return;
  // Explorer's menu and scripts name the table themselves.
  const from = argument instanceof vscode.Uri ? argument : await dataFile(folder);
  if (from === "cancelled") return;
  const { files } = await lab.engine.request("scaffold", {
    into: folder.fsPath,
    ...(from === undefined ? {} : { csv: from.fsPath }),
  });
  const written = await writeNew(folder, files);
  const experiment = written.find((uri) => /\.layout\.(yaml|json)$/.test(uri.path));
  if (experiment === undefined) return;
  await vscode.window.showTextDocument(experiment, { viewColumn: vscode.ViewColumn.One });
  lab.previews.show(experiment, undefined);
}

async function targetFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    throw new UserError("no-folder", "no folder is open", "open the folder that the experiment belongs to");
  }
  if (folders.length === 1) return folders[0]?.uri;
  return (await vscode.window.showWorkspaceFolderPick({ placeHolder: "Where does the experiment belong?" }))?.uri;
}

async function dataFile(folder: vscode.Uri): Promise<vscode.Uri | undefined | "cancelled"> {
  const own = { label: "$(table) From a data file…", detail: "CSV, TSV, JSON Lines or JSON with a column of answers" };
  const example = { label: "$(beaker) Small example", detail: "A table and an experiment that run without a key" };
  const picked = await vscode.window.showQuickPick([own, example], { placeHolder: "What is the experiment about?" });
  if (picked === undefined) return "cancelled";
  if (picked === example) return undefined;
  const chosen = await vscode.window.showOpenDialog({
    defaultUri: folder,
    openLabel: "Use This Table",
    filters: { "Data files": ["csv", "tsv", "jsonl", "json"] },
  });
  return chosen?.[0] ?? "cancelled";
}

/** Writes the files, none over one that is there. */
async function writeNew(
  folder: vscode.Uri,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<readonly vscode.Uri[]> {
  const targets = files.map((file) => ({ uri: vscode.Uri.file(path.join(folder.fsPath, file.path)), text: file.text }));
  for (const { uri } of targets) {
    if (!(await exists(uri))) continue;
    const name = vscode.workspace.asRelativePath(uri);
    throw new UserError("file-exists", `${name} is there already`, "rename it, or start in another folder");
  }
  const edit = new vscode.WorkspaceEdit();
  for (const { uri, text } of targets) edit.createFile(uri, { contents: Buffer.from(text) });
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new UserError("not-written", "the experiment could not be written", "check that the folder is writable");
  }
  return targets.map(({ uri }) => uri);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
