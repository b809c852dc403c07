import type { Clock } from "../../base/clock.ts";
import { messageOf, UserError } from "../../base/errors.ts";
import { foldSystem } from "../prompt/foldSystem.ts";
import type { Outcome, Reply } from "../response/outcome.ts";
import type { EditorAnswer, EditorModels } from "./editorModels.ts";
import { unknownUsage } from "./openaiAnswer.ts";
import type { ModelRequest, Provider, SendOptions } from "./provider.ts";
import { abortedOutcome, connectionLost, malformed } from "./trouble.ts";
import { editorOutcome } from "./vscodeErrors.ts";

export interface VscodeOptions {
  readonly editor: EditorModels;
  readonly clock: Clock;
  /** Calls after which nothing more is asked: they are paid from the person's own allowance. */
  readonly maxCalls: number;
}

/** The editor blocks an extension that asks too much at a time. */
const atOnce = 2;

const schemaNote = "the editor does not enforce the answer's schema; answers are only checked after they came";

/**
 * The editor's own models, `vscode:vendor/model`. There is no system role, so the system's text heads the first user message.
 * Usage, seed and the text that the editor adds are unknown: tokens are estimates, results exploratory.
 */
export async function openVscode(options: VscodeOptions): Promise<Provider> {
  const { editor, clock, maxCalls } = options;
  const closing = new AbortController();
  // Windows are asked for once; without them nothing is trimmed, and what is too long is refused by the editor.
  const known = await editor.list().catch(() => []);
  const windows = new Map(known.map(({ id, maxInputTokens }) => [id, maxInputTokens]));
  let calls = 0;

  async function send(request: ModelRequest, { signal, onText }: SendOptions): Promise<Reply> {
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    if (closing.signal.aborted) return { outcome: connectionLost("the provider was closed") };
    if (calls >= maxCalls) return { outcome: capped(maxCalls) };
    calls += 1;
    const startedAt = clock.monotonic();
    const enough = new AbortController();
    let text = "";
    let firstTokenMs: number | undefined;
    const grow = (more: string) => {
      if (enough.signal.aborted || more === "") return;
      firstTokenMs ??= clock.monotonic() - startedAt;
      text += more;
      if (onText?.(text) === true) enough.abort();
    };
    const question = {
      model: request.model,
      messages: foldSystem(request.messages),
      parameters: request.parameters,
      tools: request.tools,
    };
    const ended = joinedSignal([signal, closing.signal, enough.signal]);
    let answer: EditorAnswer;
    try {
      answer = await editor.ask(question, ended.signal, onText && grow);
    } catch (error) {
      return { outcome: connectionLost(`the editor does not answer (${messageOf(error)})`) };
    } finally {
      ended.release();
    }
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    if (closing.signal.aborted) return { outcome: connectionLost("the provider was closed") };
    if (enough.signal.aborted) {
      const latencyMs = clock.monotonic() - startedAt;
      return reply(request, { kind: "answered", text, toolCalls: [], latencyMs, firstTokenMs });
    }
    return reply(request, answer);
  }

  function reply(request: ModelRequest, answer: EditorAnswer): Reply {
    if (answer.kind === "cancelled") return { outcome: connectionLost("the editor gave the request up") };
    if (answer.kind === "failed") {
      return { outcome: editorOutcome(answer, request.model, windows.get(request.model)) };
    }
    const { text, toolCalls, latencyMs, firstTokenMs } = answer;
    if (text === "" && toolCalls.length === 0) {
      return { outcome: malformed("the editor's answer was empty", undefined, undefined) };
    }
    return {
      outcome: {
        kind: "answered",
        text,
        toolCalls,
        usage: unknownUsage,
        timing: { latencyMs, firstTokenMs, loadMs: undefined },
        finish: toolCalls.length > 0 ? "toolCalls" : "stop",
        servedModel: undefined,
        tokenConfidence: undefined,
      },
      ...(request.responseSchema === undefined ? {} : { notes: [schemaNote] }),
    };
  }

  return {
    name: "vscode",
    facts: (model) => ({
      scope: "vscode",
      local: false,
      replayed: false,
      systemRole: false,
      exploratory: true,
      free: false,
      maxConcurrency: atOnce,
      windowTokens: windows.get(model),
    }),
    send,
    async models(signal) {
      signal.throwIfAborted();
      const models = await editor.list().catch((error: unknown) => {
        throw new UserError("no-editor", `the editor does not answer (${messageOf(error)})`, "reload the window");
      });
      if (models.length === 0) {
        const action = "sign in to GitHub Copilot, or add a provider with Chat: Manage Language Models";
        throw new UserError("no-editor-models", "the editor offers no language models", action);
      }
      return models.map(({ id, name, family, maxInputTokens }) => ({
        id,
        contextTokens: maxInputTokens,
        detail: `${name}, ${family}, at most ${maxInputTokens.toLocaleString("en")} tokens`,
      }));
    },
    async close() {
      closing.abort();
    },
  };
}

function capped(maxCalls: number): Outcome {
  return {
    kind: "rejected",
    reason: "quota",
    status: undefined,
    message: `the ${maxCalls} calls that a run may make to the editor's models are used up; resume it for as many more, or set layoutlab.editorModels.maxCalls`,
  };
}

/** Aborted as soon as one of them is. `AbortSignal.any` keeps its sources alive for as long as they last. */
function joinedSignal(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; release(): void } {
  const joined = new AbortController();
  const abort = () => joined.abort();
  for (const signal of signals) signal.addEventListener("abort", abort, { once: true });
  return {
    signal: joined.signal,
    release() {
      for (const signal of signals) signal.removeEventListener("abort", abort);
    },
  };
}
