import * as vscode from "vscode";
import type { EngineClient } from "../engine/engineClient.ts";
import { experimentSelector } from "../experimentFiles.ts";
import { toRange } from "./places.ts";

export function registerHover(engine: EngineClient): vscode.Disposable {
  return vscode.languages.registerHoverProvider(experimentSelector, {
    async provideHover(document, position) {
      const found = await engine.request("hover", {
        file: document.uri.fsPath,
        text: document.getText(),
        offset: document.offsetAt(position),
      });
      return found && new vscode.Hover(new vscode.MarkdownString(found.text), toRange(found.range));
    },
  });
}
