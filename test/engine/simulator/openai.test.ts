import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { all, errorOf, hello, openaiOf, post, serving, servingReader } from "./serving.ts";

describe("chat completions through the openai SDK", () => {
  it("answers whole, in OpenAI's shape", async () => {
    const simulator = await serving();
    const { data, response } = await openaiOf(simulator)
      .chat.completions.create({ model: "reader", messages: hello })
      .withResponse();
    expect(data).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-\w{29}$/),
      object: "chat.completion",
      model: "reader",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          logprobs: null,
          message: { role: "assistant", content: "yes", refusal: null },
        },
      ],
      service_tier: "default",
    });
    const usage = data.usage;
    expect(usage?.prompt_tokens).toBeGreaterThan(7);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + 1);
    expect(usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(0);
    expect(Math.abs(data.created - Date.now() / 1000)).toBeLessThan(60);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  });

  it("streams the same text, with usage at the end when asked", async () => {
    const simulator = await serving({ answer: () => "one, two, three." });
    const stream = await openaiOf(simulator).chat.completions.create({
      model: "reader",
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(stream);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one, two, three.");
    expect(chunks.length).toBeGreaterThan(6);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 6 } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it("streams no usage when it was not asked for", async () => {
    const stream = await openaiOf(await serving()).chat.completions.create({
      model: "reader",
      messages: hello,
      stream: true,
    });
    const chunks = await all(stream);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
  });

  it("takes its time between streamed tokens", async () => {
    const simulator = await serving({
      answer: () => "a b c d e",
      latency: { perTokenMs: 15, first: { kind: "fixed", ms: 30 } },
    });
    const from = performance.now();
    const stream = await openaiOf(simulator).chat.completions.create({
      model: "reader",
      messages: hello,
      stream: true,
    });
    const times: number[] = [];
    for await (const _ of stream) times.push(performance.now() - from);
    expect(times[0]).toBeGreaterThanOrEqual(25);
    // From the request on: what came before this process looked is heard at once.
    expect(times.at(-1)).toBeGreaterThanOrEqual(85);
  });

  it("stops at max_tokens and at stop sequences", async () => {
    const client = openaiOf(await serving({ answer: () => "one two three four" }));
    const cut = await client.chat.completions.create({ model: "reader", messages: hello, max_completion_tokens: 2 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "one two" } });
    expect(cut.usage?.completion_tokens).toBe(2);
    const stopped = await client.chat.completions.create({ model: "reader", messages: hello, stop: [" three"] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "one two" } });
  });

  it("gives log-probabilities when asked", async () => {
    const client = openaiOf(await serving());
    const { choices } = await client.chat.completions.create({
      model: "reader",
      messages: hello,
      logprobs: true,
      top_logprobs: 1,
    });
    const tokens = choices[0]?.logprobs?.content ?? [];
    expect(tokens.map(({ token }) => token).join("")).toBe("yes");
    expect(Math.exp(tokens[0]?.logprob ?? 0)).toBeCloseTo(0.9, 2);
    expect(tokens[0]?.top_logprobs).toHaveLength(1);
  });

  it("meets a JSON schema with the built-in reader", async () => {
    const reading = openaiOf(await servingReader());
    const schema = {
      type: "object",
      properties: { label: { type: "string", enum: ["lost", "broken"] }, confidence: { type: "number" } },
      required: ["label", "confidence"],
      additionalProperties: false,
    };
    const { choices } = await reading.chat.completions.create({
      model: "reader",
      messages: [{ role: "user", content: "Label the text.\n\nText:\nmy keys are lost" }],
      response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } },
    });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ label: "lost", confidence: expect.any(Number) });
  });

  it("calls the first tool when told to echo tools", async () => {
    const client = openaiOf(await serving({ echoTools: true }));
    const parameters = { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } };
    const tools = [{ type: "function" as const, function: { name: "weather", parameters } }];
    const whole = await client.chat.completions.create({ model: "reader", messages: hello, tools });
    expect(whole.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    const call = whole.choices[0]?.message.tool_calls?.[0];
    expect(call).toMatchObject({ type: "function", function: { name: "weather" } });
    if (call?.type === "function") expect(Object.keys(JSON.parse(call.function.arguments))).toEqual(["city", "days"]);
    const { choices } = await client.chat.completions
      .stream({ model: "reader", messages: hello, tools })
      .finalChatCompletion();
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "weather" } });
    const none = await client.chat.completions.create({ model: "reader", messages: hello, tools, tool_choice: "none" });
    expect(none.choices[0]?.message.content).toBe("yes");
  });

  it("reports a long prefix seen before as cached tokens, in steps of 128", async () => {
    const client = openaiOf(await serving());
    const prefix = "The rules of the game are long and dull. ".repeat(220);
    const ask = async (tail: string) => {
      const { usage } = await client.chat.completions.create({
        model: "reader",
        messages: [{ role: "user", content: prefix + tail }],
      });
      return usage?.prompt_tokens_details?.cached_tokens ?? -1;
    };
    expect(await ask("first")).toBe(0);
    const cached = await ask("second, and quite another one");
    expect(cached).toBeGreaterThanOrEqual(1_024);
    expect(cached % 128).toBe(0);
    const short = await client.chat.completions.create({ model: "reader", messages: hello });
    expect(short.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
  });

  it("lists and retrieves models", async () => {
    const client = openaiOf(await serving({ models: ["small", "large"] }));
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["small", "large"]);
    expect((await client.models.retrieve("small")).object).toBe("model");
    expect(await errorOf(client.models.retrieve("huge"))).toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("what chat completions refuse", () => {
  it("unknown models, with 404", async () => {
    const client = openaiOf(await serving());
    const error = await errorOf(client.chat.completions.create({ model: "gpt-9", messages: hello }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ status: 404, code: "model_not_found", type: "invalid_request_error" });
  });

  it("any name is a model when told so", async () => {
    const client = openaiOf(await serving({ models: "*" }));
    expect((await client.chat.completions.create({ model: "gpt-9", messages: hello })).model).toBe("gpt-9");
  });

  it("a missing or wrong key, with 401, when one is required", async () => {
    const simulator = await serving({ apiKey: "secret" });
    const error = await errorOf(
      openaiOf(simulator, "other").chat.completions.create({ model: "reader", messages: hello }),
    );
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ code: "invalid_api_key" });
    expect((await fetch(`${simulator.url}/v1/models`)).status).toBe(401);
    expect(
      (await openaiOf(simulator, "secret").chat.completions.create({ model: "reader", messages: hello })).choices,
    ).toHaveLength(1);
  });

  it("prompts that do not fit, with the limit in the message", async () => {
    const client = openaiOf(await serving({ contextTokens: 100 }));
    const long = [{ role: "user" as const, content: "word ".repeat(200) }];
    const error = await errorOf(client.chat.completions.create({ model: "reader", messages: long }));
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded", param: "messages" });
    expect(error.message).toMatch(/maximum context length is 100 tokens.*resulted in 207 tokens/);
    const both = await errorOf(client.chat.completions.create({ model: "reader", messages: hello, max_tokens: 99 }));
    expect(both.message).toMatch(/you requested \d+ tokens \(\d+ in the messages, 99 in the completion\)/);
  });

  it.each<[string, unknown, Record<string, unknown>]>([
    ["no JSON", "{not json", { code: null }],
    ["an array", [], { type: "invalid_request_error" }],
    ["no model", { messages: hello }, { message: "you must provide a model parameter" }],
    ["a number as model", { model: 3, messages: hello }, { param: "model", code: "invalid_type" }],
    ["no messages", { model: "reader" }, { param: "messages", code: "missing_required_parameter" }],
    ["empty messages", { model: "reader", messages: [] }, { param: "messages", code: "empty_array" }],
    [
      "a role of its own",
      { model: "reader", messages: [{ role: "boss", content: "x" }] },
      { param: "messages[0].role", code: "invalid_value" },
    ],
    [
      "content of a wrong type",
      { model: "reader", messages: [{ role: "user", content: 7 }] },
      { param: "messages[0].content" },
    ],
    [
      "null content from a user",
      { model: "reader", messages: [{ role: "user", content: null }] },
      { param: "messages[0].content" },
    ],
    [
      "a part without text",
      { model: "reader", messages: [{ role: "user", content: [{ type: "text" }] }] },
      { param: "messages[0].content[0].text" },
    ],
    [
      "a tool message without call",
      { model: "reader", messages: [{ role: "tool", content: "x" }] },
      { param: "messages[0].tool_call_id" },
    ],
    [
      "a high temperature",
      { model: "reader", messages: hello, temperature: 3 },
      { param: "temperature", code: "decimal_above_max_value" },
    ],
    [
      "a temperature in words",
      { model: "reader", messages: hello, temperature: "hot" },
      { param: "temperature", code: "invalid_type" },
    ],
    [
      "no tokens",
      { model: "reader", messages: hello, max_tokens: 0 },
      { param: "max_tokens", code: "integer_below_min_value" },
    ],
    ["two answers", { model: "reader", messages: hello, n: 2 }, { param: "n" }],
    [
      "stream options without a stream",
      { model: "reader", messages: hello, stream_options: { include_usage: true } },
      { param: "stream_options" },
    ],
    [
      "a stream that is a word",
      { model: "reader", messages: hello, stream: "yes" },
      { param: "stream", code: "invalid_type" },
    ],
    [
      "an unknown argument",
      { model: "reader", messages: hello, temprature: 1 },
      { message: "Unrecognized request argument supplied: temprature" },
    ],
    [
      "an unknown format",
      { model: "reader", messages: hello, response_format: { type: "yaml" } },
      { param: "response_format.type" },
    ],
    [
      "JSON mode without the word",
      { model: "reader", messages: hello, response_format: { type: "json_object" } },
      { param: "messages" },
    ],
    [
      "a schema without name",
      { model: "reader", messages: hello, response_format: { type: "json_schema", json_schema: { schema: {} } } },
      { param: "response_format.json_schema.name" },
    ],
    [
      "a strict schema that is loose",
      {
        model: "reader",
        messages: hello,
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "a",
            strict: true,
            schema: { type: "object", properties: { x: { type: "string" } }, required: ["x"] },
          },
        },
      },
      { param: "response_format" },
    ],
    ["too many stops", { model: "reader", messages: hello, stop: ["a", "b", "c", "d", "e"] }, { param: "stop" }],
    [
      "logprobs out of range",
      { model: "reader", messages: hello, logprobs: true, top_logprobs: 21 },
      { param: "top_logprobs" },
    ],
    [
      "a tool without name",
      { model: "reader", messages: hello, tools: [{ type: "function", function: {} }] },
      { param: "tools[0].function.name" },
    ],
    ["a choice without tools", { model: "reader", messages: hello, tool_choice: "auto" }, { param: "tool_choice" }],
  ])("%s, with 400 in OpenAI's shape", async (_, body, expected) => {
    const simulator = await serving();
    const { status, text } = await post(simulator, "/v1/chat/completions", body);
    expect(status).toBe(400);
    const { error } = JSON.parse(text) as { error: Record<string, unknown> };
    expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
    expect(error).toMatchObject(expected);
    expect(simulator.stats()).toMatchObject({ requests: 1, rejected: 1, answered: 0, inFlight: 0 });
  });

  it("accepts every role, parts of text and an assistant's tool calls", async () => {
    const simulator = await serving({
      answer: (messages) => messages.map(({ role, content }) => `${role}:${content}`).join("|"),
    });
    const { choices } = await openaiOf(simulator).chat.completions.create({
      model: "reader",
      messages: [
        { role: "developer", content: "d" },
        {
          role: "user",
          content: [
            { type: "text", text: "one " },
            { type: "text", text: "two" },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c", content: "42" },
      ],
    });
    expect(choices[0]?.message.content).toBe("developer:d|user:one two|assistant:|tool:42");
  });

  it("other methods and addresses", async () => {
    const simulator = await serving();
    expect((await fetch(`${simulator.url}/v1/chat/completions`)).status).toBe(405);
    const unknown = await post(simulator, "/v1/embeddings", {});
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text)).toMatchObject({ error: { message: "Invalid URL (POST /v1/embeddings)" } });
    expect((await fetch(`${simulator.url}/nowhere`)).status).toBe(404);
  });
});
