import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Diagnostic, Severity } from "../../engine/spec/diagnostic.ts";
import { type Checked, type Checks, diagnosedUri } from "./checks.ts";
import { toRange } from "./places.ts";

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
};

/** What a JSON Schema can tell too, so that an extension that validates by ours reports it as well. */
const schemaCodes: ReadonlySet<string> = new Set([
  "unknown-key",
  "missing-key",
  "missing-value",
  "wrong-type",
  "unknown-value",
]);

/** True while another extension validates documents of this kind by our schema. */
export function validatedElsewhere(languageId: string): boolean {
  const extension =
    languageId === "yaml" ? "redhat.vscode-yaml" : languageId === "json" ? "vscode.json-language-features" : "";
  return vscode.extensions.getExtension(extension)?.isActive ?? false;
}

/** Shows what checks find, in the experiment file and in the files it names. */
export class Problems implements Disposable {
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection("layoutlab"));
  /** By experiment, so that two which share a data file do not wipe out each other's findings. */
  readonly #found = new Map<string, ReadonlyMap<string, readonly vscode.Diagnostic[]>>();

  constructor(checks: Checks) {
    this.#store.add(checks.onChecked((checked) => this.#take(checked)));
    this.#store.add(checks.onClosed((uri) => this.#replace(uri.toString(), new Map())));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #take(checked: Checked): void {
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === checked.uri.toString());
    const twice = document !== undefined && validatedElsewhere(document.languageId);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const diagnostic of checked.result.diagnostics) {
      const uri = diagnosedUri(checked, diagnostic.file).toString();
      if (twice && uri === checked.uri.toString() && schemaCodes.has(diagnostic.code)) continue;
      byFile.set(uri, [...(byFile.get(uri) ?? []), toDiagnostic(diagnostic)]);
    }
    this.#replace(checked.uri.toString(), byFile);
  }

  #replace(experiment: string, found: ReadonlyMap<string, readonly vscode.Diagnostic[]>): void {
    const touched = new Set([...(this.#found.get(experiment)?.keys() ?? []), ...found.keys()]);
    if (found.size === 0) this.#found.delete(experiment);
    else this.#found.set(experiment, found);
    for (const uri of touched) {
      const all = [...this.#found.values()].flatMap((byFile) => byFile.get(uri) ?? []);
      this.#collection.set(vscode.Uri.parse(uri), all);
    }
  }
}

function toDiagnostic(diagnostic: Diagnostic): vscode.Diagnostic {
  const { range, message, action, severity, code } = diagnostic;
  const shown = new vscode.Diagnostic(toRange(range), `${message}: ${action}`, severities[severity]);
  shown.source = "Layout Lab";
  shown.code = code;
  return shown;
}
