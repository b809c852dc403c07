import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable.ts";
import { UserError } from "../../base/errors.ts";
import { Emitter } from "../../base/event.ts";
import type { PreviewModel } from "../../engine/preview/preview.ts";
import type { Placing } from "../../engine/spec/declareLayout.ts";
import { formatDiagnostic } from "../../engine/spec/diagnostic.ts";
import type {
  PreviewHost,
  PreviewProblem,
  PreviewSelection,
  PreviewShown,
  PreviewView,
} from "../../protocol/previewPanel.ts";
import type { Documents } from "../documents/documents.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { shortName, sourceOf } from "../experimentFiles.ts";
import { type Checks, diagnosedUri } from "../language/checks.ts";
import { toRange } from "../language/places.ts";
import { Panel } from "../panels/panel.ts";
import type { Settings } from "../settings.ts";
import { showTrouble } from "../trouble.ts";
import { Follow } from "./follow.ts";

export interface PreviewParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineClient;
  readonly settings: Settings;
  readonly checks: Checks;
  readonly documents: Documents;
}

/** How long a scroll that one side caused on the other is not sent back. */
const echoMs = 250;

/** The preview of one experiment file, beside its text. */
export class Preview {
  readonly uri: vscode.Uri;
  readonly panel: Panel<PreviewHost, PreviewView>;
  readonly #parts: PreviewParts;
  readonly #owned = new DisposableStore();
  readonly #follow: Follow;
  readonly #ended = new Emitter<void>();
  #selection: PreviewSelection;
  #good: PreviewModel | undefined;
  #goodBeside: PreviewModel | undefined;
  #problem: PreviewProblem | undefined;
  #quietUntil = 0;

  constructor(panel: vscode.WebviewPanel, uri: vscode.Uri, layout: string, parts: PreviewParts) {
    this.uri = uri;
    this.#parts = parts;
    this.#selection = { layout, example: 0, model: undefined };
    this.panel = new Panel<PreviewHost, PreviewView>(panel, {
      context: parts.context,
      log: parts.log,
      name: "preview",
      key: uri.toString(),
      handlers: {
        ready: (own) => this.#select(own ?? this.#selection),
        select: (selection) => this.#select(selection),
        diff: async ({ with: other }) => {
          const { layout: shown, example, model, hop } = this.#selection;
          const more = { example, ...(model === undefined ? {} : { model }), ...(hop === undefined ? {} : { hop }) };
          await parts.documents.diffLayouts(uri.fsPath, { layout: shown, ...more }, { layout: other, ...more });
        },
        reveal: ({ line }) => this.#reveal(line),
        arrange: ({ placing }) => this.#arrange(placing),
        async run() {
          await vscode.commands.executeCommand("layoutlab.runExperiment", uri);
        },
        copy: ({ text }) => Promise.resolve(vscode.env.clipboard.writeText(text)),
      },
    });
    this.#follow = this.#owned.add(
      new Follow(
        async (isStale) => {
          await this.#load();
          if (!isStale()) this.panel.channel.send("shown", this.#shown());
        },
        (error) => void showTrouble(error, parts.log),
      ),
    );
    this.#listen();
    panel.onDidDispose(() => {
      this.#owned.dispose();
      this.#ended.fire();
    });
  }

  readonly onEnd = this.#ended.event;

  get selection(): PreviewSelection {
    return this.#selection;
  }

  /** Brings the panel forward, with another layout when one is named. */
  reveal(layout: string | undefined): void {
    this.panel.panel.reveal(undefined, true);
    if (layout === undefined || layout === this.#selection.layout) return;
    this.#selection = { ...this.#selection, layout };
    this.#follow.soon(0);
  }

  #listen(): void {
    const { settings, checks } = this.#parts;
    const own = (uri: vscode.Uri) => uri.toString() === this.uri.toString();
    this.#owned.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (own(document.uri) && contentChanges.length > 0) this.#follow.soon(settings.previewDelay);
      }),
    );
    this.#owned.add(checks.onReferredChange(() => this.#follow.soon(settings.previewDelay)));
    this.#owned.add(
      checks.onChecked(({ uri }) => {
        if (own(uri) && this.#takeProblem()) this.panel.channel.send("shown", this.#shown());
      }),
    );
    this.#owned.add(
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor, visibleRanges }) => {
        const [top] = visibleRanges;
        if (!own(textEditor.document.uri) || top === undefined || !settings.scrollPreviewWithEditor) return;
        if (performance.now() < this.#quietUntil) return;
        this.#quietUntil = performance.now() + echoMs;
        this.panel.channel.send("scrollTo", { line: top.start.line + 1 });
      }),
    );
    this.#owned.add(
      this.panel.channel.on("scrolled", ({ line }) => {
        if (!settings.scrollEditorWithPreview || performance.now() < this.#quietUntil) return;
        const editor = vscode.window.visibleTextEditors.find((each) => own(each.document.uri));
        if (editor === undefined) return;
        this.#quietUntil = performance.now() + echoMs;
        editor.revealRange(new vscode.Range(line - 1, 0, line - 1, 0), vscode.TextEditorRevealType.AtTop);
      }),
    );
  }

  async #select(selection: PreviewSelection): Promise<PreviewShown> {
    this.#selection = selection;
    await this.#load();
    return this.#shown();
  }

  /** One step of the editor's own history, so that undo takes it back. */
  async #arrange(placing: Placing): Promise<PreviewShown> {
    const { name, edits } = await this.#parts.engine.request("declareLayout", {
      ...sourceOf(this.uri),
      from: this.#selection.layout,
      placing,
    });
    const edit = new vscode.WorkspaceEdit();
    for (const { range, newText } of edits) edit.replace(this.uri, toRange(range), newText);
    if (!(await vscode.workspace.applyEdit(edit))) {
      throw new UserError("not-written", "the file cannot be changed", "make it writable, or copy it");
    }
    return this.#select({ ...this.#selection, layout: name });
  }

  /** Takes up the prompt as it is now. The last good one stays while there is none. */
  async #load(): Promise<void> {
    const { layout, example, model, beside, hop } = this.#selection;
    const query = {
      ...sourceOf(this.uri),
      example,
      ...(model === undefined ? {} : { model }),
      ...(hop === undefined ? {} : { hop }),
    };
    try {
      const [preview, second] = await Promise.all([
        this.#parts.engine.request("preview", { ...query, layout }),
        beside === undefined ? undefined : this.#parts.engine.request("preview", { ...query, layout: beside }),
      ]);
      this.#good = preview;
      this.#goodBeside = second;
      this.#takeProblem();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#takeProblem();
      // The check may not have come to it yet, or have nothing to say of it.
      this.#problem ??= { lines: [error.line] };
    }
  }

  /** The errors of the last check; true when they are others than before. */
  #takeProblem(): boolean {
    const checked = this.#parts.checks.latest(this.uri);
    const errors = checked?.result.diagnostics.filter((each) => each.severity === "error") ?? [];
    const lines = errors.map((each) =>
      formatDiagnostic({
        ...each,
        file: checked === undefined ? each.file : vscode.workspace.asRelativePath(diagnosedUri(checked, each.file)),
      }),
    );
    const before = this.#problem?.lines.join("\n") ?? "";
    this.#problem = lines.length === 0 ? undefined : { lines };
    return lines.join("\n") !== before;
  }

  #shown(): PreviewShown {
    const preview = this.#good;
    // The engine decides what an empty choice means; from then on it is the person's.
    if (preview !== undefined && this.#selection.layout === "")
      this.#selection = { ...this.#selection, layout: preview.layout };
    return {
      file: this.uri.fsPath,
      selection: this.#selection,
      preview,
      beside: this.#selection.beside === undefined ? undefined : this.#goodBeside,
      problem: this.#problem,
    };
  }

  async #reveal(line: number): Promise<void> {
    this.#quietUntil = performance.now() + echoMs;
    const open = vscode.window.visibleTextEditors.find((each) => each.document.uri.toString() === this.uri.toString());
    const at = new vscode.Range(line - 1, 0, line - 1, 0);
    await vscode.window.showTextDocument(this.uri, {
      selection: at,
      ...(open?.viewColumn === undefined ? { viewColumn: vscode.ViewColumn.One } : { viewColumn: open.viewColumn }),
    });
  }
}

export function previewTitle(uri: vscode.Uri): string {
  return `Preview: ${shortName(uri.fsPath)}`;
}
