import { beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { LanguageModels } from "../../src/vscode/engine/editorModels.ts";

const editor = vi.hoisted(() => {
  class LanguageModelError extends Error {
    readonly code: string;
    constructor(message: string, code: string) {
      super(message);
      this.code = code;
    }
  }
  class Part {
    readonly value: string;
    constructor(value: string) {
      this.value = value;
    }
  }
  return {
    Part,
    LanguageModelError,
    sent: [] as unknown[],
    answer: async (): Promise<string> => "yes",
  };
});

vi.mock("vscode", () => ({
  LanguageModelError: editor.LanguageModelError,
  LanguageModelTextPart: editor.Part,
  LanguageModelToolCallPart: class {},
  LanguageModelChatMessage: { User: (content: unknown) => ({ role: "user", content }) },
  CancellationTokenSource: class {
    token = {};
    cancel() {}
    dispose() {}
  },
  lm: {
    selectChatModels: async () => [
      {
        vendor: "copilot",
        id: "gpt-4.1",
        name: "GPT-4.1",
        family: "gpt-4.1",
        maxInputTokens: 9,
        async sendRequest(_messages: unknown, options: { readonly justification: string }) {
          editor.sent.push(options);
          const text = await editor.answer();
          return {
            stream: (async function* () {
              yield new editor.Part(text);
            })(),
          };
        },
      },
    ],
  },
}));

const question = {
  model: "copilot/gpt-4.1",
  messages: [{ role: "user" as const, content: "hello" }],
  parameters: {},
  tools: [],
};
const { signal } = new AbortController();

describe("consent to the editor's models", () => {
  beforeEach(() => {
    editor.sent.length = 0;
    editor.answer = async () => "yes";
  });

  it("is never asked for by work that goes on unattended", async () => {
    const answer = await new LanguageModels().ask(question, signal);
    expect(answer).toMatchObject({ kind: "failed", code: "NoPermissions" });
    expect(editor.sent).toEqual([]);
  });

  it("is asked for once a vendor, with the reason, by what a person does", async () => {
    const models = new LanguageModels();
    await models.admit(["builtin:reader", "vscode:copilot/gpt-4.1", "vscode:copilot/gpt-4.1"]);
    expect(editor.sent).toEqual([expect.objectContaining({ justification: expect.stringMatching(/Layout Lab/) })]);
    expect(await models.ask(question, signal)).toMatchObject({ kind: "answered", text: "yes" });
  });

  it("is an error of one line when it is refused, and stays refused", async () => {
    editor.answer = async () => {
      throw new editor.LanguageModelError("no", "NoPermissions");
    };
    const models = new LanguageModels();
    await expect(models.admit(["vscode:copilot/gpt-4.1"])).rejects.toThrow(UserError);
    expect(await models.ask(question, signal)).toMatchObject({ kind: "failed", code: "NoPermissions" });
    expect(editor.sent).toHaveLength(1);
  });

  it("has to be given anew after it was taken away", async () => {
    const models = new LanguageModels();
    await models.admit(["vscode:copilot/gpt-4.1"]);
    editor.answer = async () => {
      throw new editor.LanguageModelError("revoked", "NoPermissions");
    };
    await models.ask(question, signal);
    const sent = editor.sent.length;
    await models.ask(question, signal);
    expect(editor.sent).toHaveLength(sent);
  });
});
