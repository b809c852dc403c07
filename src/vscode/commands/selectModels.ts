import * as vscode from "vscode";
import type { ModelListing } from "../../engine/api.ts";
import { sourceOf } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { toRange } from "../language/places.ts";
import { requireTrust } from "../trouble.ts";
import { modelsEdit } from "./modelsEdit.ts";
import { experimentFor } from "./targets.ts";

interface Entry extends vscode.QuickPickItem {
  readonly id?: string;
  /** What its button copies: a command for the terminal. */
  readonly command?: string;
}

const copies: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("copy"), tooltip: "Copy the command" };

/** Lets the person choose among the models that can be asked, and writes `models:` as an edit that can be undone. */
export async function selectModels(lab: Lab, argument: unknown): Promise<void> {
  requireTrust();
  const uri = await experimentFor(lab, argument);
  if (uri === undefined) return;
  const { outline } = await lab.engine.request("check", sourceOf(uri));
  const chosen = (outline?.models ?? []).map((model) => model.id);
  const selected = await pick(lab.engine.request("models", {}), chosen);
  if (selected === undefined) return;
  // What was there keeps its place: the first model is the preview's.
  const picked = [...chosen.filter((id) => selected.includes(id)), ...selected.filter((id) => !chosen.includes(id))];
  if (picked.length === chosen.length && picked.every((id, i) => id === chosen[i])) return;
  await lab.editorModels.admit(picked);
  const document = await vscode.workspace.openTextDocument(uri);
  const symbols = await lab.engine.request("symbols", { file: uri.fsPath, text: document.getText() });
  const section = symbols.find((each) => each.name === "models");
  const change = modelsEdit(document.getText(), {
    json: document.languageId === "json" || uri.path.endsWith(".json"),
    models: picked,
    section: section === undefined ? undefined : offsets(document, toRange(section.range)),
  });
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(document.positionAt(change.start), document.positionAt(change.end)), change.text);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document, { preserveFocus: true });
}

function offsets(document: vscode.TextDocument, range: vscode.Range): { readonly start: number; readonly end: number } {
  return { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
}

/** Many of the list, and any id that is typed. Undefined when it is left. */
function pick(listing: Promise<readonly ModelListing[]>, chosen: readonly string[]): Promise<string[] | undefined> {
  const input = vscode.window.createQuickPick<Entry>();
  input.canSelectMany = true;
  input.matchOnDescription = true;
  input.placeholder = "Models of this experiment; type provider:model for one that is not listed";
  const typed: string[] = [];
  let listed: Entry[] = [];
  const show = (value: string) => {
    const known = new Set(listed.flatMap((entry) => entry.id ?? []));
    const own = [...new Set([...chosen, ...typed])]
      .filter((id) => !known.has(id))
      .map((id): Entry => ({ label: id, id }));
    const free = /^[\w.-]+[:/]\S+$/.test(value) && !known.has(value) && !typed.includes(value);
    const selected = new Set(input.selectedItems.flatMap((entry) => entry.id ?? []));
    const extra: Entry[] = free ? [{ label: value, id: value, description: "as typed", alwaysShow: true }] : [];
    input.items = [...extra, ...own, ...listed];
    input.selectedItems = input.items.filter((entry) => entry.id !== undefined && selected.has(entry.id));
  };
  show("");
  input.selectedItems = input.items.filter((entry) => entry.id !== undefined && chosen.includes(entry.id));
  input.busy = true;
  listing.then(
    (all) => {
      const before = new Set(input.selectedItems.flatMap((entry) => entry.id ?? []));
      listed = all.flatMap(({ provider, models, problem, suggestions = [] }): Entry[] => [
        { label: provider, kind: vscode.QuickPickItemKind.Separator },
        ...models.map(({ id, detail }): Entry => ({ label: id, id, description: detail ?? "" })),
        ...suggestions.map(
          ({ id, detail, command }): Entry => ({
            label: id,
            id,
            description: `not there yet · ${detail}`,
            detail: `In a terminal: ${command}`,
            command,
            buttons: [copies],
          }),
        ),
        ...(problem === undefined ? [] : [{ label: `$(info) ${problem}` }]),
      ]);
      show(input.value);
      input.selectedItems = input.items.filter((entry) => entry.id !== undefined && before.has(entry.id));
      input.busy = false;
    },
    () => {
      input.busy = false;
    },
  );
  return new Promise((resolve) => {
    input.onDidChangeValue(show);
    input.onDidTriggerItemButton(({ item: { command } }) => {
      if (command === undefined) return;
      void vscode.env.clipboard.writeText(command);
      void vscode.window.showInformationMessage(`Copied: ${command}`);
    });
    input.onDidChangeSelection((items) => {
      for (const { id, description } of items) if (id !== undefined && description === "as typed") typed.push(id);
    });
    input.onDidAccept(() => {
      resolve([...new Set(input.selectedItems.flatMap((entry) => entry.id ?? []))]);
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}
