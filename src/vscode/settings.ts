import * as vscode from "vscode";
import type { AlertChoices } from "../engine/analysis/alerts.ts";
import { type SettingId, type SettingValue, settings } from "./contributions.ts";

/** The user's settings, one getter each. Asked for at every use, so that a change counts at once. */
export class Settings {
  get storePath(): string {
    return this.#get("layoutlab.store.path").trim();
  }

  get cacheBytes(): number {
    return Math.max(1, this.#get("layoutlab.cache.maxSize")) * 1024 * 1024;
  }

  get prices(): SettingValue<"layoutlab.prices"> {
    // The editor hands out objects that guard themselves against change and cannot cross to a thread.
    return JSON.parse(JSON.stringify(this.#get("layoutlab.prices"))) as SettingValue<"layoutlab.prices">;
  }

  get alerts(): AlertChoices {
    return {
      failures: this.#get("layoutlab.alerts.failures"),
      quota: this.#get("layoutlab.alerts.quota"),
      cache: this.#get("layoutlab.alerts.cache"),
      accuracy: this.#get("layoutlab.alerts.accuracy"),
      duration: this.#get("layoutlab.alerts.duration"),
    };
  }

  get concurrency(): number | undefined {
    return this.#get("layoutlab.run.concurrency") ?? undefined;
  }

  get confirmCost(): number | undefined {
    return this.#get("layoutlab.run.confirmCost") ?? undefined;
  }

  get editorCalls(): number {
    return Math.max(1, this.#get("layoutlab.editorModels.maxCalls"));
  }

  get openaiBaseUrl(): string {
    return this.#get("layoutlab.openai.baseUrl").trim();
  }

  get ollamaHost(): string {
    return this.#get("layoutlab.ollama.host").trim();
  }

  get previewDelay(): number {
    return Math.max(0, this.#get("layoutlab.preview.delay"));
  }

  get scrollPreviewWithEditor(): boolean {
    return this.#get("layoutlab.preview.scrollPreviewWithEditor");
  }

  get scrollEditorWithPreview(): boolean {
    return this.#get("layoutlab.preview.scrollEditorWithPreview");
  }

  #get<Id extends SettingId>(id: Id): SettingValue<Id> {
    return vscode.workspace.getConfiguration().get<SettingValue<Id>>(id) ?? settings[id].default;
  }
}

/** Settings the engine is opened with; a change of one of them opens it anew. */
export const engineSettings: readonly SettingId[] = [
  "layoutlab.store.path",
  "layoutlab.cache.maxSize",
  "layoutlab.prices",
  "layoutlab.alerts.failures",
  "layoutlab.alerts.quota",
  "layoutlab.alerts.cache",
  "layoutlab.alerts.accuracy",
  "layoutlab.alerts.duration",
  "layoutlab.openai.baseUrl",
  "layoutlab.ollama.host",
  "layoutlab.editorModels.maxCalls",
];
