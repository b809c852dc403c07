import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable.ts";
import { experimentSelector } from "../experimentFiles.ts";
import type { LiveRuns } from "../runs.ts";
import { count, integer } from "../words.ts";
import type { Checks } from "./checks.ts";
import { type Coverages, coverageLine } from "./coverages.ts";
import { toRange } from "./places.ts";

/** On the name: run, preview, the size of the grid. On each layout: its preview. */
export function registerLenses(checks: Checks, runs: LiveRuns, coverages: Coverages): vscode.Disposable {
  const store = new DisposableStore();
  const changed = store.add(new vscode.EventEmitter<void>());
  store.add(checks.onChecked(() => changed.fire()));
  store.add(coverages.onChanged(() => changed.fire()));
  store.add(
    runs.onEvent((event) => {
      if (event.kind === "started" || event.kind === "ended") changed.fire();
    }),
  );
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()));
  store.add(
    vscode.languages.registerCodeLensProvider(experimentSelector, {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses(document) {
        const outline = checks.latest(document.uri)?.result.outline;
        if (outline === undefined) return [];
        const { uri } = document;
        const place = outline.nameRange === undefined ? new vscode.Range(0, 0, 0, 0) : toRange(outline.nameRange);
        const lens = (range: vscode.Range, title: string, command: string, args: unknown[], tooltip: string) =>
          new vscode.CodeLens(range, { title, command, arguments: args, tooltip });
        const live = runs.of(uri.fsPath)[0]?.view.run;
        const { variants, examples, trials } = outline;
        const coverage = coverages.latest(uri);
        const held = coverage && coverageLine(coverage);
        const size = `${count(variants, "variant")} × ${count(examples, "example")} = ${integer(trials)} trials`;
        const first = !vscode.workspace.isTrusted
          ? lens(place, "$(workspace-untrusted) Trust to run", "workbench.trust.manage", [], "Runs wait for trust")
          : live === undefined
            ? lens(place, "$(play) Run", "layoutlab.runExperiment", [uri], "Run this experiment")
            : lens(place, "$(sync~spin) Show Progress", "layoutlab.showProgress", [{ run: live }], "A run is going");
        return [
          first,
          lens(place, "$(open-preview) Preview", "layoutlab.previewLayouts", [uri], "See the prompts as they are sent"),
          ...(trials === 0
            ? []
            : [lens(place, size, "layoutlab.estimateCost", [uri], "Estimate tokens, cost and time")]),
          ...(held === undefined
            ? []
            : [
                lens(
                  place,
                  held,
                  "layoutlab.estimateCost",
                  [uri],
                  "Of the last run's answers; stale ones are asked again",
                ),
              ]),
          ...outline.layouts.flatMap(({ name, range }) =>
            range === undefined
              ? []
              : [
                  lens(
                    toRange(range),
                    `$(open-preview) ${name}`,
                    "layoutlab.previewLayouts",
                    [uri, name],
                    `Preview ${name}`,
                  ),
                ],
          ),
        ];
      },
    }),
  );
  return store;
}
