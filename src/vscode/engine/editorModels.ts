import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type {
  EditorAnswer,
  EditorFailure,
  EditorModel,
  EditorModels,
  EditorQuestion,
} from "../../engine/provider/editorModels.ts";
import { toChatMessages, toChatTool } from "./chatMessages.ts";

const justification = "Layout Lab asks this model the prompts of your experiment.";

/**
 * The editor's own language models, through `vscode.lm`. The first request of an extension makes the editor ask the person for
 * consent, so a vendor is asked for the first time in a window only by `admit`, which a command calls: work that goes on
 * unattended is refused instead. (`canSendRequest` answers true whatever was decided.)
 */
export class LanguageModels implements EditorModels {
  /** Vendors that a person admitted in this window. */
  readonly #admitted = new Set<string>();
  readonly #found = new Map<string, vscode.LanguageModelChat>();

  async list(): Promise<readonly EditorModel[]> {
    const models = await select({});
    return models.map(({ vendor, id, name, family, maxInputTokens }) => ({
      id: `${vendor}/${id}`,
      name,
      family,
      maxInputTokens,
    }));
  }

  /** Asks for consent to each `vscode:` model among the ids, with one short request a vendor. @throws UserError when it is refused. */
  async admit(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const name = /^vscode[:/](.+)$/.exec(id)?.[1];
      if (name === undefined || this.#admitted.has(vendorOf(name))) continue;
      const model = await this.#find(name);
      // A run says by itself that there is no such model.
      if (model === undefined) continue;
      const question: EditorQuestion = {
        model: name,
        messages: [{ role: "user", content: "Answer with the word yes." }],
        parameters: {},
        tools: [],
      };
      const answer = await request(model, question, new AbortController().signal);
      if (answer.kind === "failed" && answer.code === "NoPermissions") {
        const action = "allow it when the editor asks, or take the model out of the experiment";
        throw new UserError("no-consent", `Layout Lab may not use ${id} (${answer.message})`, action);
      }
      this.#admitted.add(model.vendor);
    }
  }

  async ask(question: EditorQuestion, signal: AbortSignal, onText?: (more: string) => void): Promise<EditorAnswer> {
    const model = await this.#find(question.model);
    if (model === undefined) return failed("NotFound", "it is not among those that Select Models lists");
    if (!this.#admitted.has(model.vendor)) {
      return failed(
        "NoPermissions",
        "run or resume the experiment by a command of this window, so that you can be asked",
      );
    }
    const answer = await request(model, question, signal, onText);
    if (answer.kind === "failed") {
      if (answer.code === "NoPermissions") this.#admitted.delete(model.vendor);
      this.#found.delete(question.model);
    }
    return answer;
  }

  async #find(id: string): Promise<vscode.LanguageModelChat | undefined> {
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const vendor = vendorOf(id);
    const name = id.slice(vendor.length + 1);
    const models = await select({ vendor });
    const model = models.find((each) => each.id === name) ?? models.find((each) => each.family === name);
    if (model !== undefined) this.#found.set(id, model);
    return model;
  }
}

function vendorOf(model: string): string {
  return model.split("/", 1)[0] ?? model;
}

/** Editors made from VS Code need not have the API. */
async function select(selector: vscode.LanguageModelChatSelector): Promise<readonly vscode.LanguageModelChat[]> {
  const { lm } = vscode as { readonly lm?: Partial<typeof vscode.lm> };
  return (await lm?.selectChatModels?.(selector)) ?? [];
}

async function request(
  model: vscode.LanguageModelChat,
  question: EditorQuestion,
  signal: AbortSignal,
  onText?: (more: string) => void,
): Promise<EditorAnswer> {
  const cancellation = new vscode.CancellationTokenSource();
  const cancel = () => cancellation.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  const started = performance.now();
  let firstTokenMs: number | undefined;
  let text = "";
  const toolCalls: { id: string; tool: string; params: unknown }[] = [];
  try {
    if (signal.aborted) return { kind: "cancelled" };
    const options = {
      justification,
      modelOptions: { ...question.parameters },
      ...(question.tools.length === 0 ? {} : { tools: question.tools.map(toChatTool) }),
    };
    const response = await model.sendRequest(toChatMessages(question.messages), options, cancellation.token);
    for await (const part of response.stream) {
      if (signal.aborted) return { kind: "cancelled" };
      if (part instanceof vscode.LanguageModelTextPart) {
        if (onText !== undefined) firstTokenMs ??= performance.now() - started;
        text += part.value;
        onText?.(part.value);
      } else if (part instanceof vscode.LanguageModelToolCallPart) {
        toolCalls.push({ id: part.callId, tool: part.name, params: part.input });
      }
    }
    if (signal.aborted) return { kind: "cancelled" };
    return { kind: "answered", text, toolCalls, latencyMs: performance.now() - started, firstTokenMs };
  } catch (error) {
    return signal.aborted ? { kind: "cancelled" } : failureOf(error);
  } finally {
    signal.removeEventListener("abort", cancel);
    cancellation.dispose();
  }
}

function failureOf(error: unknown): EditorFailure {
  if (!(error instanceof Error)) return { kind: "failed", name: "Error", code: undefined, message: String(error) };
  const code = error instanceof vscode.LanguageModelError ? error.code : undefined;
  return { kind: "failed", name: error.name, code, message: error.message };
}

function failed(code: string, message: string): EditorFailure {
  return { kind: "failed", name: "LanguageModelError", code, message };
}
