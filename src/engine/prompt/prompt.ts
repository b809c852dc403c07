import type { PartName } from "../spec/experiment.ts";

/**
 * One assembled prompt. Texts are kept as pieces so that one representation serves the wire (joined), the preview (which part
 * is which), token counts, storage and cache keys. A fixed piece is the same object in every prompt of a compiled layout, so
 * whatever is worked out from it once is found again by identity.
 */
export interface Prompt {
  readonly messages: readonly PromptMessage[];
}

export interface PromptMessage {
  readonly role: "system" | "user" | "assistant";
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly text: string;
  /** The part this text belongs to; its delimiters count as part of it. */
  readonly part: PartName;
  /** True when the text is the same for every example. */
  readonly fixed: boolean;
  /** Which demonstration of an `examples` part this is, from 0; absent on its headings and on other parts. */
  readonly item?: number;
}

/** What goes over the wire. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** Set on an assistant turn that called tools, and on the tool's reply. */
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}

export interface ToolCall {
  readonly id: string;
  readonly tool: string;
  /** Arguments as the model wrote them, parsed when they are JSON. */
  readonly params: unknown;
}

/** The pieces of a message as one text. */
export function messageText(message: PromptMessage): string {
  let text = "";
  for (const piece of message.pieces) text += piece.text;
  return text;
}

export function toMessages(prompt: Prompt): Message[] {
  return prompt.messages.map((message) => ({ role: message.role, content: messageText(message) }));
}
