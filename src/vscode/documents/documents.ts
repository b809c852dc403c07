import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { messageOf } from "../../base/errors.ts";
import type { ComparedSide, PreviewQuery } from "../../engine/api.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { shortName, sourceOf } from "../experimentFiles.ts";
import { answerText } from "./answer.ts";
import { comparisonReport } from "./comparison.ts";
import { doctorReport } from "./doctor.ts";
import { estimateReport } from "./estimate.ts";

const documentScheme = "layoutlab";

/** What a document is about; it stands in the document's address, so that one survives a reload of the window. */
type About =
  | ({ readonly kind: "prompt"; readonly file: string } & PreviewQuery)
  | { readonly kind: "answer"; readonly key: string }
  | { readonly kind: "estimate"; readonly file: string }
  | { readonly kind: "comparison"; readonly a: ComparedSide; readonly b: ComparedSide; readonly noise?: string }
  | { readonly kind: "doctor" }
  | { readonly kind: "text"; readonly hash: string };

const keptTexts = 40;

/** Read-only documents made when they are shown: prompts for a diff, answers, reports. */
export class Documents implements Disposable {
  readonly #engine: EngineClient;
  readonly #log: vscode.LogOutputChannel;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  /** Texts handed over by panels, by content; the oldest go first. */
  readonly #texts = new Map<string, string>();

  constructor(engine: EngineClient, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#log = log;
    this.#store.add(
      vscode.workspace.registerTextDocumentContentProvider(documentScheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#content(aboutOf(uri)),
      }),
    );
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        for (const shown of vscode.workspace.textDocuments) {
          if (shown.uri.scheme !== documentScheme) continue;
          const about = aboutOf(shown.uri);
          if (about.kind === "prompt" && about.file === document.uri.fsPath) this.#changed.fire(shown.uri);
        }
      }),
    );
  }

  /** Native diff of two layouts on one example; it follows the experiment's text. */
  async diffLayouts(file: string, left: PreviewQuery, right: PreviewQuery): Promise<void> {
    const at = (query: PreviewQuery) =>
      address({ kind: "prompt", file, ...query }, `${shortName(file)} ${query.layout}.txt`);
    const title = `${shortName(file)}: ${left.layout} ↔ ${right.layout}`;
    await vscode.commands.executeCommand("vscode.diff", at(left), at(right), title, { preview: false });
  }

  async diffTexts(title: string, left: string, right: string): Promise<void> {
    const at = (text: string, side: string) => address({ kind: "text", hash: this.#keep(text) }, `${side}.txt`);
    await vscode.commands.executeCommand("vscode.diff", at(left, "left"), at(right, "right"), title);
  }

  async showText(title: string, text: string): Promise<void> {
    const uri = address({ kind: "text", hash: this.#keep(text) }, `${title}.txt`);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  }

  async showAnswer(key: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(
      address({ kind: "answer", key }, `answer ${key.slice(0, 8)}.md`),
    );
    await vscode.window.showTextDocument(document, { preview: true });
  }

  showEstimate(file: string): Promise<void> {
    return this.#showReport(address({ kind: "estimate", file }, `Estimate of ${shortName(file)}.md`));
  }

  /** `noise`: a run whose noise the difference is held against. */
  showComparison(a: ComparedSide, b: ComparedSide, noise?: string): Promise<void> {
    const about: About = { kind: "comparison", a, b, ...(noise === undefined ? {} : { noise }) };
    return this.#showReport(address(about, `Comparison of ${a.run} and ${b.run}.md`));
  }

  showDoctor(): Promise<void> {
    return this.#showReport(address({ kind: "doctor" }, "Doctor.md"));
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Rendered where the editor can render Markdown, as text elsewhere. */
  async #showReport(uri: vscode.Uri): Promise<void> {
    // What has been shown before may have grown old.
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    } catch (error) {
      this.#log.debug(`no Markdown preview: ${messageOf(error)}`);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
    }
  }

  async #content(about: About): Promise<string> {
    switch (about.kind) {
      case "prompt": {
        const { kind: _, file, ...query } = about;
        return this.#engine.request("previewText", { ...sourceOf(vscode.Uri.file(file)), ...query });
      }
      case "answer":
        return answerText(await this.#engine.request("cacheAnswer", { key: about.key }));
      case "estimate":
        return estimateReport(await this.#engine.request("estimate", sourceOf(vscode.Uri.file(about.file))));
      case "comparison": {
        const { kind: _, ...sides } = about;
        return comparisonReport(await this.#engine.request("compare", sides));
      }
      case "doctor":
        return doctorReport(await this.#engine.request("doctor", {}));
      case "text":
        return this.#texts.get(about.hash) ?? "This text was shown before the window was loaded anew. Open it again.\n";
    }
  }

  #keep(text: string): string {
    const hash = createHash("sha256").update(text).digest("hex");
    this.#texts.delete(hash);
    this.#texts.set(hash, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= keptTexts) break;
      this.#texts.delete(oldest);
    }
    return hash;
  }
}

function address(about: About, name: string): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: `/${name}`, query: JSON.stringify(about) });
}

function aboutOf(uri: vscode.Uri): About {
  return JSON.parse(uri.query) as About;
}
