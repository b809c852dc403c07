import * as vscode from "vscode";
import type { ModelListing } from "../../engine/api.ts";
import { sourceOf } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { toRange } from "../language/places.ts";
import { requireTrust } from "../trouble.ts";
import { modelsEdit } from "./modelsEdit.ts";
import { experimentFor } from "./targets.ts";
import { TickedIds } from "./tickedIds.ts";

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

/**
 * Many of the list, and any id that is typed. Undefined when it is left. Entries keep their places, since the editor tells what
 * is ticked by place: a tick on its way when the listing arrives means the same entry afterwards.
 */
function pick(listing: Promise<readonly ModelListing[]>, chosen: readonly string[]): Promise<string[] | undefined> {
  const input = vscode.window.createQuickPick<Entry>();
  input.canSelectMany = true;
  input.matchOnDescription = true;
  input.keepScrollPosition = true;
  input.placeholder = "Models of this experiment; type provider:model for one that is not listed";
  const ticks = new TickedIds(chosen);
  const entries: Entry[] = chosen.map((id) => ({ label: id, id }));
  let typed: string | undefined;
  const show = () => {
    const first: Entry =
      typed === undefined
        ? { label: chosen.length === 0 ? "" : "in the experiment", kind: vscode.QuickPickItemKind.Separator }
        : { label: typed, id: typed, description: "as typed", alwaysShow: true };
    const active = input.activeItems[0]?.id;
    const items = [first, ...entries];
    input.items = items;
    input.selectedItems = items.filter(({ id }) => id !== undefined && ticks.has(id));
    ticks.sent();
    afterDrawing(() => ticks.drawn());
    const still = items.find(({ id }) => id !== undefined && id === active);
    if (still !== undefined) input.activeItems = [still];
  };
  const type = (value: string) => {
    const isNew = /^[\w.-]+[:/]\S+$/.test(value) && !entries.some(({ id }) => id === value);
    const next = isNew ? value : undefined;
    if (next === typed) return;
    typed = next;
    show();
  };
  show();
  input.busy = true;
  listing.then(
    (all) => {
      for (const listing of all) {
        const more: Entry[] = [];
        for (const entry of entriesOf(listing)) {
          const place = entries.findIndex(({ id }) => id !== undefined && id === entry.id);
          if (place < 0) more.push(entry);
          else entries[place] = entry;
        }
        if (more.length > 0)
          entries.push({ label: listing.provider, kind: vscode.QuickPickItemKind.Separator }, ...more);
      }
      if (entries.some(({ id }) => id === typed)) typed = undefined;
      show();
      input.busy = false;
    },
    () => {
      input.busy = false;
    },
  );
  return new Promise((resolve) => {
    input.onDidChangeValue(type);
    input.onDidTriggerItemButton(({ item: { command } }) => {
      if (command === undefined) return;
      void vscode.env.clipboard.writeText(command);
      void vscode.window.showInformationMessage(`Copied: ${command}`);
    });
    input.onDidChangeSelection((items) => {
      const lost = ticks.report(items.flatMap(({ id }) => id ?? []));
      const kept = typed !== undefined && ticks.has(typed) ? typed : undefined;
      if (kept !== undefined) {
        entries.push({ label: kept, id: kept });
        typed = undefined;
      }
      if (lost || kept !== undefined) show();
    });
    input.onDidAccept(() => {
      resolve([...ticks.all]);
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}

function entriesOf({ models, suggestions = [], problem }: ModelListing): readonly Entry[] {
  return [
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
  ];
}

/** Calls back when the editor has drawn what it was sent: it is sent with the next timer, and a command's answer comes behind it. */
function afterDrawing(then: () => void): void {
  setTimeout(() => void vscode.commands.executeCommand("setContext", "layoutlab.selecting", true).then(then, then), 0);
}
