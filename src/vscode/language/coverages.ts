import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { messageOf } from "../../base/errors.ts";
import { Emitter } from "../../base/event.ts";
import type { CacheCoverage } from "../../engine/api.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import type { LiveRuns } from "../runs.ts";
import type { Checks } from "./checks.ts";

/** Long after the last keystroke: every prompt is put together for it. */
const quietMs = 700;

/** What the edits of open experiments leave valid of their last runs; of files without a run nothing is worked out. */
export class Coverages implements Disposable {
  readonly #engine: EngineClient;
  readonly #log: vscode.LogOutputChannel;
  readonly #store = new DisposableStore();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #latest = new Map<string, CacheCoverage>();
  readonly #changed = this.#store.add(new Emitter<void>());

  constructor(engine: EngineClient, checks: Checks, runs: LiveRuns, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#log = log;
    this.#store.add(
      checks.onChecked(({ uri, result }) => {
        const wrong = result.diagnostics.some(({ severity }) => severity === "error");
        if (!wrong) this.#schedule(uri);
      }),
    );
    this.#store.add(checks.onClosed((uri) => this.#forget(uri)));
    this.#store.add(
      runs.onEvent((event) => {
        if (event.kind === "ended" && event.view.file !== "") this.#schedule(vscode.Uri.file(event.view.file));
      }),
    );
    this.#store.add(
      engine.on("changed", ({ what }) => {
        if (what === "cache") for (const uri of this.#latest.keys()) this.#schedule(vscode.Uri.parse(uri));
      }),
    );
  }

  readonly onChanged = this.#changed.event;

  latest(uri: vscode.Uri): CacheCoverage | undefined {
    return this.#latest.get(uri.toString());
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #schedule(uri: vscode.Uri): void {
    // Models are asked for what they can; a folder that is not trusted does not choose whom.
    if (!vscode.workspace.isTrusted) return;
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#look(uri).catch((error: unknown) => this.#log.debug(`no coverage: ${messageOf(error)}`));
      }, quietMs),
    );
  }

  async #look(uri: vscode.Uri): Promise<void> {
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    if (document === undefined) return;
    const { version } = document;
    const ran = await this.#engine.request("runs", { file: uri.fsPath, limit: 1 });
    if (ran.length === 0) {
      this.#forget(uri);
      return;
    }
    const coverage = await this.#engine.request("cacheCoverage", { file: uri.fsPath, text: document.getText() });
    // A later text has its own look ahead.
    if (document.isClosed || document.version !== version) return;
    this.#latest.set(uri.toString(), coverage);
    this.#changed.fire();
  }

  #forget(uri: vscode.Uri): void {
    clearTimeout(this.#timers.get(uri.toString()));
    if (this.#latest.delete(uri.toString())) this.#changed.fire();
  }
}

/** `312 of 400 answers still valid, 88 stale by instructions`; undefined where there is nothing to tell. */
export function coverageLine({ last, reads }: CacheCoverage): string | undefined {
  if (last === undefined || !reads) return undefined;
  if (last.stale === 0) return `$(database) all ${last.answers} answers still valid`;
  const by = last.changed.length === 0 ? "" : ` by ${last.changed.join(", ")}`;
  return `$(database) ${last.valid} of ${last.answers} answers still valid, ${last.stale} stale${by}`;
}
