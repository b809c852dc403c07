import * as vscode from "vscode";
import type { EngineClient } from "../engine/engineClient.ts";
import { experimentSelector } from "../experimentFiles.ts";
import type { Checks } from "./checks.ts";
import { toRange } from "./places.ts";

/** Fixes for what the last check found at the cursor, whether the finding is shown by us or by another extension. */
export function registerQuickFixes(engine: EngineClient, checks: Checks): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    experimentSelector,
    {
      async provideCodeActions(document, range, context) {
        const checked = checks.latest(document.uri);
        if (checked === undefined || checked.version !== document.version) return [];
        const here = checked.result.diagnostics.filter(
          (each) => each.file === document.uri.fsPath && toRange(each.range).intersection(range) !== undefined,
        );
        const source = { file: document.uri.fsPath, text: document.getText() };
        const fixes = await Promise.all(
          here.map((diagnostic) => engine.request("quickFixes", { ...source, diagnostic })),
        );
        return here.flatMap((diagnostic, i) =>
          (fixes[i] ?? []).map((fix) => {
            const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
            action.isPreferred = fix.preferred;
            action.diagnostics = context.diagnostics.filter((each) => each.code === diagnostic.code);
            action.edit = new vscode.WorkspaceEdit();
            for (const edit of fix.edits) action.edit.replace(document.uri, toRange(edit.range), edit.newText);
            return action;
          }),
        );
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}
