import { describe, expect, it } from "vitest";
import { all, errorOf, hello, ollamaOf, post, serving, servingReader } from "./serving.ts";

const long = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "early ".repeat(300) },
  { role: "assistant", content: "I see." },
  { role: "user", content: `start ${"word ".repeat(100)}end` },
];

describe("Ollama's chat through its SDK", () => {
  it("answers whole, with counts and durations in nanoseconds", async () => {
    const simulator = await serving({ latency: { first: { kind: "fixed", ms: 20 } }, ollama: { loadMs: 30 } });
    const client = ollamaOf(simulator);
    const first = await client.chat({ model: "reader", messages: hello });
    expect(first).toMatchObject({
      model: "reader",
      message: { role: "assistant", content: "yes" },
      done: true,
      done_reason: "stop",
      eval_count: 1,
      load_duration: 30e6,
    });
    expect(first.prompt_eval_count).toBeGreaterThan(7);
    expect(first.total_duration).toBeGreaterThan(45e6);
    const second = await client.chat({ model: "reader:latest", messages: hello });
    expect(second.load_duration).toBeLessThan(1e6);
  });

  it("streams lines of JSON, the last with counts", async () => {
    const client = ollamaOf(await serving({ answer: () => "one, two." }));
    const parts = await all(await client.chat({ model: "reader", messages: hello, stream: true }));
    expect(parts.map((part) => part.message.content).join("")).toBe("one, two.");
    expect(parts.map((part) => part.done)).toEqual([false, false, false, false, true]);
    expect(parts.at(-1)).toMatchObject({ done_reason: "stop", eval_count: 4, message: { content: "" } });
  });

  it("streams when nothing is said about it, as the real server does", async () => {
    const simulator = await serving();
    const { text, headers } = await post(simulator, "/api/chat", { model: "reader", messages: hello });
    expect(headers.get("content-type")).toBe("application/x-ndjson");
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { done: boolean }).done),
    ).toEqual([false, true]);
  });

  it("honours num_predict and stop", async () => {
    const client = ollamaOf(await serving({ answer: () => "one two three" }));
    const cut = await client.chat({ model: "reader", messages: hello, options: { num_predict: 2 } });
    expect(cut).toMatchObject({ message: { content: "one two" }, done_reason: "length", eval_count: 2 });
    const free = await client.chat({
      model: "reader",
      messages: hello,
      options: { num_predict: -1, stop: [" three"] },
    });
    expect(free).toMatchObject({ message: { content: "one two" }, done_reason: "stop" });
  });

  it("meets a JSON schema, or gives JSON at all, with the built-in reader", async () => {
    const client = ollamaOf(await servingReader());
    const messages = [{ role: "user", content: "Label the text.\n\nText:\nmy keys are lost" }];
    const format = { type: "object", properties: { label: { enum: ["broken", "lost"] } }, required: ["label"] };
    const shaped = await client.chat({ model: "reader", messages, format });
    expect(JSON.parse(shaped.message.content)).toEqual({ label: "lost" });
    const any = await client.chat({ model: "reader", messages, format: "json" });
    expect(typeof JSON.parse(any.message.content)).toBe("object");
  });

  it("generates from a bare prompt", async () => {
    const simulator = await serving({
      answer: (messages) => messages.map(({ role, content }) => `${role}=${content}`).join(";"),
    });
    const client = ollamaOf(simulator);
    const whole = await client.generate({ model: "reader", prompt: "p", system: "s" });
    expect(whole).toMatchObject({ response: "system=s;user=p", done: true, done_reason: "stop" });
    const parts = await all(await client.generate({ model: "reader", prompt: "p", stream: true }));
    expect(parts.map((part) => part.response).join("")).toBe("user=p");
  });

  it("calls a tool when told to", async () => {
    const client = ollamaOf(await serving({ echoTools: true }));
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const reply = await client.chat({
      model: "reader",
      messages: hello,
      tools: [{ type: "function", function: { name: "weather", description: "", parameters } }],
    });
    expect(reply.message.tool_calls).toEqual([
      { function: { name: "weather", arguments: { city: expect.any(String) } } },
    ]);
  });

  it("tells what it has, what runs, and its version", async () => {
    const simulator = await serving({ models: ["small", "gemma3:12b"], contextTokens: 9_000 });
    const client = ollamaOf(simulator);
    expect((await client.list()).models.map(({ name }) => name)).toEqual(["small:latest", "gemma3:12b"]);
    expect((await client.ps()).models).toEqual([]);
    await client.chat({ model: "gemma3:12b", messages: hello, options: { num_ctx: 8_192 }, keep_alive: "10m" });
    const [running] = (await client.ps()).models;
    expect(running).toMatchObject({ name: "gemma3:12b", context_length: 8_192 });
    expect(running?.size_vram).toBeGreaterThan(8 * 1024 ** 3);
    expect(new Date(running?.expires_at ?? 0).getTime() - Date.now()).toBeGreaterThan(9 * 60_000);
    const shown = await client.show({ model: "small" });
    expect(shown.model_info).toMatchObject({ "reader.context_length": 9_000 });
    expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await (await fetch(simulator.url)).text()).toBe("Ollama is running");
  });

  it("loads and unloads on request", async () => {
    const simulator = await serving();
    const client = ollamaOf(simulator);
    const loaded = await client.chat({ model: "reader", messages: [], keep_alive: -1 });
    expect(loaded).toMatchObject({ done: true, done_reason: "load", message: { content: "" } });
    expect((await client.ps()).models).toHaveLength(1);
    expect(await client.generate({ model: "reader", prompt: "", keep_alive: 0 })).toMatchObject({
      done_reason: "unload",
    });
    expect((await client.ps()).models).toEqual([]);
    await client.chat({ model: "reader", messages: hello, keep_alive: 0 });
    expect((await client.ps()).models).toEqual([]);
    expect(simulator.stats().requests).toBe(1);
  });
});

describe("a prompt longer than the window", () => {
  it("is cut without a word by default: old messages first, then all but its end", async () => {
    const heard: string[][] = [];
    const simulator = await serving({
      answer: (messages) => {
        heard.push(messages.map(({ content }) => content));
        return "yes";
      },
    });
    const client = ollamaOf(simulator);
    const turns = await client.chat({ model: "reader", messages: long, options: { num_ctx: 200 } });
    expect(heard[0]?.map((content) => content.slice(0, 9))).toEqual(["Be brief.", "I see.", "start wor"]);
    expect(turns.prompt_eval_count).toBeLessThanOrEqual(200);
    const text = await client.chat({ model: "reader", messages: long, options: { num_ctx: 64 } });
    expect(heard[1]?.join("")).toMatch(/^Be brief.*word end$/);
    expect(heard[1]?.join("").length).toBeLessThan(200);
    expect(text.prompt_eval_count).toBeLessThan(64);
  });

  it("is refused when the request forbids cutting, as new releases word it", async () => {
    const simulator = await serving();
    const body = {
      model: "reader",
      messages: long,
      stream: false,
      truncate: false,
      shift: false,
      options: { num_ctx: 200 },
    };
    const { status, text } = await post(simulator, "/api/chat", body);
    expect(status).toBe(400);
    const { error } = JSON.parse(text) as { error: string };
    expect(JSON.parse(error)).toMatchObject({ error: { code: 400, type: "exceed_context_size_error", n_ctx: 200 } });
    expect(simulator.stats()).toMatchObject({ rejected: 1, answered: 0 });
    const fits = await post(simulator, "/api/chat", { ...body, options: { num_ctx: 8_192 } });
    expect(fits.status).toBe(200);
  });

  it("is refused in older words, or cut all the same by releases that know no better", async () => {
    const body = { model: "reader", messages: long, stream: false, truncate: false, options: { num_ctx: 200 } };
    const old = await post(await serving({ ollama: { contextError: "plain" } }), "/api/chat", body);
    expect(JSON.parse(old.text)).toEqual({ error: "the input length exceeds the context length" });
    const oldest = await post(await serving({ ollama: { honoursTruncate: false } }), "/api/chat", body);
    expect(oldest.status).toBe(200);
  });

  it("gets the model's own window when it asks for more", async () => {
    const simulator = await serving({ contextTokens: 2_048 });
    await ollamaOf(simulator).chat({ model: "reader", messages: hello, options: { num_ctx: 100_000 } });
    expect((await ollamaOf(simulator).ps()).models[0]).toMatchObject({ context_length: 2_048 });
  });

  it("ends the answer where the window ends, when shifting is forbidden", async () => {
    const simulator = await serving({ answer: () => "word ".repeat(200) });
    const body = {
      model: "reader",
      messages: hello,
      stream: false,
      truncate: false,
      shift: false,
      options: { num_ctx: 64 },
    };
    const { text } = await post(simulator, "/api/chat", body);
    const reply = JSON.parse(text) as { done_reason: string; prompt_eval_count: number; eval_count: number };
    expect(reply.done_reason).toBe("length");
    expect(reply.prompt_eval_count + reply.eval_count).toBe(64);
  });
});

describe("the simulated card", () => {
  const gibibyte = 1024 ** 3;
  const gpu = {
    totalBytes: 16 * gibibyte,
    modelBytes: 8 * gibibyte,
    bytesPerToken: 128 * 1024,
    reservedBytes: gibibyte,
  };
  const options = (num_ctx: number) => ({ model: "reader", messages: hello, options: { num_ctx } });

  it("fills with the context, and is out of memory past the line, every time", async () => {
    const simulator = await serving({ ollama: { gpu } });
    const client = ollamaOf(simulator);
    await client.chat(options(57_344));
    expect(simulator.stats().gpu).toMatchObject({
      usedBytes: 16 * gibibyte,
      totalBytes: 16 * gibibyte,
      loaded: ["reader"],
    });
    for (let i = 0; i < 2; i++) {
      const error = await errorOf(client.chat(options(57_345)));
      expect(error).toMatchObject({ status_code: 500 });
      expect(error.message).toContain("out of memory");
    }
    await client.chat(options(57_344));
  });

  it("makes room for another model", async () => {
    const simulator = await serving({ ollama: { gpu, loadMs: 5 } });
    const client = ollamaOf(simulator);
    await client.chat(options(4_096));
    await client.chat({ ...options(4_096), model: "reader-attentive" });
    expect(simulator.stats().gpu.loaded).toEqual(["reader-attentive"]);
  });

  it("loses the model when what leaked crosses the line", async () => {
    const simulator = await serving({ ollama: { gpu: { ...gpu, leakBytesPerRequest: gibibyte } } });
    const client = ollamaOf(simulator);
    for (let i = 0; i < 3; i++) await client.chat(options(32_768));
    await client.chat(options(32_768));
    expect((await errorOf(client.chat(options(32_768)))).message).toContain("out of memory");
    expect(simulator.stats().gpu.loaded).toEqual([]);
    await client.chat(options(32_768));
  });
});

describe("what Ollama refuses", () => {
  it.each<[string, unknown, number, string | RegExp]>([
    ["an empty body", "", 400, "missing request body"],
    ["no JSON", "{", 400, /JSON/],
    ["no model", { messages: hello }, 400, "model is required"],
    ["an unknown model", { model: "llama9", messages: hello }, 404, "model 'llama9' not found"],
    [
      "messages that are a text",
      { model: "reader", messages: "hi" },
      400,
      "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
    ],
    ["an unknown role", { model: "reader", messages: [{ role: "boss", content: "x" }] }, 400, "invalid role: boss"],
    [
      "a window in words",
      { model: "reader", messages: hello, options: { num_ctx: "big" } },
      400,
      'option "num_ctx" must be of type integer',
    ],
    [
      "a fraction of a token",
      { model: "reader", messages: hello, options: { num_predict: 1.5 } },
      400,
      'option "num_predict" must be of type integer',
    ],
    ["an unknown format", { model: "reader", messages: hello, format: "yaml" }, 400, /^invalid format: "yaml"/],
    [
      "a duration without unit",
      { model: "reader", messages: hello, keep_alive: "5" },
      400,
      'time: missing unit in duration "5"',
    ],
  ])("%s", async (_, body, status, message) => {
    const simulator = await serving();
    const reply = await post(simulator, "/api/chat", body);
    expect(reply.status).toBe(status);
    const { error } = JSON.parse(reply.text) as { error: string };
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
    expect(simulator.stats()).toMatchObject({ requests: 1, rejected: 1, answered: 0 });
  });

  it("more at once than it may answer, as busy", async () => {
    const simulator = await serving({ concurrency: 1, latency: { first: { kind: "fixed", ms: 60 } } });
    const client = ollamaOf(simulator);
    const [one, two] = await Promise.allSettled([
      client.chat({ model: "reader", messages: hello }),
      client.chat({ model: "reader", messages: hello }),
    ]);
    expect([one?.status, two?.status].sort()).toEqual(["fulfilled", "rejected"]);
    const rejected = [one, two].find((each) => each?.status === "rejected");
    expect(rejected?.reason).toMatchObject({ status_code: 503 });
    expect(simulator.stats()).toMatchObject({ refused: 1, maxInFlight: 1 });
  });
});
