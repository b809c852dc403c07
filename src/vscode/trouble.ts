import * as vscode from "vscode";
import { isAbort, messageOf, UserError } from "../base/errors.ts";
import { EngineStopped } from "./engine/engineClient.ts";

/**
 * Shows what went wrong, once: what the person can fix as one line with its action, a bug as a line that leads to the log.
 * Cancellations, and the failures that follow the engine's own, which has been told already, are nobody's trouble.
 */
export async function showTrouble(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (isAbort(error) || error instanceof vscode.CancellationError || error instanceof EngineStopped) return;
  if (error instanceof UserError) {
    log.warn(error.line);
    if (error.code === "invalid-experiment") {
      const chosen = await vscode.window.showErrorMessage(error.line, "Show Problems");
      if (chosen !== undefined) await vscode.commands.executeCommand("workbench.actions.view.problems");
      return;
    }
    void vscode.window.showErrorMessage(error.line);
    return;
  }
  log.error(error instanceof Error ? error : String(error));
  const chosen = await vscode.window.showErrorMessage(`Layout Lab failed: ${messageOf(error)}`, "Open Log");
  if (chosen !== undefined) log.show();
}

/** Refuses to go on in a folder that is not trusted; menus hide what needs trust, this holds for every other way in. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new UserError(
    "not-trusted",
    "experiments do not run in a folder that is not trusted",
    "trust the workspace first: Manage Workspace Trust",
  );
}
