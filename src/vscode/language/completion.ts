import * as vscode from "vscode";
import type { Completion } from "../../engine/spec/language.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { experimentSelector } from "../experimentFiles.ts";
import { validatedElsewhere } from "./diagnostics.ts";
import { toRange } from "./places.ts";

const kinds: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
  column: vscode.CompletionItemKind.Field,
  layout: vscode.CompletionItemKind.Struct,
  part: vscode.CompletionItemKind.Module,
  model: vscode.CompletionItemKind.Interface,
};

export function registerCompletion(engine: EngineClient): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position, token) {
      const found = await engine.request("complete", {
        file: document.uri.fsPath,
        text: document.getText(),
        offset: document.offsetAt(position),
      });
      if (token.isCancellationRequested) return [];
      // Whoever validates by our schema completes its keys as well.
      const keysToo = !validatedElsewhere(document.languageId);
      return found
        .filter((each) => keysToo || (each.kind !== "key" && each.kind !== "part"))
        .map((each, i) => toItem(document, each, i));
    },
  };
  return vscode.languages.registerCompletionItemProvider(experimentSelector, provider, ":", "{", " ", "-", ",", "[");
}

function toItem(document: vscode.TextDocument, completion: Completion, rank: number): vscode.CompletionItem {
  const item = new vscode.CompletionItem(
    { label: completion.label, description: completion.detail },
    kinds[completion.kind],
  );
  const range = toRange(completion.range);
  item.range = range;
  item.insertText = completion.newText;
  // What stands there already is what the editor filters by; a quoted or braced text would not match its bare label.
  item.filterText = document.getText(range).startsWith(completion.newText.slice(0, 1))
    ? completion.newText
    : completion.label;
  item.sortText = String(rank).padStart(4, "0");
  item.documentation = new vscode.MarkdownString(completion.documentation);
  return item;
}
