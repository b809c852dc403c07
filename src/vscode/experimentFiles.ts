import * as vscode from "vscode";
import type { Source } from "../engine/api.ts";

/** Experiment files by name: language features and menus go by it. */
export const experimentPattern = "**/*.layout.{yaml,json}";
export const experimentSelector: vscode.DocumentSelector = [{ scheme: "file", pattern: experimentPattern }];

const namePattern = /\.layout\.(yaml|json)$/;

export function isExperiment(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && namePattern.test(uri.path);
}

/** The experiments of the workspace, sorted by path. */
export async function findExperiments(): Promise<readonly vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(experimentPattern, "**/{node_modules,.git,.layoutlab}/**");
  return found.filter(isExperiment).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** An experiment as the engine takes it, with the text as the editor holds it when it is open. */
export function sourceOf(uri: vscode.Uri): Source {
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  return { file: uri.fsPath, ...(open === undefined ? {} : { text: open.getText() }) };
}

/** `intents` of `…/intents.layout.yaml`. */
export function shortName(file: string): string {
  return file.replace(/^.*[/\\]/, "").replace(namePattern, "");
}
