import * as vscode from "vscode";
import { DisposableStore } from "../base/disposable.ts";
import { announceAlerts } from "./alertNotice.ts";
import { announceBatches } from "./batchNotice.ts";
import { registerCommands } from "./commands/index.ts";
import { contextKeys } from "./contributions.ts";
import { Documents } from "./documents/documents.ts";
import { announceEnds } from "./endNotice.ts";
import { LanguageModels } from "./engine/editorModels.ts";
import type { EngineClient } from "./engine/engineClient.ts";
import { openEngine } from "./engine/openEngine.ts";
import type { Lab } from "./lab.ts";
import { Checks } from "./language/checks.ts";
import { registerCompletion } from "./language/completion.ts";
import { Coverages } from "./language/coverages.ts";
import { registerDefinition } from "./language/definition.ts";
import { Problems } from "./language/diagnostics.ts";
import { registerHover } from "./language/hover.ts";
import { registerLenses } from "./language/lenses.ts";
import { registerQuickFixes } from "./language/quickFixes.ts";
import { registerSymbols } from "./language/symbols.ts";
import { LocalServer } from "./localServer.ts";
import { ResultsPanels } from "./panels/resultsPanels.ts";
import { RunPanels } from "./panels/runPanels.ts";
import { Previews } from "./preview/previews.ts";
import { LiveRuns } from "./runs.ts";
import { Keys } from "./secrets.ts";
import { engineSettings, Settings } from "./settings.ts";
import { showBatchServer } from "./statusBar/batchServerStatus.ts";
import { RunStatus } from "./statusBar/runStatus.ts";
import { CacheTree } from "./trees/cache/cacheTree.ts";
import { ExperimentsTree } from "./trees/experiments/experimentsTree.ts";
import { ModelsTree } from "./trees/models/modelsTree.ts";

let engine: EngineClient | undefined;

/**
 * Puts the editor's side together. Nothing here works: it registers. The engine's thread starts with the first thing that needs
 * it, an open experiment or an opened tree. What can fail to register alone is registered alone, so that the rest stays.
 */
export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const owned = new DisposableStore();
  context.subscriptions.push(owned);
  const log = owned.add(vscode.window.createOutputChannel("Layout Lab", { log: true }));
  const settings = new Settings();
  const keys = new Keys(context.secrets);
  const editorModels = new LanguageModels();
  engine = openEngine({ context, settings, keys, editorModels, log, crashed: () => afterCrash() });
  const shared = { context, owned, log, settings, keys, editorModels, engine };
  const runs = owned.add(new LiveRuns(engine));
  const documents = owned.add(new Documents(engine, log));
  const checks = owned.add(new Checks(engine, log));
  const lab: Lab = {
    ...shared,
    runs,
    documents,
    checks,
    previews: owned.add(new Previews({ ...shared, checks, documents })),
    runPanels: owned.add(new RunPanels({ ...shared, runs })),
    resultsPanels: owned.add(new ResultsPanels({ ...shared, runs, documents })),
    simulator: owned.add(
      new LocalServer({
        ...shared,
        contextKey: contextKeys.simulating,
        request: "simulator",
      }),
    ),
    batchServer: owned.add(
      new LocalServer({
        ...shared,
        contextKey: contextKeys.serving,
        request: "batchServer",
      }),
    ),
    trees: {
      experiments: owned.add(new ExperimentsTree(engine, runs)),
      cache: owned.add(new CacheTree(engine)),
      models: owned.add(new ModelsTree(engine, runs)),
    },
  };
  const status = owned.add(new RunStatus(engine, runs));
  const afterCrash = () => {
    runs.forget();
    status.draw();
    lab.trees.experiments.refresh();
    lab.trees.models.refresh();
  };

  const features: Readonly<Record<string, () => vscode.Disposable>> = {
    commands: () => registerCommands(lab),
    problems: () => new Problems(checks),
    completion: () => registerCompletion(lab.engine),
    hover: () => registerHover(lab.engine),
    symbols: () => registerSymbols(lab.engine),
    definition: () => registerDefinition(lab.engine),
    "quick fixes": () => registerQuickFixes(lab.engine, checks),
    lenses: () => registerLenses(checks, runs, owned.add(new Coverages(lab.engine, checks, runs, log))),
    "notices of ends": () => announceEnds(runs, log),
    "notices of alerts": () => announceAlerts(runs, log),
    "notices of batches": () => announceBatches(lab.engine, log),
    "the batch server's item": () => showBatchServer(lab.batchServer),
    "changes of settings": () => followSettings(lab),
  };
  for (const [name, register] of Object.entries(features)) {
    try {
      owned.add(register());
    } catch (error) {
      log.error(`${name} did not load`, error instanceof Error ? error : String(error));
    }
  }
  // The tests hold the figure; a person finds it in the log.
  const { duration } = performance.measure("layoutlab.activate", { start: started });
  log.debug(`activated in ${duration.toFixed(1)} ms`);
}

/** The editor gives this a few seconds; a run that is not stored by then is resumed from what was. */
export async function deactivate(): Promise<void> {
  await engine?.close();
  engine = undefined;
}

/** Opens the engine anew when what it was opened with has changed. */
function followSettings(lab: Lab): vscode.Disposable {
  const store = new DisposableStore();
  const renew = () => {
    lab.engine.renew();
    lab.trees.experiments.refresh();
    lab.trees.cache.refresh();
    lab.trees.models.refresh();
  };
  store.add(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (engineSettings.some((id) => change.affectsConfiguration(id))) renew();
    }),
  );
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(renew));
  store.add(vscode.workspace.onDidChangeWorkspaceFolders(renew));
  store.add(
    lab.context.secrets.onDidChange(() => {
      // Keys are asked for at each call; only what was listed without one is old.
      lab.trees.models.refresh();
    }),
  );
  return store;
}
