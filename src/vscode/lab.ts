import type * as vscode from "vscode";
import type { DisposableStore } from "../base/disposable.ts";
import type { Documents } from "./documents/documents.ts";
import type { LanguageModels } from "./engine/editorModels.ts";
import type { EngineClient } from "./engine/engineClient.ts";
import type { Checks } from "./language/checks.ts";
import type { LocalServer } from "./localServer.ts";
import type { ResultsPanels } from "./panels/resultsPanels.ts";
import type { RunPanels } from "./panels/runPanels.ts";
import type { Previews } from "./preview/previews.ts";
import type { LiveRuns } from "./runs.ts";
import type { Keys } from "./secrets.ts";
import type { Settings } from "./settings.ts";
import type { CacheTree } from "./trees/cache/cacheTree.ts";
import type { ExperimentsTree } from "./trees/experiments/experimentsTree.ts";
import type { ModelsTree } from "./trees/models/modelsTree.ts";

/** What commands, trees and language features share; put together in `extension.ts` and handed to each. */
export interface Lab {
  readonly context: vscode.ExtensionContext;
  /** Everything in it ends with the extension. */
  readonly owned: DisposableStore;
  readonly log: vscode.LogOutputChannel;
  readonly settings: Settings;
  readonly keys: Keys;
  readonly editorModels: LanguageModels;
  readonly engine: EngineClient;
  readonly runs: LiveRuns;
  readonly checks: Checks;
  readonly documents: Documents;
  readonly previews: Previews;
  readonly runPanels: RunPanels;
  readonly resultsPanels: ResultsPanels;
  readonly simulator: LocalServer;
  readonly batchServer: LocalServer;
  readonly trees: { readonly experiments: ExperimentsTree; readonly cache: CacheTree; readonly models: ModelsTree };
}
