import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import { keyProviders } from "../secrets.ts";

/** Asks for a key and keeps it in the editor's secret storage. */
export async function addApiKey(lab: Lab): Promise<void> {
  const provider = await pickProvider(Object.keys(keyProviders), "A key for which provider?");
  if (provider === undefined) return;
  const key = await vscode.window.showInputBox({
    title: `Key for ${provider}`,
    prompt: "It is kept in the editor's secret storage, never in files, the store or the log.",
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? "Paste the key" : undefined),
  });
  if (key === undefined) return;
  await lab.keys.set(provider, key.trim());
  void vscode.window.showInformationMessage(`The key for ${provider} is kept. It counts from the next call.`);
}

export async function removeApiKey(lab: Lab): Promise<void> {
  const present = await lab.keys.present();
  if (present.length === 0) {
    void vscode.window.showInformationMessage("No key is kept. Keys from the environment are not ours to remove.");
    return;
  }
  const provider = await pickProvider(present, "Remove which key?");
  if (provider === undefined) return;
  await lab.keys.remove(provider);
  void vscode.window.showInformationMessage(`The key for ${provider} is removed.`);
}

async function pickProvider(names: readonly string[], placeHolder: string): Promise<string | undefined> {
  const picked = await vscode.window.showQuickPick(
    names.map((name) => ({ label: name, detail: keyProviders[name] ?? "" })),
    { placeHolder },
  );
  return picked?.label;
}
