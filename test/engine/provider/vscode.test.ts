import { describe, expect, it } from "vitest";
import { Channel, portPair } from "../../../src/base/channel.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { EditorAnswer, EditorModels, EditorQuestion } from "../../../src/engine/provider/editorModels.ts";
import { openVscode } from "../../../src/engine/provider/vscode.ts";
import { editorOutcome } from "../../../src/engine/provider/vscodeErrors.ts";
import { editorModelsOver } from "../../../src/engine/worker/editorModels.ts";
import type { EngineSide, FaceSide } from "../../../src/engine/worker/protocol.ts";
import { serveEditorModels } from "../../../src/vscode/engine/serveEditorModels.ts";
import { answeredOf, anyRequest, describeRemoteProvider } from "../../support/contracts/provider.ts";

type Answering = (
  question: EditorQuestion,
  signal: AbortSignal,
  onText?: (more: string) => void,
) => Promise<EditorAnswer>;

const saying = (text: string): EditorAnswer => ({
  kind: "answered",
  text,
  toolCalls: [],
  latencyMs: 3,
  firstTokenMs: undefined,
});

/** An editor whose models say what a test wants, with the two ends of the thread's channel between it and the provider. */
function editorThat(answer: Answering) {
  const [near, far] = portPair();
  const asked: EditorQuestion[] = [];
  const models: EditorModels = {
    list: async () => [
      { id: "copilot/gpt-4.1", name: "GPT-4.1", family: "gpt-4.1", maxInputTokens: 111_000 },
      { id: "copilot/hangs", name: "Hangs", family: "hangs", maxInputTokens: 1_000 },
    ],
    ask(question, signal, onText) {
      asked.push(question);
      return answer(question, signal, onText);
    },
  };
  const served = serveEditorModels(models, (text) => host.send("editorText", text));
  const host: Channel<FaceSide, EngineSide> = new Channel<FaceSide, EngineSide>(far, {
    key: async () => undefined,
    ...served.handlers,
  });
  const engine = new Channel<EngineSide, FaceSide>(near, {} as never);
  return {
    asked,
    open: (maxCalls = 200) => openVscode({ editor: editorModelsOver(engine), clock: systemClock, maxCalls }),
    close() {
      served.dispose();
      engine.dispose();
      host.dispose();
    },
  };
}

const said: Answering = async (question, _signal, onText) => {
  if (question.model !== "copilot/gpt-4.1") {
    return { kind: "failed", name: "LanguageModelError", code: "NotFound", message: "unknown" };
  }
  onText?.("card_");
  onText?.("arrival");
  return saying("card_arrival");
};

describeRemoteProvider("vscode", async () => {
  let dropped = () => {};
  const gone = new Promise<void>((resolve) => {
    dropped = resolve;
  });
  let reached = () => {};
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const editor = editorThat((question, signal, onText) => {
    if (question.model !== "copilot/hangs") return said(question, signal, onText);
    reached();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        dropped();
        resolve({ kind: "cancelled" });
      });
    });
  });
  const closed = editorThat(said);
  const unreachable = await closed.open();
  closed.close();
  const provider = await editor.open();
  return {
    provider,
    model: "copilot/gpt-4.1",
    text: "card_arrival",
    hangs: { model: "copilot/hangs", arrived: () => there, dropped: () => gone },
    unreachable,
    sent: () => editor.asked.length,
    async close() {
      await provider.close();
      editor.close();
    },
  };
});

describe("the editor's own models", () => {
  const request = { ...anyRequest, model: "copilot/gpt-4.1" };
  const { signal } = new AbortController();

  it("get the system's text at the head of the first user message", async () => {
    const editor = editorThat(said);
    await (await editor.open()).send(request, { signal });
    expect(editor.asked[0]?.messages).toEqual([{ role: "user", content: "You label messages.\n\nWhere is my card?" }]);
  });

  it("are exploratory, few at a time, without system role or usage, with the window they tell", async () => {
    const provider = await editorThat(said).open();
    expect(provider.facts("copilot/gpt-4.1")).toMatchObject({
      exploratory: true,
      systemRole: false,
      maxConcurrency: 2,
      windowTokens: 111_000,
      free: false,
    });
    const answer = answeredOf((await provider.send(request, { signal })).outcome);
    expect(answer.usage).toEqual({ promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined });
    expect((await provider.models(signal))[0]).toMatchObject({ detail: "GPT-4.1, gpt-4.1, at most 111,000 tokens" });
  });

  it("are asked no more often than a run may", async () => {
    const editor = editorThat(said);
    const provider = await editor.open(2);
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push((await provider.send(request, { signal })).outcome);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["answered", "answered", "rejected"]);
    expect(outcomes[2]).toMatchObject({ reason: "quota", message: expect.stringMatching(/the 2 calls.*maxCalls/) });
    expect(editor.asked).toHaveLength(2);
  });

  it("stop writing as soon as the answer is complete", async () => {
    let cut = false;
    const editor = editorThat(
      (_question, aborted, onText) =>
        new Promise((resolve) => {
          aborted.addEventListener("abort", () => {
            cut = true;
            resolve({ kind: "cancelled" });
          });
          onText?.("card_");
          onText?.("arrival\n");
          onText?.("because");
        }),
    );
    const provider = await editor.open();
    const { outcome } = await provider.send(request, { signal, onText: (text) => text.endsWith("\n") });
    expect(answeredOf(outcome).text).toBe("card_arrival\n");
    expect(answeredOf(outcome).timing.firstTokenMs).toBeGreaterThanOrEqual(0);
    expect(cut).toBe(true);
  });

  it("hand tool calls on, and note that no schema is enforced", async () => {
    const editor = editorThat(async () => ({
      kind: "answered",
      text: "",
      toolCalls: [{ id: "1", tool: "look", params: { at: "x" } }],
      latencyMs: 1,
      firstTokenMs: undefined,
    }));
    const reply = await (await editor.open()).send({ ...request, responseSchema: { type: "object" } }, { signal });
    expect(answeredOf(reply.outcome)).toMatchObject({ finish: "toolCalls", toolCalls: [{ tool: "look" }] });
    expect(reply.notes).toEqual([expect.stringContaining("does not enforce")]);
  });

  it("take an empty answer for none", async () => {
    const provider = await editorThat(async () => saying("")).open();
    const { outcome } = await provider.send(request, { signal });
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "malformed" });
  });
});

describe("errors of the editor's models", () => {
  const outcome = (more: { name?: string; code?: string; message?: string }) =>
    editorOutcome({ kind: "failed", name: "Error", code: undefined, message: "said", ...more }, "copilot/gpt-4.1", 9);

  it.each([
    [{ code: "NoPermissions" }, { kind: "rejected", reason: "auth" }],
    [{ code: "NotFound" }, { kind: "rejected", reason: "notFound" }],
    [{ name: "ChatQuotaExceeded" }, { kind: "rejected", reason: "quota" }],
    [{ code: "Blocked" }, { kind: "rateLimited" }],
    [{ name: "ChatRateLimited" }, { kind: "rateLimited" }],
    [{ message: "Message exceeds token limit." }, { kind: "tooLong", limitTokens: 9 }],
    [{ message: "Response got filtered." }, { kind: "filtered" }],
    [{ message: "Sorry, no response was returned." }, { kind: "unavailable", reason: "server" }],
  ])("reads %j", (failure, expected) => {
    expect(outcome(failure)).toMatchObject(expected);
  });
});
