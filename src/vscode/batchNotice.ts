import * as vscode from "vscode";
import type { EngineClient } from "./engine/engineClient.ts";
import { count } from "./words.ts";

/** Says, when the engine starts in a trusted folder, that batches sent earlier have their answers. */
export function announceBatches(engine: EngineClient, log: vscode.LogOutputChannel): vscode.Disposable {
  let told = false;
  return engine.onStart(() => {
    if (told || !vscode.workspace.isTrusted) return;
    told = true;
    // The thread's own start waits for nobody.
    setTimeout(() => {
      look(engine).catch((error: unknown) => {
        // Without a network there is nothing to tell, and no harm in it.
        log.info(`batches were not looked up: ${error instanceof Error ? error.message : String(error)}`);
      });
    });
  });
}

async function look(engine: EngineClient): Promise<void> {
  const out = await engine.request("batchSubmissions", { refresh: false });
  if (out.every(({ state }) => state === "fetched")) return;
  const found = await engine.request("batchSubmissions", { refresh: true });
  const ready = found.filter(({ state }) => state === "ready").length;
  if (ready === 0) return;
  const is = ready === 1 ? "is" : "are";
  const chosen = await vscode.window.showInformationMessage(
    `${count(ready, "batch", "batches")} ${is} ready.`,
    "Fetch",
  );
  if (chosen !== undefined) await vscode.commands.executeCommand("layoutlab.fetchBatches");
}
