import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { type OllamaProvider, openOllama } from "../../../src/engine/provider/ollama.ts";
import { ollamaUrl } from "../../../src/engine/provider/ollamaHost.ts";
import { refusesToCut } from "../../../src/engine/provider/ollamaVersion.ts";
import type { ModelRequest, SendOptions } from "../../../src/engine/provider/provider.ts";
import { answeredOf, anyRequest, describeRemoteProvider } from "../../support/contracts/provider.ts";
import { type FixtureHandler, type FixtureServer, json, startFixture } from "./fixtureServer.ts";

const openAt = (url: string, clock = systemClock) =>
  openOllama({ env: { OLLAMA_HOST: url }, clock, key: async () => undefined });

const last = {
  model: "gemma3:12b",
  created_at: "2026-01-01T00:00:00Z",
  done: true,
  done_reason: "stop",
  total_duration: 3e9,
  load_duration: 0,
  prompt_eval_count: 21,
  eval_count: 4,
};

function lines(response: Parameters<FixtureHandler>[1], parts: readonly unknown[], end = true): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  for (const part of parts) response.write(typeof part === "string" ? part : `${JSON.stringify(part)}\n`);
  if (end) response.end();
}

const part = (content: string) => ({ model: "gemma3:12b", message: { role: "assistant", content }, done: false });

const sound: FixtureHandler = (request, response) => {
  const { model, stream } = request.body;
  switch (request.path) {
    case "/api/tags":
      return json(response, 200, {
        models: [{ name: "gemma3:12b", details: { parameter_size: "12B", quantization_level: "Q4_K_M" } }],
      });
    case "/api/show":
      return json(response, 200, { model_info: { "general.architecture": "gemma3", "gemma3.context_length": 131072 } });
    case "/api/ps":
      return json(response, 200, { models: [{ name: "gemma3:12b", size: 9e9, size_vram: 8e9, context_length: 4096 }] });
    case "/api/version":
      return json(response, 200, { version: "0.20.1" });
    case "/api/generate":
      return json(response, 200, { done: true, done_reason: "unload" });
    case "/api/chat":
      if (model === "hangs") return;
      if (model !== "gemma3:12b") return json(response, 404, { error: `model '${String(model)}' not found` });
      if (stream === true)
        return lines(response, [
          part("card_"),
          part("arrival"),
          { ...last, message: { role: "assistant", content: "" } },
        ]);
      return json(response, 200, { ...last, message: { role: "assistant", content: "card_arrival" } });
    default:
      return json(response, 404, { error: "404 page not found" });
  }
};

describeRemoteProvider("ollama", async () => {
  const server = await startFixture(sound);
  const provider = openAt(server.url);
  return {
    provider,
    model: "gemma3:12b",
    text: "card_arrival",
    hangs: {
      model: "hangs",
      arrived: async () => {
        if (server.requests.length === 0) await server.next();
      },
      dropped: async () => server.requests.at(-1)?.dropped,
    },
    unreachable: openAt("http://127.0.0.1:1"),
    sent: () => server.requests.length,
    async close() {
      await provider.close();
      await server.close();
    },
  };
});

describe("ollama", () => {
  let server: FixtureServer | undefined;
  let provider: OllamaProvider | undefined;
  afterEach(async () => {
    await provider?.close();
    await server?.close();
    vi.restoreAllMocks();
  });

  async function ask(handler: FixtureHandler, request: Partial<ModelRequest> = {}, options: Partial<SendOptions> = {}) {
    server = await startFixture(handler);
    provider = openAt(server.url);
    const { signal } = new AbortController();
    return provider.send({ ...anyRequest, model: "gemma3:12b", ...request }, { signal, ...options });
  }
  const { signal } = new AbortController();

  it("asks for the run's context and forbids cutting, in whole answers and in streams", async () => {
    await ask(sound, {
      parameters: { temperature: 0, max_tokens: 20, stop: "\n", seed: 3, think: false },
      contextTokens: 6144,
    });
    expect(server?.requests[0]?.body).toEqual({
      model: "gemma3:12b",
      messages: anyRequest.messages,
      stream: false,
      think: false,
      keep_alive: -1,
      truncate: false,
      shift: false,
      options: { temperature: 0, num_predict: 20, stop: ["\n"], seed: 3, num_ctx: 6144 },
    });
    await provider?.send({ ...anyRequest, model: "gemma3:12b" }, { signal, onText: () => false });
    expect(server?.requests[1]?.body).toMatchObject({
      stream: true,
      truncate: false,
      shift: false,
      options: { num_ctx: 4096 },
    });
  });

  it("always names a context, even when nobody chose one", async () => {
    await ask(sound, { contextTokens: undefined });
    expect(server?.requests[0]?.body).toMatchObject({ options: { num_ctx: 8192 } });
  });

  it("has the schema enforced by the server", async () => {
    const schema = { type: "object", properties: { label: { type: "string" } } };
    await ask(sound, { responseSchema: schema });
    expect(server?.requests[0]?.body["format"]).toEqual(schema);
  });

  it("takes the loading time out of the latency", async () => {
    server = await startFixture((_request, response) =>
      json(response, 200, { ...last, load_duration: 2.5e9, message: { role: "assistant", content: "x" } }),
    );
    let now = 0;
    provider = openAt(server.url, { ...systemClock, monotonic: () => (now += 3000) });
    const { outcome } = await provider.send({ ...anyRequest, model: "gemma3:12b" }, { signal });
    expect(answeredOf(outcome).timing).toEqual({ latencyMs: 500, firstTokenMs: undefined, loadMs: 2500 });
  });

  it("reads usage, tool calls and log-probabilities", async () => {
    const { outcome } = await ask((_request, response) =>
      json(response, 200, {
        ...last,
        message: {
          role: "assistant",
          content: "",
          tool_calls: [{ function: { name: "look", arguments: { at: "card" } } }],
        },
        logprobs: [{ token: "a", logprob: Math.log(0.8) }],
      }),
    );
    const answer = answeredOf(outcome);
    expect(answer).toMatchObject({
      usage: { promptTokens: 21, completionTokens: 4, cachedTokens: undefined },
      toolCalls: [{ id: "call_0", tool: "look", params: { at: "card" } }],
      finish: "toolCalls",
      servedModel: undefined,
    });
    expect(answer.tokenConfidence).toBeCloseTo(0.8, 12);
  });

  it("sends a tool's result back in the server's form", async () => {
    await ask(sound, {
      messages: [
        { role: "assistant", content: "", toolCalls: [{ id: "a", tool: "look", params: { at: "desk" } }] },
        { role: "tool", content: "nothing", toolCallId: "a" },
      ],
    });
    expect(server?.requests[0]?.body["messages"]).toEqual([
      { role: "assistant", content: "", tool_calls: [{ function: { name: "look", arguments: { at: "desk" } } }] },
      { role: "tool", content: "nothing" },
    ]);
  });

  it("drops the connection as soon as the answer is complete", async () => {
    const { outcome } = await ask(
      (_request, response) => lines(response, [part("yes"), part(". And")], false),
      {},
      { onText: (text) => text.startsWith("yes") },
    );
    expect(answeredOf(outcome)).toMatchObject({ text: "yes", finish: "stop", usage: { promptTokens: undefined } });
    await server?.requests[0]?.dropped;
  });

  it.each([
    [
      "a model that is not there",
      404,
      { error: "model 'x' not found" },
      { kind: "rejected", reason: "notFound", message: "model 'x' not found: get it with ollama pull gemma3:12b" },
    ],
    [
      "a prompt that does not fit, as 0.12 says it",
      400,
      { error: "the prompt exceeds the context length of 4096" },
      { kind: "tooLong", limitTokens: 4096 },
    ],
    [
      "a prompt that does not fit, as later releases say it",
      400,
      {
        error: {
          code: 400,
          message: "request (5000 tokens) exceeds the available context size (4096 tokens)",
          type: "exceed_context_size_error",
        },
      },
      { kind: "tooLong", limitTokens: 4096 },
    ],
    [
      "the same, passed on from the runner as a text",
      400,
      {
        error: JSON.stringify({
          error: { code: 400, message: "request (5000 tokens) exceeds the available context size (4096 tokens)" },
        }),
      },
      {
        kind: "tooLong",
        limitTokens: 4096,
        message: "request (5000 tokens) exceeds the available context size (4096 tokens)",
      },
    ],
    [
      "the same in other words",
      400,
      { error: "the prompt is longer than the context length currently available to the model" },
      { kind: "tooLong", limitTokens: undefined },
    ],
    [
      "too little memory",
      500,
      { error: "model requires more system memory (12.1 GiB) than is available (8.0 GiB)" },
      { kind: "unavailable", reason: "outOfMemory", status: 500 },
    ],
    [
      "a full card",
      500,
      { error: "llama runner process has terminated: cudaMalloc failed: out of memory" },
      { kind: "unavailable", reason: "outOfMemory" },
    ],
    [
      "a busy server",
      503,
      { error: "server busy, please try again. maximum pending requests exceeded" },
      { kind: "rateLimited" },
    ],
    [
      "a server error",
      500,
      { error: "unexpected EOF" },
      { kind: "unavailable", reason: "server", status: 500, message: "unexpected EOF" },
    ],
    [
      "a bad option",
      400,
      { error: "invalid option" },
      { kind: "rejected", reason: "badRequest", message: "invalid option" },
    ],
  ] as const)("classifies %s", async (_what, status, error, expected) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const { outcome } = await ask((_request, response) => json(response, status, error));
    expect(outcome).toMatchObject(expected);
    expect(log).not.toHaveBeenCalled();
  });

  it("prints nothing when an error is no JSON", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const { outcome } = await ask(
      (_request, response) => void response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>"),
    );
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "server", message: "<h1>Bad gateway</h1>" });
    expect(log).not.toHaveBeenCalled();
  });

  it("does not take an answer with a hole in it for whole", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { outcome } = await ask(
      (_request, response) =>
        lines(response, [part("card_"), '{"broken\n', part("arrival"), { ...last, message: { content: "" } }]),
      {},
      { onText: () => false },
    );
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "malformed" });
    expect(warn).not.toHaveBeenCalled();
  });

  it("reads an error line in a stream, and a stream without an end", async () => {
    const failed = await ask(
      (_request, response) => lines(response, [part("a"), { error: "CUDA error: out of memory" }]),
      {},
      { onText: () => false },
    );
    expect(failed.outcome).toMatchObject({ kind: "unavailable", reason: "outOfMemory" });
    await provider?.close();
    await server?.close();
    const ended = await ask((_request, response) => lines(response, [part("a")]), {}, { onText: () => false });
    expect(ended.outcome).toMatchObject({ kind: "unavailable", reason: "connection" });
  });

  it.each([
    ["malformed JSON", '{"message":', "not valid JSON"],
    ["nothing", "", "empty"],
    ["another JSON", "{}", "no answer"],
  ])("keeps the body of %s", async (_what, body, words) => {
    const { outcome } = await ask(
      (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end(body),
    );
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "malformed", body });
    expect(outcome.kind === "unavailable" && outcome.message).toContain(words);
  });

  it("does not take an answer to a prompt that fills the whole context", async () => {
    const { outcome } = await ask((_request, response) =>
      json(response, 200, { ...last, prompt_eval_count: 4096, message: { role: "assistant", content: "x" } }),
    );
    expect(outcome).toMatchObject({ kind: "tooLong", limitTokens: 4096 });
  });

  it("asks an old release nothing that it might cut in silence", async () => {
    const old: FixtureHandler = (request, response) =>
      request.path === "/api/version" ? json(response, 200, { version: "0.11.4" }) : sound(request, response);
    const long = [{ role: "user", content: "word ".repeat(4000) }] as const;
    const { outcome } = await ask(old, { messages: long });
    expect(outcome).toMatchObject({ kind: "tooLong", limitTokens: 4096 });
    expect(server?.requests.map(({ path }) => path)).toEqual(["/api/version"]);
    const short = await provider?.send({ ...anyRequest, model: "gemma3:12b" }, { signal });
    expect(short?.outcome.kind).toBe("answered");
  });

  it("leaves the judgement of a long prompt to a release that refuses", async () => {
    const { outcome } = await ask(sound, { messages: [{ role: "user", content: "word ".repeat(4000) }] });
    expect(outcome.kind).toBe("answered");
    expect(refusesToCut("0.12.6")).toBe(true);
    expect(refusesToCut("0.12.5")).toBe(false);
    expect(refusesToCut("1.0.0-rc1")).toBe(true);
    expect(refusesToCut("0.0.0")).toBe(true);
    expect(refusesToCut(undefined)).toBe(true);
  });

  it("says what to do when it does not run", async () => {
    provider = openAt("http://127.0.0.1:1");
    const { outcome } = await provider.send({ ...anyRequest, model: "gemma3:12b" }, { signal });
    expect(outcome).toMatchObject({ message: "127.0.0.1:1: nothing listens there: start Ollama, or set OLLAMA_HOST" });
  });

  it("lists models with their context lengths, shows what is loaded, and unloads", async () => {
    server = await startFixture(sound);
    provider = openAt(server.url);
    expect(await provider.models(signal)).toEqual([
      { id: "gemma3:12b", contextTokens: 131072, detail: "12B Q4_K_M · context 131,072" },
    ]);
    expect(await provider.running(signal)).toEqual([
      { name: "gemma3:12b", bytes: 9e9, vramBytes: 8e9, contextTokens: 4096 },
    ]);
    await provider.unload("gemma3:12b");
    expect(server.requests.at(-1)?.body).toMatchObject({ model: "gemma3:12b", keep_alive: 0 });
    expect(provider.facts("gemma3:12b")).toMatchObject({ local: true, free: true });
  });
});

describe("the address of an Ollama server", () => {
  it.each([
    [{}, "http://127.0.0.1:11434"],
    [{ OLLAMA_HOST: "" }, "http://127.0.0.1:11434"],
    [{ OLLAMA_HOST: "0.0.0.0" }, "http://127.0.0.1:11434"],
    [{ OLLAMA_HOST: "0.0.0.0:8080" }, "http://127.0.0.1:8080"],
    [{ OLLAMA_HOST: ":8080" }, "http://127.0.0.1:8080"],
    [{ OLLAMA_HOST: "box" }, "http://box:11434"],
    [{ OLLAMA_HOST: "box:99" }, "http://box:99"],
    [{ OLLAMA_HOST: "http://box" }, "http://box"],
    [{ OLLAMA_HOST: "https://box/ollama/" }, "https://box/ollama"],
    [{ OLLAMA_HOST: "http://box:11434/v1" }, "http://box:11434"],
    [{ OLLAMA_HOST: "http://box:11434/api/" }, "http://box:11434"],
    [{ OLLAMA_HOST: "[::]:11434" }, "http://[::1]:11434"],
    [{ OLLAMA_HOST: "::1" }, "http://[::1]:11434"],
    [{ OLLAMA_BASE_URL: "http://box:11434/v1" }, "http://box:11434"],
    [{ OLLAMA_HOST: "a:1", OLLAMA_BASE_URL: "http://b:2" }, "http://a:1"],
    [{ OLLAMA_HOST: "http://me:pass@box:1" }, "http://me:pass@box:1"],
  ])("reads %o", (env, url) => {
    expect(ollamaUrl(env)).toBe(url);
  });
});
