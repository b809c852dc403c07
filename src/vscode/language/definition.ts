import * as vscode from "vscode";
import type { EngineClient } from "../engine/engineClient.ts";
import { experimentSelector } from "../experimentFiles.ts";
import { toRange } from "./places.ts";

/** Goes from `{file: …}`, a dataset's or demonstrations' path to the file. */
export function registerDefinition(engine: EngineClient): vscode.Disposable {
  return vscode.languages.registerDefinitionProvider(experimentSelector, {
    async provideDefinition(document, position): Promise<vscode.DefinitionLink[]> {
      const found = await engine.request("definition", {
        file: document.uri.fsPath,
        text: document.getText(),
        offset: document.offsetAt(position),
      });
      if (found === undefined) return [];
      return [
        {
          originSelectionRange: toRange(found.range),
          targetUri: vscode.Uri.file(found.file),
          targetRange: new vscode.Range(0, 0, 0, 0),
        },
      ];
    },
  });
}
