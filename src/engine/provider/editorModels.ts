import type { Message } from "../prompt/prompt.ts";
import type { Scalar } from "../spec/experiment.ts";
import type { ToolSpec } from "./provider.ts";

/** The editor's own language models, which only the extension can reach. Plain data crosses to the engine's thread. */
export interface EditorModels {
  /** Those the editor knows now; asks nobody for consent. */
  list(): Promise<readonly EditorModel[]>;
  /** `onText` gets each further piece of the answer. Never rejects for what a model or the editor did. */
  ask(question: EditorQuestion, signal: AbortSignal, onText?: (more: string) => void): Promise<EditorAnswer>;
}

export interface EditorModel {
  /** `vendor/model`. */
  readonly id: string;
  readonly name: string;
  readonly family: string;
  /** Largest prompt, in tokens. */
  readonly maxInputTokens: number;
}

export interface EditorQuestion {
  readonly model: string;
  /** Without a system message: the editor has no such role. */
  readonly messages: readonly Message[];
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly tools: readonly ToolSpec[];
}

export type EditorAnswer =
  | {
      readonly kind: "answered";
      readonly text: string;
      readonly toolCalls: readonly { readonly id: string; readonly tool: string; readonly params: unknown }[];
      readonly latencyMs: number;
      readonly firstTokenMs: number | undefined;
    }
  | EditorFailure
  | { readonly kind: "cancelled" };

/** An error as the editor threw it. */
export interface EditorFailure {
  readonly kind: "failed";
  readonly name: string;
  /** Of a `LanguageModelError`: NoPermissions, Blocked, NotFound, or a cause of the provider's. */
  readonly code: string | undefined;
  readonly message: string;
}
