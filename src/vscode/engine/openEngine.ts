import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { storeIgnores } from "../../base/storeFolder.ts";
import type { WorkerSettings } from "../../engine/worker/protocol.ts";
import type { Keys } from "../secrets.ts";
import type { Settings } from "../settings.ts";
import type { LanguageModels } from "./editorModels.ts";
import { EngineClient } from "./engineClient.ts";

export interface EngineParts {
  readonly context: vscode.ExtensionContext;
  readonly settings: Settings;
  readonly keys: Keys;
  readonly editorModels: LanguageModels;
  readonly log: vscode.LogOutputChannel;
  /** The engine ended by itself. */
  crashed(): void;
}

/** The engine as this window opens it: the workspace's store, the user's settings over the environment, keys from SecretStorage. */
export function openEngine({ context, settings, keys, editorModels, log, crashed }: EngineParts): EngineClient {
  return new EngineClient({
    script: context.asAbsolutePath("dist/engineWorker.js"),
    host: { key: ({ provider }) => keys.get(provider) },
    editorModels,
    settings: () => workerSettings(context, settings),
    log: (level, message) => log[level](message),
    crashed(error, again) {
      log.error(error);
      crashed();
      void tellCrash(error, again, log);
    },
  });
}

async function tellCrash(error: Error, again: boolean, log: vscode.LogOutputChannel): Promise<void> {
  const next = again ? "It starts again when it is needed; runs that were going can be resumed." : "Reload the window.";
  const actions = again ? ["Open Log"] : ["Open Log", "Reload Window"];
  const chosen = await vscode.window.showErrorMessage(
    `Layout Lab's engine stopped unexpectedly (${error.message}). ${next}`,
    ...actions,
  );
  if (chosen === "Open Log") log.show();
  if (chosen === "Reload Window") await vscode.commands.executeCommand("workbench.action.reloadWindow");
}

async function workerSettings(context: vscode.ExtensionContext, settings: Settings): Promise<WorkerSettings> {
  const { openaiBaseUrl, ollamaHost } = settings;
  return {
    store: await storePath(context, settings),
    env: {
      ...process.env,
      ...(openaiBaseUrl === "" ? {} : { OPENAI_BASE_URL: openaiBaseUrl }),
      ...(ollamaHost === "" ? {} : { OLLAMA_HOST: ollamaHost }),
    },
    version: (context.extension.packageJSON as { readonly version: string }).version,
    roots: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    prices: settings.prices,
    cacheBytes: settings.cacheBytes,
    trusted: vscode.workspace.isTrusted,
    editorCalls: settings.editorCalls,
    alerts: settings.alerts,
  };
}

/**
 * Where runs and answers are kept: the place the user names, else the first folder of the workspace, else the editor's own
 * storage. A folder that is not trusted is neither written to nor is its store read.
 */
async function storePath(context: vscode.ExtensionContext, settings: Settings): Promise<string> {
  if (!vscode.workspace.isTrusted) return ":memory:";
  const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file")?.uri.fsPath;
  if (settings.storePath !== "") return path.resolve(folder ?? context.globalStorageUri.fsPath, settings.storePath);
  if (folder === undefined) {
    await mkdir(context.globalStorageUri.fsPath, { recursive: true });
    return path.join(context.globalStorageUri.fsPath, "store.db");
  }
  const own = path.join(folder, ".layoutlab");
  try {
    await mkdir(own, { recursive: true });
    // A store belongs to one machine; the folder says so itself to whoever versions its surroundings.
    await writeFile(path.join(own, ".gitignore"), storeIgnores, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      const action = "make the folder writable, or name another place in the setting layoutlab.store.path";
      throw new UserError("store-folder", `${own} cannot be written`, action);
    }
  }
  return path.join(own, "store.db");
}
