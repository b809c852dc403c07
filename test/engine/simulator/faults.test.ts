import { describe, expect, it } from "vitest";
import type { Faults } from "../../../src/engine/simulator/options.ts";
import { all, errorOf, hello, ollamaOf, openaiOf, post, serving } from "./serving.ts";

const ask = (client: ReturnType<typeof openaiOf>) =>
  client.chat.completions.create({ model: "reader", messages: hello });

describe("faults", () => {
  it.each<[keyof Faults, number]>([
    ["rateLimited", 429],
    ["serverError", 500],
    ["unavailable", 503],
  ])("%s answers with an error in the provider's shape", async (fault, status) => {
    const simulator = await serving({ faults: { [fault]: 1, retryAfterSeconds: 7 } });
    const error = await errorOf(ask(openaiOf(simulator)));
    expect(error).toMatchObject({ status });
    if (fault === "rateLimited") expect((error as { headers?: Headers }).headers?.get("retry-after")).toBe("7");
    expect(await errorOf(ollamaOf(simulator).chat({ model: "reader", messages: hello }))).toMatchObject({
      status_code: status,
    });
    expect(simulator.stats()).toMatchObject({ answered: 0, faults: { [fault]: 2 }, inFlight: 0 });
  });

  it("hang never answers, and lets go when the client does", async () => {
    const simulator = await serving({ faults: { hang: 1 } });
    const controller = new AbortController();
    const call = openaiOf(simulator).chat.completions.create(
      { model: "reader", messages: hello },
      { signal: controller.signal },
    );
    const failed = errorOf(call);
    while (simulator.stats().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    controller.abort();
    await failed;
    while (simulator.stats().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(simulator.stats()).toMatchObject({ aborted: 1, answered: 0 });
  });

  it("cut ends the connection in the middle of a body and of a stream", async () => {
    const simulator = await serving({ faults: { cut: 1 }, answer: () => "a long answer of several words" });
    const client = openaiOf(simulator);
    await errorOf(ask(client));
    const stream = await client.chat.completions.create({ model: "reader", messages: hello, stream: true });
    const heard: string[] = [];
    const error = await errorOf(
      (async () => {
        for await (const chunk of stream) heard.push(chunk.choices[0]?.delta.content ?? "");
      })(),
    );
    expect(error.message).not.toBe("");
    expect(heard.join("").length).toBeGreaterThan(0);
    expect(heard.join("").length).toBeLessThan("a long answer of several words".length);
    expect(simulator.stats()).toMatchObject({ answered: 0, faults: { cut: 2 } });
  });

  it("malformedJson, wrongSchema, wrongContentType and empty are answers of 200 that are none", async () => {
    const of = async (fault: keyof Faults, stream = false) =>
      post(await serving({ faults: { [fault]: 1 } }), "/v1/chat/completions", {
        model: "reader",
        messages: hello,
        stream,
      });
    const malformed = await of("malformedJson");
    expect(malformed.status).toBe(200);
    expect(() => JSON.parse(malformed.text)).toThrow();
    expect(JSON.parse((await of("wrongSchema")).text)).not.toHaveProperty("choices");
    const page = await of("wrongContentType");
    expect([page.headers.get("content-type"), page.text.slice(0, 9)]).toEqual(["text/html", "<!doctype"]);
    expect((await of("empty")).text).toBe("");
    const streamed = await of("malformedJson", true);
    expect(streamed.headers.get("content-type")).toContain("text/event-stream");
    expect(streamed.text).toMatch(/^data: \{.*\n\n$/);
  });

  it("huge is a sound answer of ten megabytes, whole and streamed", async () => {
    const client = openaiOf(await serving({ faults: { huge: 1 } }));
    const { choices } = await ask(client);
    expect(choices[0]?.message.content?.length).toBe(10 * 1024 * 1024);
    const chunks = await all(await client.chat.completions.create({ model: "reader", messages: hello, stream: true }));
    expect(chunks.reduce((sum, chunk) => sum + (chunk.choices[0]?.delta.content?.length ?? 0), 0)).toBe(
      10 * 1024 * 1024,
    );
  });

  it("badAnswer is broken JSON where JSON was asked for, prose elsewhere", async () => {
    const client = openaiOf(await serving({ faults: { badAnswer: 1 } }));
    expect((await ask(client)).choices[0]?.message.content).toMatch(/^Several/);
    const messages = [{ role: "user" as const, content: "Answer with JSON." }];
    const { choices } = await client.chat.completions.create({ model: "reader", messages });
    expect(() => JSON.parse(choices[0]?.message.content ?? "")).toThrow();
  });

  it("meet the same requests whatever the order they come in, and not the same one again for ever", async () => {
    const outcomes = async (order: readonly number[], seed: number) => {
      const simulator = await serving({ faults: { serverError: 0.4 }, seed });
      const found = new Map<number, number>();
      for (const i of order) {
        const body = { model: "reader", messages: [{ role: "user", content: `number ${i}` }] };
        found.set(i, (await post(simulator, "/v1/chat/completions", body)).status);
      }
      return found;
    };
    const forward = Array.from({ length: 40 }, (_, i) => i);
    const first = await outcomes(forward, 1);
    const failed = [...first.values()].filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(6);
    expect(failed).toBeLessThan(28);
    expect(new Map([...(await outcomes(forward.toReversed(), 1))].sort(([a], [b]) => a - b))).toEqual(first);
    expect(await outcomes(forward, 2)).not.toEqual(first);
    const again = await serving({ faults: { serverError: 0.4 } });
    const statuses = new Set<number>();
    for (let i = 0; i < 30; i++)
      statuses.add((await post(again, "/v1/chat/completions", { model: "reader", messages: hello })).status);
    expect(statuses).toEqual(new Set([200, 500]));
  });
});

describe("dead models", () => {
  it("drop the connection, say 503 or hang, while others answer", async () => {
    const simulator = await serving({
      models: ["a", "b", "c", "d"],
      deadModels: [
        { model: "a", how: "refuse" },
        { model: "b", how: "unavailable" },
        { model: "c", how: "hang" },
      ],
    });
    const client = openaiOf(simulator);
    const of = (model: string, timeout = 10_000) =>
      client.chat.completions.create({ model, messages: hello }, { timeout });
    expect((await errorOf(of("a"))).constructor.name).toBe("APIConnectionError");
    expect(await errorOf(of("b"))).toMatchObject({ status: 503 });
    expect((await errorOf(of("c", 150))).constructor.name).toBe("APIConnectionTimeoutError");
    expect((await of("d")).choices[0]?.message.content).toBe("yes");
  });
});
