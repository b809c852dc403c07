import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openOllama } from "../../../src/engine/provider/ollama.ts";
import { openOpenAI } from "../../../src/engine/provider/openai.ts";
import type { Provider } from "../../../src/engine/provider/provider.ts";
import type { Simulator, SimulatorOptions } from "../../../src/engine/simulator/options.ts";
import { startSimulator } from "../../../src/engine/simulator/simulator.ts";
import { answeredOf, anyRequest } from "../../support/contracts/provider.ts";

const kinds = ["openai", "ollama"] as const;
const open = (kind: (typeof kinds)[number], url: string): Provider =>
  kind === "openai"
    ? openOpenAI({ env: { OPENAI_BASE_URL: `${url}/v1` }, clock: systemClock, key: async () => "k" })
    : openOllama({ env: { OLLAMA_HOST: url }, clock: systemClock, key: async () => undefined });

describe.each(kinds)("%s against the simulator", (kind) => {
  let simulator: Simulator;
  let provider: Provider;
  afterEach(async () => {
    await provider.close();
    await simulator.close();
  });
  async function start(options: SimulatorOptions = {}) {
    simulator = await startSimulator({ answer: () => "card_arrival", ...options });
    provider = open(kind, simulator.url);
  }
  const { signal } = new AbortController();
  const request = { ...anyRequest, model: "reader" };

  it("is answered, whole and streamed, alike", async () => {
    await start();
    const whole = answeredOf((await provider.send(request, { signal })).outcome);
    const streamed = answeredOf((await provider.send(request, { signal, onText: () => false })).outcome);
    expect([whole.text, streamed.text]).toEqual(["card_arrival", "card_arrival"]);
    expect(streamed.usage.promptTokens).toBe(whole.usage.promptTokens);
    expect(whole.usage.promptTokens).toBeGreaterThan(5);
    expect((await provider.models(signal)).map(({ id }) => id.replace(":latest", ""))).toContain("reader");
  });

  it("is told of a limit", async () => {
    await start({ limits: [{ requests: 2, windowMs: 60_000 }] });
    const kindsSeen: string[] = [];
    for (let i = 0; i < 3; i++) kindsSeen.push((await provider.send(request, { signal })).outcome.kind);
    expect(kindsSeen).toEqual(["answered", "answered", "rateLimited"]);
  });

  it("is refused a prompt that does not fit", async () => {
    await start({ contextTokens: 256 });
    const long = {
      ...request,
      contextTokens: 256,
      messages: [{ role: "user", content: "word ".repeat(2000) }] as const,
    };
    const { outcome } = await provider.send(long, { signal });
    expect(outcome).toMatchObject({ kind: "tooLong", limitTokens: 256 });
  });

  it.each([
    ["serverError", { kind: "unavailable", reason: "server" }],
    ["malformedJson", { kind: "unavailable", reason: "malformed" }],
    ["wrongSchema", { kind: "unavailable", reason: "malformed" }],
    ["wrongContentType", { kind: "unavailable", reason: "malformed" }],
    ["empty", { kind: "unavailable", reason: "malformed" }],
    ["huge", { kind: "unavailable", reason: "malformed" }],
    ["cut", { kind: "unavailable", reason: "connection" }],
  ] as const)("survives the fault %s", async (fault, expected) => {
    await start({ faults: { [fault]: 1 } });
    expect((await provider.send(request, { signal })).outcome).toMatchObject(expected);
  });

  it("is left by an aborted call", async () => {
    await start({ deadModels: [{ model: "reader", how: "hang" }] });
    const controller = new AbortController();
    const reply = provider.send(request, { signal: controller.signal });
    while (simulator.stats().requests === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    controller.abort();
    expect((await reply).outcome.kind).toBe("cancelled");
    while (simulator.stats().aborted === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });
});
