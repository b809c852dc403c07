import { request as httpRequest } from "node:http";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { answered } from "../../../src/engine/provider/scripted.ts";
import { echo, serveLab } from "./lab.ts";

const hello = [{ role: "user" as const, content: "hello" }];

it("answers a chat completion", async () => {
  const { client } = await serveLab();
  const answer = await client.chat.completions.create({ model: "gpt-4o", messages: hello });
  expect(answer.choices[0]?.message).toMatchObject({ role: "assistant", content: "said hello" });
  expect(answer.model).toBe("gpt-4o");
  expect(answer.usage?.total_tokens).toBe(12);
});

it("streams the answer as it comes, then usage", async () => {
  let release = () => {};
  const { client } = await serveLab(async (_request, { onText }) => {
    onText?.("one ");
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    onText?.("one two ");
    onText?.("one two 😀");
    return answered("one two 😀");
  });
  const stream = await client.chat.completions.create({
    model: "x",
    messages: hello,
    stream: true,
    stream_options: { include_usage: true },
  });
  const texts: string[] = [];
  let finish: string | null | undefined;
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) {
    const text = chunk.choices[0]?.delta.content;
    // The first piece has arrived while the model still writes.
    if (text === "one ") release();
    if (text) texts.push(text);
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  expect(texts).toEqual(["one ", "two ", "😀"]);
  expect(finish).toBe("stop");
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
});

it("ends a stream that broke off with an error, and does not start it again", async () => {
  let calls = 0;
  const { client } = await serveLab((_request, { onText }) => {
    calls += 1;
    onText?.("half ");
    return {
      kind: "unavailable",
      reason: "connection",
      status: undefined,
      message: "cut",
      retryAfterMs: 1,
      body: undefined,
    };
  });
  const read = async () => {
    let text = "";
    for await (const chunk of await client.chat.completions.create({ model: "x", messages: hello, stream: true }))
      text += chunk.choices[0]?.delta.content ?? "";
    return text;
  };
  await expect(read()).rejects.toThrow(/cut/);
  expect(calls).toBe(1);
}, 20_000);

it("passes tools, schemas and parameters on, and tool calls back", async () => {
  const seen: unknown[] = [];
  const { client } = await serveLab((request) => {
    seen.push(request);
    return answered("", { toolCalls: [{ id: "call_1", tool: "add", params: { a: 1 } }], finish: "toolCalls" });
  });
  const parameters = { type: "object", properties: { a: { type: "number" } } };
  const schema = {
    type: "object",
    properties: { x: { type: "string" } },
    required: ["x"],
    additionalProperties: false,
  };
  const body = {
    model: "x",
    messages: [
      { role: "developer" as const, content: "be brief" },
      {
        role: "user" as const,
        content: [
          { type: "text" as const, text: "add " },
          { type: "text" as const, text: "up" },
        ],
      },
      {
        role: "assistant" as const,
        content: null,
        tool_calls: [{ id: "c", type: "function" as const, function: { name: "add", arguments: '{"a":2}' } }],
      },
      { role: "tool" as const, tool_call_id: "c", content: "2" },
    ],
    tools: [{ type: "function" as const, function: { name: "add", description: "adds", parameters } }],
    response_format: { type: "json_schema" as const, json_schema: { name: "answer", schema, strict: true } },
    temperature: 0.5,
    seed: 3,
  };
  const answer = await client.chat.completions.create(body);
  expect(seen[0]).toMatchObject({
    model: "a",
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: "add up" },
      { role: "assistant", toolCalls: [{ id: "c", tool: "add", params: { a: 2 } }] },
      { role: "tool", content: "2", toolCallId: "c" },
    ],
    parameters: { temperature: 0.5, seed: 3 },
    responseSchema: schema,
    tools: [{ name: "add", description: "adds", parameters }],
  });
  expect(answer.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "add", arguments: '{"a":1}' } }],
    },
  });
  const calls: unknown[] = [];
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    calls.push(...(chunk.choices[0]?.delta.tool_calls ?? []));
  expect(calls).toMatchObject([{ index: 0, function: { name: "add" } }]);
});

it("refuses as OpenAI does: shape, status and class of the error", async () => {
  const { client, server } = await serveLab((request, options, call) => {
    if (request.messages[0]?.content !== "limited") return echo(request, options, call);
    return { kind: "rejected", reason: "quota", status: 429, message: "no credit" };
  });
  const create = (more: object) =>
    client.chat.completions.create({
      model: "x",
      messages: hello,
      ...more,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  await expect(create({ messages: [] })).rejects.toMatchObject({ status: 400, param: "messages", code: "empty_array" });
  await expect(create({ temperature: 9 })).rejects.toThrow(OpenAI.BadRequestError);
  await expect(create({ logit_bias: { 1: 2 } })).rejects.toMatchObject({ status: 400, code: "unsupported_parameter" });
  await expect(create({ messages: [{ role: "user", content: "limited" }] })).rejects.toThrow(OpenAI.RateLimitError);
  const bad = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body: "{" });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({ error: { type: "invalid_request_error", param: null, code: null } });
  const odd = await fetch(`${server.url}/v1/nothing`);
  expect(odd.status).toBe(404);
  expect((await fetch(`${server.url}/v1/batches`, { method: "DELETE" })).status).toBe(405);
});

it("knows models by their own names and by those it was given", async () => {
  const { client } = await serveLab(echo, { models: ["small=scripted:b", "fast/one=scripted:c"] });
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(["small", "fast/one", "builtin:reader"]));
  expect((await client.models.retrieve("fast/one")).id).toBe("fast/one");
  await expect(client.models.retrieve("unknown")).rejects.toThrow(OpenAI.NotFoundError);
  const asks = (model: string) => client.chat.completions.create({ model, messages: hello });
  expect((await asks("small")).model).toBe("small");
  expect((await asks("scripted:z")).choices[0]?.message.content).toBe("said hello");
  await expect(asks("gpt-4o")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});

it("lets nobody in without the key, and no other site's pages at all", async () => {
  const { client, server } = await serveLab(echo, { key: "secret", apiKey: "wrong" });
  await expect(client.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
  expect((await fetch(`${server.url}/v1/models`)).status).toBe(401);
  const right = new OpenAI({ apiKey: "secret", baseURL: `${server.url}/v1`, maxRetries: 0 });
  expect((await right.batches.list()).data).toEqual([]);
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = server;
      const sent = httpRequest(
        { port, path: "/v1/batches", headers: { authorization: "Bearer secret", ...headers } },
        (r) => {
          r.resume();
          resolve(r.statusCode);
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  expect(await status({ host: "evil.example" })).toBe(403);
  expect(await status({ host: `localhost:${server.port}` })).toBe(200);
  expect(await status({ host: `127.0.0.1:${server.port}`, origin: "https://evil.example" })).toBe(403);
  expect(await status({ host: `127.0.0.1:${server.port}`, origin: "null" })).toBe(403);
  expect(await status({ host: `127.0.0.1:${server.port}`, origin: "http://localhost:3000" })).toBe(200);
});

it("does not open to other machines without a key, nor twice on one store", async () => {
  const { engine } = await serveLab();
  await expect(engine.serve({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "needs-key" });
  await expect(engine.serve({})).rejects.toMatchObject({ code: "server-running" });
});
