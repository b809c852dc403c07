import path from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import type { CheckResult } from "../../engine/api.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { isExperiment } from "../experimentFiles.ts";
import { showTrouble } from "../trouble.ts";

/** What the last check of an open experiment file found. */
export interface Checked {
  readonly uri: vscode.Uri;
  readonly version: number;
  readonly result: CheckResult;
}

const quietMs = 150;

/** Files that experiments refer to; a change of one makes the open experiments be checked again. */
const referredFiles = "**/*.{md,txt,csv,tsv,jsonl,json,yaml,sqlite,db}";

/**
 * Checks experiment files while they are open: a while after the last keystroke, and when something on disk changes that they
 * may refer to. Problems, lenses and the preview all draw from the one result.
 */
export class Checks implements Disposable {
  readonly #engine: EngineClient;
  readonly #log: vscode.LogOutputChannel;
  readonly #store = new DisposableStore();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #latest = new Map<string, Checked>();
  readonly #checked = this.#store.add(new Emitter<Checked>());
  readonly #closed = this.#store.add(new Emitter<vscode.Uri>());
  readonly #referred = this.#store.add(new Emitter<vscode.Uri>());

  constructor(engine: EngineClient, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#log = log;
    this.#store.add(vscode.workspace.onDidOpenTextDocument((document) => this.#schedule(document, 0)));
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => this.#schedule(document, quietMs)));
    this.#store.add(vscode.workspace.onDidCloseTextDocument((document) => this.#close(document)));
    for (const document of vscode.workspace.textDocuments) this.#schedule(document, 0);
  }

  readonly onChecked = this.#checked.event;
  readonly onClosed = this.#closed.event;
  /** A file that experiments may refer to changed on disk. */
  readonly onReferredChange = this.#referred.event;

  /** The last result, which may be a few keystrokes old. */
  latest(uri: vscode.Uri): Checked | undefined {
    return this.#latest.get(uri.toString());
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #schedule(document: vscode.TextDocument, delay: number): void {
    if (!isExperiment(document.uri)) return;
    this.#watch();
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        void this.#check(document);
      }, delay),
    );
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const { uri, version } = document;
    try {
      const result = await this.#engine.request("check", { file: uri.fsPath, text: document.getText() });
      if (document.isClosed || document.version !== version) return;
      const checked = { uri, version, result };
      this.#failing = false;
      this.#latest.set(uri.toString(), checked);
      this.#checked.fire(checked);
    } catch (error) {
      // An engine that cannot open fails at every keystroke; once is enough.
      if (!this.#failing) void showTrouble(error, this.#log);
      this.#failing = true;
    }
  }

  #close(document: vscode.TextDocument): void {
    if (!isExperiment(document.uri)) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#latest.delete(key);
    this.#closed.fire(document.uri);
  }

  #failing = false;
  #watching = false;

  /** One watcher, from the first experiment on. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(referredFiles));
    const changed = (uri: vscode.Uri) => {
      // Of our own folder only what a person writes there counts: layouts and prices.
      const written = !uri.path.includes("/.layoutlab/") || uri.path.endsWith(".yaml");
      if (!written || uri.path.includes("/node_modules/")) return;
      this.#referred.fire(uri);
      for (const document of vscode.workspace.textDocuments) {
        // A saved experiment has been checked at its last keystroke.
        if (document.uri.toString() !== uri.toString()) this.#schedule(document, quietMs);
      }
    };
    this.#store.add(watcher.onDidChange(changed));
    this.#store.add(watcher.onDidCreate(changed));
    this.#store.add(watcher.onDidDelete(changed));
  }
}

/** The document a diagnostic stands in: the experiment, or a file it names. */
export function diagnosedUri(checked: Checked, file: string): vscode.Uri {
  if (file === checked.uri.fsPath) return checked.uri;
  return vscode.Uri.file(path.resolve(path.dirname(checked.uri.fsPath), file));
}
