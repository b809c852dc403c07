import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { workbench } from "../../support/workbench.ts";

/** The folder the tests run in, a copy of the examples. */
export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder);
  return folder;
}

export function example(name: string): vscode.Uri {
  return vscode.Uri.file(join(workspaceFolder(), name));
}

/** Writes an experiment beside the examples, opens it and gives its document. */
export async function openExperiment(name: string, text: string): Promise<vscode.TextDocument> {
  const uri = example(name);
  await writeFile(uri.fsPath, text);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  return document;
}

/** Tries until it holds; fails with the last account of why it does not. */
export async function eventually<Value>(look: () => Promise<Value> | Value, withinMs = 15_000): Promise<Value> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await clearNotifications();
}

/** Waits for a notification and gives what it matched. They are read in their list, as toasts come and go. */
export async function notification(text: RegExp): Promise<RegExpExecArray> {
  return eventually(async () => {
    await vscode.commands.executeCommand("notifications.showList");
    const shown = await workbench.texts(".notifications-center .notification-list-item-message");
    const found = shown.map((each) => text.exec(each)).find((each) => each !== null);
    assert.ok(found, `shown: ${shown.join(" | ")}`);
    return found;
  });
}

export async function clearNotifications(): Promise<void> {
  await vscode.commands.executeCommand("notifications.clearAll");
}

/** A small run of the built-in model, over in about a second. */
export const smallExperiment = `name: small
dataset: { path: data/support.csv, input: { segment: text }, expected: intent, id: id, limit: 30 }
models: [builtin:reader]
prompt:
  instructions: { file: prompts/instructions.md }
  segment: "{{text}}"
  question: Which label fits what the customer needs now?
  output: { type: label, labels: auto }
layouts: [standard, recency]
sampling: { mode: full, seed: 1 }
`;

/** What the trees show, line by line. */
export async function treeRows(): Promise<string[]> {
  return (await workbench.texts(".pane-body .monaco-list-row")).map((row) => row.replaceAll(/\s+/g, " ").trim());
}

/** Waits for a row that reads like this. */
export async function shownInTrees(pattern: RegExp, withinMs?: number): Promise<void> {
  await eventually(async () => {
    const all = await treeRows();
    assert.ok(
      all.some((row) => pattern.test(row)),
      `no ${pattern} in: ${all.join(" | ")}`,
    );
  }, withinMs);
}

/** The first row of the trees in sight that holds all these texts. */
export function treeRow(...texts: string[]): string {
  return `.pane-body .monaco-list-row${texts.map((text) => `:has-text("${text}")`).join("")} >> nth=0`;
}

/** Unfolds a row; a tree that is being drawn anew may swallow the click, or take it for another row's. */
export async function unfold(...texts: string[]): Promise<void> {
  const row = treeRow(...texts);
  const expanded = async () => (await workbench.attribute(row, "aria-expanded")) === "true";
  await eventually(async () => {
    if (await expanded()) return;
    await workbench.click(`${row} >> .monaco-tl-twistie`);
    await eventually(async () => assert.ok(await expanded(), `${texts.join(", ")} stays folded`), 2000);
  });
}
