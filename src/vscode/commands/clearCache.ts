import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import { bytes, count } from "../words.ts";

/** Deletes every cached answer, after asking: they may have cost money. */
export async function clearCache(lab: Lab): Promise<void> {
  const { entries, bytes: size } = await lab.engine.request("cacheStats", {});
  if (entries === 0) {
    void vscode.window.showInformationMessage("The cache is empty.");
    return;
  }
  const chosen = await vscode.window.showWarningMessage(
    `Delete ${count(entries, "cached answer")} (${bytes(size)})?`,
    { modal: true, detail: "Runs keep their results. The next run asks, and may pay, again." },
    "Delete",
  );
  if (chosen === "Delete") await lab.engine.request("cacheDelete", {});
}
