import { Agent, request } from "node:http";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { drawLatency } from "../../../src/engine/simulator/chance.ts";
import type { SimulatorStats } from "../../../src/engine/simulator/options.ts";
import { piecesOf } from "../../../src/engine/simulator/pieces.ts";
import { startSimulator } from "../../../src/engine/simulator/simulator.ts";
import { errorOf, hello, openaiOf, post, serving, servingReader } from "./serving.ts";

const completions = "/v1/chat/completions";

describe("counters", () => {
  it("show at an address what they show in the process, and can be reset there", async () => {
    const simulator = await serving();
    await post(simulator, completions, { model: "reader", messages: hello });
    const shown = (await (await fetch(`${simulator.url}/simulator/stats`)).json()) as SimulatorStats;
    const { connections: _, ...here } = simulator.stats();
    expect(shown).toMatchObject(here);
    expect(here).toMatchObject({
      requests: 1,
      answered: 1,
      maxInFlight: 1,
      perModel: { reader: { requests: 1, answered: 1, refused: 0 } },
    });
    await post(simulator, "/simulator/reset", {});
    expect(simulator.stats()).toMatchObject({ requests: 0, answered: 0, perModel: {}, acceptedAt: [], bodies: {} });
  });

  it("prove which bodies were sent and answered more than once", async () => {
    const simulator = await serving({ faults: { serverError: 0.5 } });
    const body = (i: number) => ({ model: "reader", messages: [{ role: "user", content: `text ${i}` }] });
    for (let i = 0; i < 12; i++) await post(simulator, completions, body(i));
    await post(simulator, completions, body(0));
    const { bodies, answeredBodies } = simulator.stats();
    expect(Object.values(bodies).sort()).toEqual([...Array.from({ length: 11 }, () => 1), 2]);
    expect(Object.values(answeredBodies).reduce((sum, one) => sum + one, 0)).toBe(simulator.stats().answered);
    expect(Object.keys(answeredBodies).every((hash) => hash in bodies)).toBe(true);
  });

  it("know how many were in flight at most", async () => {
    const simulator = await serving({ latency: { first: { kind: "fixed", ms: 40 } } });
    await Promise.all(
      Array.from({ length: 7 }, () => post(simulator, completions, { model: "reader", messages: hello })),
    );
    expect(simulator.stats()).toMatchObject({ maxInFlight: 7, inFlight: 0, answered: 7 });
    expect(simulator.stats().acceptedAt).toHaveLength(7);
  });

  it("do without bodies when told so", async () => {
    const simulator = await serving({ hashBodies: false });
    await post(simulator, completions, { model: "reader", messages: hello });
    expect(simulator.stats()).toMatchObject({ answered: 1, bodies: {}, answeredBodies: {} });
  });
});

describe("the server", () => {
  it("keeps connections alive, errors included", async () => {
    const simulator = await serving({
      faults: { serverError: 0.3, malformedJson: 0.1, empty: 0.1 },
      limits: [{ requests: 40 }],
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const ask = (i: number) =>
      new Promise<number>((resolve, reject) => {
        const sent = request(`${simulator.url}${completions}`, { method: "POST", agent }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode ?? 0));
        });
        sent.on("error", reject);
        sent.end(
          JSON.stringify({ model: i % 7 === 0 ? "none" : "reader", messages: [{ role: "user", content: String(i) }] }),
        );
      });
    const statuses = await Promise.all(Array.from({ length: 80 }, (_, i) => ask(i)));
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200, 404, 429, 500]));
    expect(simulator.stats().connections).toBe(2);
  });

  it("is reachable from this machine only, at the port it names", async () => {
    const simulator = await serving();
    expect(simulator.url).toBe(`http://127.0.0.1:${simulator.port}`);
  });

  it("says in one line that a port is taken", async () => {
    const { port } = await serving();
    const error = await errorOf(startSimulator({ port }));
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).line).toBe(
      `port ${port} is in use: name another port, or leave it out for any free one`,
    );
  });

  it("closes at once, whatever is going on", async () => {
    const simulator = await startSimulator({ deadModels: [{ model: "reader", how: "hang" }] });
    const call = errorOf(post(simulator, completions, { model: "reader", messages: hello }));
    while (simulator.stats().requests === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await simulator.close();
    await call;
    await errorOf(fetch(simulator.url));
  });

  it("answers each model with its own reader, the same every time when no temperature is given", async () => {
    const client = openaiOf(await servingReader());
    const ask = async (model: string) => {
      const reply = await client.chat.completions.create({
        model,
        messages: [
          {
            role: "user",
            content:
              "Answer with exactly one of these labels and nothing else: red, green, blue.\n\nText:\nneither here nor there",
          },
        ],
      });
      return reply.choices[0]?.message.content;
    };
    expect(new Set(await Promise.all(Array.from({ length: 5 }, () => ask("reader")))).size).toBe(1);
    expect(["red", "green", "blue"]).toContain(await ask("reader-forgetful"));
  });

  it("passes what the request said to the answer function", async () => {
    const simulator = await serving({
      answer: async (messages, { model, temperature, seed }) =>
        JSON.stringify({ n: messages.length, model, temperature, seed }),
    });
    const { choices } = await openaiOf(simulator).chat.completions.create({
      model: "reader",
      messages: hello,
      temperature: 0.5,
      seed: 9,
    });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ n: 1, model: "reader", temperature: 0.5, seed: 9 });
  });
});

describe("latency", () => {
  it("is drawn as its distribution says", () => {
    const draws = (first: Parameters<typeof drawLatency>[0]) => {
      const random = seededRandom("latency");
      return Array.from({ length: 2_000 }, () => drawLatency(first, 0, random)).sort((a, b) => a - b);
    };
    expect(new Set(draws({ first: { kind: "fixed", ms: 5 } }))).toEqual(new Set([5]));
    const uniform = draws({ first: { kind: "uniform", minMs: 10, maxMs: 20 } });
    expect(uniform[0]).toBeGreaterThanOrEqual(10);
    expect(uniform.at(-1)).toBeLessThan(20);
    const lognormal = draws({ first: { kind: "lognormal", medianMs: 100, sigma: 0.5 } });
    expect(Math.abs((lognormal[1_000] ?? 0) - 100)).toBeLessThan(8);
    expect((lognormal[1_950] ?? 0) / 100).toBeGreaterThan(2);
  });

  it("grows with the tokens that no cache served", () => {
    expect(drawLatency({ perThousandPromptTokensMs: 50 }, 3_000, seededRandom(1))).toBe(150);
  });
});

describe("pieces", () => {
  it("give the text back when joined", () => {
    for (const text of ["", " ", "a  b\n\nc ", "naïve café 12345, 🚲!", "\n"])
      expect(piecesOf(text).join("")).toBe(text);
  });
});
