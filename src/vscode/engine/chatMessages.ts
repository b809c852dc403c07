import * as vscode from "vscode";
import type { Message } from "../../engine/prompt/prompt.ts";
import type { ToolSpec } from "../../engine/provider/provider.ts";

/** Messages as the editor's models take them, which know a user and an assistant. */
export function toChatMessages(messages: readonly Message[]): vscode.LanguageModelChatMessage[] {
  return messages.map(({ role, content, toolCalls = [], toolCallId }) => {
    if (role === "tool") {
      const result = new vscode.LanguageModelToolResultPart(toolCallId ?? "", [
        new vscode.LanguageModelTextPart(content),
      ]);
      return vscode.LanguageModelChatMessage.User([result]);
    }
    if (role !== "assistant") return vscode.LanguageModelChatMessage.User(content);
    if (toolCalls.length === 0) return vscode.LanguageModelChatMessage.Assistant(content);
    const calls = toolCalls.map(
      ({ id, tool, params }) =>
        new vscode.LanguageModelToolCallPart(id, tool, typeof params === "object" && params !== null ? params : {}),
    );
    return vscode.LanguageModelChatMessage.Assistant([
      ...(content === "" ? [] : [new vscode.LanguageModelTextPart(content)]),
      ...calls,
    ]);
  });
}

export function toChatTool({ name, description, parameters }: ToolSpec): vscode.LanguageModelChatTool {
  return { name, description, inputSchema: parameters };
}
