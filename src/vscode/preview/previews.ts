import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { panelTypes } from "../contributions.ts";
import { keyOf } from "../panels/panel.ts";
import { Preview, type PreviewParts, previewTitle } from "./preview.ts";

/** The open previews, one a file. */
export class Previews implements Disposable {
  readonly #parts: PreviewParts;
  readonly #store = new DisposableStore();
  readonly #open = new Map<string, Preview>();

  constructor(parts: PreviewParts) {
    this.#parts = parts;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(panelTypes.preview, {
        deserializeWebviewPanel: async (panel, state) => {
          const key = keyOf(state);
          if (key === undefined) panel.dispose();
          else this.#mount(panel, vscode.Uri.parse(key), "");
        },
      }),
    );
  }

  /** Opens a preview to the side, or brings the one there is forward. An empty layout is the file's first. */
  show(uri: vscode.Uri, layout: string | undefined): void {
    const open = this.#open.get(uri.toString());
    if (open !== undefined) {
      open.reveal(layout);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panelTypes.preview,
      previewTitle(uri),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableFindWidget: true },
    );
    this.#mount(panel, uri, layout ?? "");
  }

  /** The preview in front, when the person looks at one. */
  get active(): Preview | undefined {
    return [...this.#open.values()].find((each) => each.panel.panel.active);
  }

  of(uri: vscode.Uri): Preview | undefined {
    return this.#open.get(uri.toString());
  }

  /** Panels stay: the editor gives them back, with their keys, when it starts the extension again. */
  dispose(): void {
    this.#store.dispose();
  }

  #mount(panel: vscode.WebviewPanel, uri: vscode.Uri, layout: string): void {
    const preview = new Preview(panel, uri, layout, this.#parts);
    this.#open.set(uri.toString(), preview);
    this.#store.add(preview.onEnd(() => this.#open.delete(uri.toString())));
  }
}
