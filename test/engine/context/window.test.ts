import { describe, expect, it } from "vitest";
import { knownWindow, promptBudget } from "../../../src/engine/context/window.ts";

describe("known windows", () => {
  it("follow the published model pages", () => {
    const windows = {
      "openai:gpt-4o-mini": 128_000,
      "openai:gpt-4.1-nano-2025-04-14": 1_047_576,
      "openai:gpt-4": 8_192,
      "openai:gpt-4-0613": 8_192,
      "openai:gpt-4-0125-preview": 128_000,
      "openai:gpt-4-turbo": 128_000,
      "openai:gpt-3.5-turbo": 16_385,
      "openai:gpt-5-mini": 400_000,
      "openai:gpt-5.2-chat-latest": 128_000,
      "openai:gpt-5.4-mini": 400_000,
      "openai:gpt-5.5": 1_050_000,
      "openai:o3-mini": 200_000,
      "builtin:reader": 128_000,
    };
    for (const [id, tokens] of Object.entries(windows)) expect([id, knownWindow(id)]).toEqual([id, tokens]);
  });

  it("are never assumed", () => {
    for (const id of ["vscode:copilot/gpt-4.1", "ollama:llama3.2", "openai:my-model"]) {
      expect(knownWindow(id)).toBeUndefined();
    }
  });
});

describe("a prompt's budget", () => {
  it("is the window's safe share", () => {
    expect(promptBudget({ maxTokens: undefined, windowTokens: 8000 })).toBe(7000);
  });

  it("leaves room for a long answer", () => {
    expect(promptBudget({ maxTokens: undefined, windowTokens: 8000, answerTokens: 3000 })).toBe(5000);
  });

  it("is never more than the experiment allows", () => {
    expect(promptBudget({ maxTokens: 2000, windowTokens: 8000 })).toBe(2000);
    expect(promptBudget({ maxTokens: 9000, windowTokens: 8000 })).toBe(7000);
    expect(promptBudget({ maxTokens: 9000, windowTokens: undefined })).toBe(9000);
  });

  it("is unlimited when nothing limits it", () => {
    expect(promptBudget({ maxTokens: undefined, windowTokens: undefined })).toBeUndefined();
  });
});
