import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openBuiltin } from "../../../src/engine/provider/builtin.ts";
import { answered, scriptedProvider } from "../../../src/engine/provider/scripted.ts";
import { read, readerModels } from "../../../src/engine/reader/reader.ts";
import { answeredOf, anyRequest, describeProvider } from "../../support/contracts/provider.ts";

const builtin = () => openBuiltin({ clock: systemClock, read, models: Object.keys(readerModels) });

describeProvider("builtin", async () => {
  const provider = builtin();
  let sent = 0;
  const counting = {
    ...provider,
    send: (...args: Parameters<typeof provider.send>) =>
      provider.send(...args).finally(() => (sent += args[1].signal.aborted ? 0 : 1)),
  };
  const text = read("reader", anyRequest.messages)?.text ?? "";
  return { provider: counting, model: "reader", text, sent: () => sent, close: () => provider.close() };
});

describeProvider("scripted", async () => {
  const provider = scriptedProvider({
    script: ({ model }) =>
      model === "known"
        ? "card_arrival"
        : { kind: "rejected", reason: "notFound", status: 404, message: `no model ${model}` },
    models: [{ id: "known", contextTokens: undefined, detail: undefined }],
  });
  return {
    provider,
    model: "known",
    text: "card_arrival",
    sent: () => provider.calls.length,
    close: () => provider.close(),
  };
});

const { signal } = new AbortController();

describe("builtin", () => {
  it("answers from the labels in the prompt, the same each time, and free", async () => {
    const messages = [
      { role: "system", content: "Answer with exactly one of these labels and nothing else: card_arrival, lost_card." },
      { role: "user", content: "My new card has not arrived yet, when will the card arrive?" },
    ] as const;
    const request = { ...anyRequest, messages, model: "reader" };
    const [first, second] = [await builtin().send(request, { signal }), await builtin().send(request, { signal })];
    const answer = answeredOf(first.outcome);
    expect(["card_arrival", "lost_card"]).toContain(answer.text);
    expect(answeredOf(second.outcome).text).toBe(answer.text);
    expect(answer.tokenConfidence).toBeGreaterThan(0);
    expect(answer.usage.promptTokens).toBeGreaterThan(10);
    expect(builtin().facts("reader")).toMatchObject({ free: true, replayed: false, local: false });
  });
});

describe("scripted", () => {
  it("says texts, outcomes and replies, and counts calls", async () => {
    const provider = scriptedProvider({
      script: (_request, _options, call) =>
        call === 0
          ? "first"
          : call === 1
            ? answered("second", { finish: "length" })
            : { outcome: { kind: "cancelled" }, notes: ["third"] },
    });
    const request = { ...anyRequest, model: "any" };
    expect(answeredOf((await provider.send(request, { signal })).outcome).text).toBe("first");
    expect(answeredOf((await provider.send(request, { signal })).outcome).finish).toBe("length");
    expect((await provider.send(request, { signal })).notes).toEqual(["third"]);
    expect(provider.calls).toHaveLength(3);
  });

  it("is cancelled while its script thinks", async () => {
    const provider = scriptedProvider({ script: () => new Promise(() => {}) });
    const controller = new AbortController();
    const reply = provider.send({ ...anyRequest, model: "any" }, { signal: controller.signal });
    controller.abort();
    expect((await reply).outcome.kind).toBe("cancelled");
  });
});
