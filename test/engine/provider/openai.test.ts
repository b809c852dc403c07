import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openOpenAI } from "../../../src/engine/provider/openai.ts";
import type { ModelRequest, Provider, SendOptions } from "../../../src/engine/provider/provider.ts";
import { answeredOf, anyRequest, describeRemoteProvider } from "../../support/contracts/provider.ts";
import {
  completion,
  delta,
  events,
  type FixtureHandler,
  type FixtureServer,
  json,
  startFixture,
  streamUsage,
} from "./fixtureServer.ts";

const key = "sk-test-0123456789abcdef";

function openAt(url: string, more: Partial<Parameters<typeof openOpenAI>[0]> = {}): Provider {
  return openOpenAI({ env: { OPENAI_BASE_URL: `${url}/v1` }, clock: systemClock, key: async () => key, ...more });
}

const sound: FixtureHandler = (request, response) => {
  const { model, stream } = request.body;
  if (request.headers.authorization !== `Bearer ${key}`) return json(response, 401, { error: { message: "no key" } });
  if (request.path === "/v1/models") {
    return json(response, 200, {
      object: "list",
      data: [{ id: "good", object: "model", created: 1, owned_by: "us", max_model_len: 32768 }],
    });
  }
  if (request.path !== "/v1/chat/completions") return json(response, 404, { error: { message: "no such path" } });
  if (model === "hangs") return;
  if (model !== "good") {
    return json(response, 404, {
      error: { message: `The model '${String(model)}' does not exist`, code: "model_not_found" },
    });
  }
  if (stream === true)
    return events(response, [delta("card_"), delta("arrival"), delta(undefined, "stop"), streamUsage]);
  return json(response, 200, completion("card_arrival"));
};

describeRemoteProvider("openai", async () => {
  const server = await startFixture(sound);
  const provider = openAt(server.url);
  return {
    provider,
    model: "good",
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

describe("openai", () => {
  let server: FixtureServer;
  let provider: Provider;
  afterEach(async () => {
    await provider.close();
    await server.close();
  });

  async function ask(
    handler: FixtureHandler,
    request: Partial<ModelRequest> = {},
    options: Partial<SendOptions> = {},
    more: Partial<Parameters<typeof openOpenAI>[0]> = {},
  ) {
    server = await startFixture(handler);
    provider = openAt(server.url, more);
    const { signal } = new AbortController();
    return provider.send({ ...anyRequest, model: "good", ...request }, { signal, ...options });
  }

  const refuse =
    (status: number, error: Record<string, unknown>, headers: Record<string, string> = {}): FixtureHandler =>
    (_request, response) =>
      json(response, status, { error }, headers);

  it("reads text, usage with cached tokens, the exact model and the fingerprint", async () => {
    const { outcome } = await ask((_request, response) =>
      json(response, 200, completion("x", { model: "good-2026-01-01" })),
    );
    expect(answeredOf(outcome)).toMatchObject({
      text: "x",
      usage: { promptTokens: 12, completionTokens: 3, cachedTokens: 8 },
      servedModel: "good-2026-01-01",
      fingerprint: "fp_1",
    });
  });

  it("sends messages and parameters as they are, and no retry header of the SDK's own making", async () => {
    await ask(sound, { parameters: { temperature: 0.2, seed: 7, stop: "\n", min_p: 0.1 } });
    expect(server.requests[0]?.body).toEqual({
      model: "good",
      messages: anyRequest.messages,
      temperature: 0.2,
      seed: 7,
      stop: "\n",
      min_p: 0.1,
    });
    expect(server.requests).toHaveLength(1);
  });

  it("reads limits from the headers of an answer and of a refusal", async () => {
    const headers = {
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": "499",
      "x-ratelimit-reset-requests": "120ms",
      "x-ratelimit-remaining-tokens": "29000",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    const limits = {
      requestsLimit: 500,
      requestsRemaining: 499,
      requestsResetMs: 120,
      tokensRemaining: 29000,
      tokensResetMs: 360_000,
    };
    const reply = await ask((_request, response) => json(response, 200, completion("x"), headers));
    expect(reply.limits).toEqual(limits);
    await provider.close();
    await server.close();
    const refused = await ask(
      refuse(429, { message: "slow down", code: "rate_limit_exceeded" }, { ...headers, "retry-after": "2" }),
    );
    expect(refused).toEqual({ outcome: { kind: "rateLimited", message: "429 slow down", retryAfterMs: 2000 }, limits });
  });

  it("never retries by itself", async () => {
    await ask(refuse(500, { message: "oops" }, { "x-should-retry": "true", "retry-after-ms": "1" }));
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [
      "a spent quota",
      429,
      { message: "You exceeded your current quota", code: "insufficient_quota" },
      { kind: "rejected", reason: "quota", status: 429 },
    ],
    [
      "a wrong key",
      401,
      { message: `Incorrect API key provided: ${key}`, code: "invalid_api_key" },
      { kind: "rejected", reason: "auth", message: "401 Incorrect API key provided: [key]: check the key" },
    ],
    ["a forbidden country", 403, { message: "not here" }, { kind: "rejected", reason: "auth" }],
    [
      "an unknown model",
      404,
      { message: "The model 'x' does not exist", code: "model_not_found" },
      { kind: "rejected", reason: "notFound" },
    ],
    [
      "a prompt that does not fit",
      400,
      {
        message: "This model's maximum context length is 8,192 tokens. However, your messages resulted in 9000 tokens.",
        code: "context_length_exceeded",
      },
      { kind: "tooLong", limitTokens: 8192 },
    ],
    [
      "llama.cpp's words for the same",
      400,
      {
        message: "the request exceeds the available context size, try increasing it",
        type: "exceed_context_size_error",
      },
      { kind: "tooLong", limitTokens: undefined },
    ],
    ["a filtered prompt", 400, { message: "The response was filtered", code: "content_filter" }, { kind: "filtered" }],
    [
      "a bad parameter",
      400,
      { message: "Invalid value for temperature", param: "temperature" },
      { kind: "rejected", reason: "badRequest", message: "400 Invalid value for temperature" },
    ],
    ["a server error", 503, { message: "overloaded" }, { kind: "unavailable", reason: "server", status: 503 }],
    ["a conflict", 409, { message: "locked" }, { kind: "unavailable", reason: "server" }],
    ["a card that is full", 500, { message: "CUDA out of memory" }, { kind: "unavailable", reason: "outOfMemory" }],
  ] as const)("classifies %s", async (_what, status, error, expected) => {
    const { outcome } = await ask(refuse(status, error));
    expect(outcome).toMatchObject(expected);
  });

  it("wonders about the address when a path is unknown", async () => {
    server = await startFixture((_request, response) => void response.writeHead(404).end("404 page not found"));
    provider = openOpenAI({ env: { OPENAI_BASE_URL: server.url }, clock: systemClock, key: async () => key });
    const { outcome } = await provider.send({ ...anyRequest, model: "good" }, { signal: new AbortController().signal });
    expect(outcome).toMatchObject({
      kind: "rejected",
      reason: "notFound",
      message: "404 404 page not found (should OPENAI_BASE_URL end in /v1?)",
    });
  });

  it("says where a server that moved has gone", async () => {
    const { outcome } = await ask(
      (_request, response) => void response.writeHead(308, { location: "https://new.example/v1" }).end(),
    );
    expect(outcome).toMatchObject({
      kind: "rejected",
      message: "the server sends elsewhere: set OPENAI_BASE_URL after https://new.example/v1",
    });
  });

  it("keeps the key out of a body that echoes it", async () => {
    const { outcome } = await ask(
      (_request, response) => void response.writeHead(200, { "content-type": "text/plain" }).end(`echo ${key}`),
    );
    expect(JSON.stringify(outcome)).not.toContain(key);
    expect(outcome).toMatchObject({ body: "echo [key]" });
  });

  it("understands a failure that a gateway wraps in a 200", async () => {
    const { outcome } = await ask((_request, response) =>
      json(response, 200, { error: { message: "upstream is busy", code: 429 } }),
    );
    expect(outcome).toMatchObject({ kind: "rateLimited", message: "429 upstream is busy" });
  });

  it.each([
    ["malformed JSON", "application/json", '{"choices": [', "not valid JSON"],
    ["a page", "text/html", "<html>busy</html>", "text/html, not JSON"],
    ["another JSON", "application/json", '{"hello": 1}', "no chat completion"],
    ["nothing", "application/json", "", "empty"],
  ])("keeps the body of %s", async (_what, type, body, words) => {
    const { outcome } = await ask(
      (_request, response) => void response.writeHead(200, { "content-type": type }).end(body),
    );
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "malformed", status: 200, body: body || undefined });
    expect(outcome.kind === "unavailable" && outcome.message).toContain(words);
  });

  it("accepts an answer whose content type is wrong", async () => {
    const { outcome } = await ask(
      (_request, response) =>
        void response.writeHead(200, { "content-type": "text/plain" }).end(JSON.stringify(completion("x"))),
    );
    expect(answeredOf(outcome).text).toBe("x");
  });

  it("stops reading a response of more than ten megabytes", async () => {
    const { outcome } = await ask((_request, response) => json(response, 200, completion("x".repeat(32 * 1048576))));
    expect(outcome).toMatchObject({
      kind: "unavailable",
      reason: "malformed",
      message: "the response is larger than 10 MB and was cut off",
    });
    await server.requests[0]?.dropped;
  });

  it("reports a connection that is cut in the middle of an answer", async () => {
    const { outcome } = await ask((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
      response.write('{"choices":');
      setImmediate(() => response.destroy());
    });
    expect(outcome).toMatchObject({ kind: "unavailable", reason: "connection" });
  });

  it("says what is missing when OpenAI itself is asked without a key", async () => {
    server = await startFixture(sound);
    provider = openOpenAI({ env: {}, clock: systemClock, key: async () => undefined });
    const { outcome } = await provider.send({ ...anyRequest, model: "good" }, { signal: new AbortController().signal });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "auth" });
    expect(outcome.kind === "rejected" && outcome.message).toContain("OPENAI_API_KEY");
  });

  it("sends no key where none is needed", async () => {
    await ask((_request, response) => json(response, 200, completion("x")), {}, {}, { key: async () => undefined });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("reports a key store that fails as a rejection", async () => {
    const { outcome } = await ask(sound, {}, {}, { key: () => Promise.reject(new Error("locked")) });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "auth", message: "the key could not be read (locked)" });
  });

  describe("streaming", () => {
    it("measures the first token, keeps usage and joins the text", async () => {
      const { outcome } = await ask(sound, {}, { onText: () => false });
      const answer = answeredOf(outcome);
      expect(answer).toMatchObject({
        text: "card_arrival",
        finish: "stop",
        usage: { promptTokens: 12, cachedTokens: 8 },
      });
      expect(answer.timing.firstTokenMs).toBeLessThanOrEqual(answer.timing.latencyMs);
      expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    });

    it("drops the connection as soon as the answer is complete", async () => {
      const { outcome } = await ask(
        (_request, response) => events(response, [delta("yes"), delta(". And")], "open"),
        {},
        { onText: (text) => text.startsWith("yes") },
      );
      expect(answeredOf(outcome)).toMatchObject({ text: "yes", finish: "stop", usage: { promptTokens: undefined } });
      await server.requests[0]?.dropped;
    });

    it.each(["cut", "done"] as const)("does not take a stream that ends early (%s) for an answer", async (end) => {
      const { outcome } = await ask(
        (_request, response) => events(response, [delta("card_")], end),
        {},
        { onText: () => false },
      );
      expect(outcome).toMatchObject({ kind: "unavailable", reason: "connection" });
    });

    it("reads an error that comes in the stream", async () => {
      const { outcome } = await ask(
        (_request, response) => events(response, [delta("a"), { error: { message: "died", type: "server_error" } }]),
        {},
        { onText: () => false },
      );
      expect(outcome).toMatchObject({ kind: "unavailable", reason: "server", message: "died" });
    });

    it("reads malformed events as such", async () => {
      const { outcome } = await ask(
        (_request, response) =>
          void response.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"choices": [\n\n'),
        {},
        { onText: () => false },
      );
      expect(outcome).toMatchObject({ kind: "unavailable", reason: "malformed" });
    });

    it("reads a whole answer from a server that does not stream", async () => {
      const { outcome } = await ask(
        (_request, response) => json(response, 200, completion("whole")),
        {},
        { onText: () => false },
      );
      expect(answeredOf(outcome).text).toBe("whole");
    });

    it("puts tool calls together from their slivers", async () => {
      const sliver = (call: unknown) => ({
        ...delta(undefined),
        choices: [{ index: 0, finish_reason: null, delta: { tool_calls: [call] } }],
      });
      const { outcome } = await ask(
        (_request, response) =>
          events(response, [
            sliver({ index: 0, id: "a", function: { name: "look", arguments: '{"at"' } }),
            sliver({ index: 1, id: "b", function: { name: "stop", arguments: "{}" } }),
            sliver({ index: 0, function: { arguments: ': "card"}' } }),
            delta(undefined, "tool_calls"),
          ]),
        {},
        { onText: () => false },
      );
      expect(answeredOf(outcome)).toMatchObject({
        finish: "toolCalls",
        toolCalls: [
          { id: "a", tool: "look", params: { at: "card" } },
          { id: "b", tool: "stop", params: {} },
        ],
      });
    });
  });

  describe("asks in the way a server takes", () => {
    const schema = {
      type: "object",
      properties: { label: { type: "string" } },
      required: ["label"],
      additionalProperties: false,
    };

    it("enforces a closed schema strictly and leaves an open one as guidance", async () => {
      await ask(sound, { responseSchema: schema });
      expect(server.requests[0]?.body["response_format"]).toEqual({
        type: "json_schema",
        json_schema: { name: "answer", schema, strict: true },
      });
      await provider.send(
        { ...anyRequest, model: "good", responseSchema: { type: "object" } },
        { signal: new AbortController().signal },
      );
      expect(server.requests[1]?.body).toMatchObject({ response_format: { json_schema: { strict: false } } });
    });

    it("goes without the schema where it is refused, says so, and remembers", async () => {
      const reply = await ask(
        (request, response) =>
          "response_format" in request.body
            ? json(response, 400, { error: { message: "response_format json_schema is not supported" } })
            : json(response, 200, completion("{}")),
        { responseSchema: schema },
      );
      expect(answeredOf(reply.outcome).text).toBe("{}");
      expect(reply.notes?.[0]).toContain("does not enforce");
      await provider.send(
        { ...anyRequest, model: "good", responseSchema: schema },
        { signal: new AbortController().signal },
      );
      expect(server.requests).toHaveLength(3);
    });

    it("knows that reasoning models call it max_completion_tokens, and learns it of others", async () => {
      await ask((_request, response) => json(response, 200, completion("x")), {
        model: "gpt-5-mini",
        parameters: { max_tokens: 5 },
      });
      expect(server.requests[0]?.body).toMatchObject({ max_completion_tokens: 5 });
      expect(server.requests[0]?.body).not.toHaveProperty("max_tokens");
      await provider.close();
      await server.close();
      const reply = await ask(
        (request, response) =>
          "max_tokens" in request.body
            ? json(response, 400, {
                error: {
                  message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
                  code: "unsupported_parameter",
                },
              })
            : json(response, 200, completion("x")),
        { parameters: { max_tokens: 5 } },
      );
      expect(reply.notes).toEqual(["max_tokens was sent as max_completion_tokens"]);
      expect(server.requests[1]?.body).toMatchObject({ max_completion_tokens: 5 });
    });

    it("offers tools, sends their results back, and reads calls", async () => {
      const call = { id: "a", type: "function", function: { name: "look", arguments: '{"at":"card"}' } };
      const { outcome } = await ask(
        (_request, response) =>
          json(
            response,
            200,
            completion("", {
              choices: [
                {
                  index: 0,
                  finish_reason: "tool_calls",
                  message: { role: "assistant", content: null, tool_calls: [call] },
                },
              ],
            }),
          ),
        {
          tools: [{ name: "look", description: "Looks.", parameters: { type: "object" } }],
          messages: [
            { role: "user", content: "?" },
            { role: "assistant", content: "", toolCalls: [{ id: "z", tool: "look", params: { at: "desk" } }] },
            { role: "tool", content: "nothing", toolCallId: "z" },
          ],
        },
      );
      expect(answeredOf(outcome).toolCalls).toEqual([{ id: "a", tool: "look", params: { at: "card" } }]);
      expect(server.requests[0]?.body).toMatchObject({
        tools: [
          { type: "function", function: { name: "look", description: "Looks.", parameters: { type: "object" } } },
        ],
        messages: [
          { role: "user", content: "?" },
          {
            role: "assistant",
            tool_calls: [{ id: "z", type: "function", function: { name: "look", arguments: '{"at":"desk"}' } }],
          },
          { role: "tool", content: "nothing", tool_call_id: "z" },
        ],
      });
    });

    it("turns log-probabilities into a confidence", async () => {
      const logprobs = {
        content: [
          { token: "a", logprob: Math.log(0.5) },
          { token: "b", logprob: 0 },
        ],
      };
      const { outcome } = await ask((_request, response) =>
        json(
          response,
          200,
          completion("ab", {
            choices: [{ index: 0, finish_reason: "stop", logprobs, message: { role: "assistant", content: "ab" } }],
          }),
        ),
      );
      expect(answeredOf(outcome).tokenConfidence).toBeCloseTo(0.75, 12);
    });
  });

  it("gives the context length where a server tells it", async () => {
    await ask(sound);
    expect(await provider.models(new AbortController().signal)).toEqual([
      { id: "good", contextTokens: 32768, detail: "us" },
    ]);
  });

  it("uses a host's fetch when it gets one, under the same size limit", async () => {
    const urls: string[] = [];
    const { outcome } = await ask(
      sound,
      {},
      {},
      {
        fetch: (input, init) => {
          urls.push(String(input));
          return fetch(input, init);
        },
      },
    );
    expect(answeredOf(outcome).text).toBe("card_arrival");
    expect(urls).toEqual([`${server.url}/v1/chat/completions`]);
  });
});
