import * as vscode from "vscode";
import type { FileSymbol } from "../../engine/spec/language.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { experimentSelector } from "../experimentFiles.ts";
import { toRange } from "./places.ts";

const kinds: Readonly<Record<FileSymbol["kind"], vscode.SymbolKind>> = {
  section: vscode.SymbolKind.Module,
  part: vscode.SymbolKind.String,
  layout: vscode.SymbolKind.Struct,
  model: vscode.SymbolKind.Interface,
  parameter: vscode.SymbolKind.Property,
  item: vscode.SymbolKind.Field,
};

export function registerSymbols(engine: EngineClient): vscode.Disposable {
  return vscode.languages.registerDocumentSymbolProvider(
    experimentSelector,
    {
      async provideDocumentSymbols(document) {
        const found = await engine.request("symbols", { file: document.uri.fsPath, text: document.getText() });
        return found.map(toSymbol);
      },
    },
    { label: "Layout Lab" },
  );
}

function toSymbol(symbol: FileSymbol): vscode.DocumentSymbol {
  const shown = new vscode.DocumentSymbol(
    symbol.name,
    symbol.detail,
    kinds[symbol.kind],
    toRange(symbol.range),
    toRange(symbol.selection),
  );
  shown.children = symbol.children.map(toSymbol);
  return shown;
}
