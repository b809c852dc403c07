import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Http, openHttp } from "../../../src/engine/provider/http.ts";
import { OpenAIClient } from "../../../src/engine/provider/openaiClient.ts";
import { completion, type FixtureHandler, type FixtureServer, json, startFixture } from "./fixtureServer.ts";

const question = {
  model: "good",
  messages: [{ role: "user" as const, content: "ü?" }],
  temperature: 0,
};

describe("the SDK's client with its fixed parts made once", () => {
  let server: FixtureServer;
  let http: Http;
  let answer: FixtureHandler;

  beforeEach(async () => {
    answer = (_request, response) => json(response, 200, completion("yes"));
    server = await startFixture((request, response) => answer(request, response));
    http = openHttp({ env: {} });
  });
  afterEach(async () => {
    await http.close();
    await server.close();
  });

  const open = (Client: typeof OpenAI) =>
    new Client({
      baseURL: `${server.url}/v1`,
      apiKey: "unused",
      adminAPIKey: null,
      organization: "org",
      project: null,
      defaultHeaders: { Authorization: null },
      maxRetries: 0,
      timeout: 0x7fffffff,
      fetch: http.fetch,
    });

  it("sends what the SDK's own would, first and later, with a key, another and none", async () => {
    const ours = open(OpenAIClient);
    const theirs = open(OpenAI);
    for (const key of [undefined, "one", "two", undefined]) {
      const how = key === undefined ? {} : { headers: { Authorization: `Bearer ${key}` } };
      for (const stream of [false, true]) {
        for (const client of [theirs, ours]) await client.chat.completions.create({ ...question, stream }, how);
        const [wanted, sent] = server.requests.slice(-2);
        expect(sent).toMatchObject({ method: wanted?.method, path: wanted?.path, body: wanted?.body });
        expect(sent?.headers).toEqual(wanted?.headers);
        expect(sent?.headers.authorization).toBe(key === undefined ? undefined : `Bearer ${key}`);
      }
    }
  });

  it("keeps no key", async () => {
    const client = open(OpenAIClient);
    const seen: unknown[] = [];
    const build = client.buildRequest.bind(client);
    client.buildRequest = async (...args) => {
      const built = await build(...args);
      seen.push(...built.req.headers);
      return built;
    };
    await client.chat.completions.create(question, { headers: { Authorization: "Bearer secret" } });
    await client.chat.completions.create(question, { headers: { Authorization: "Bearer secret" } });
    expect(seen).not.toHaveLength(0);
    expect(JSON.stringify(seen)).not.toContain("secret");
  });

  it("leaves a call with headers of its own to the SDK", async () => {
    await open(OpenAIClient).chat.completions.create(question, { headers: { "x-own": "1" } });
    await open(OpenAIClient).chat.completions.create(question);
    expect(server.requests.map(({ headers }) => headers["x-own"])).toEqual(["1", undefined]);
  });

  it("lets go of the connection when the caller aborts, before the answer and during it", async () => {
    const client = open(OpenAIClient);
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
    };
    const abort = new AbortController();
    const whole = client.chat.completions.create(question, { signal: abort.signal });
    const arrived = await server.next();
    abort.abort();
    await expect(whole).rejects.toThrow();
    await arrived.dropped;
    answer = () => {};
    const early = new AbortController();
    const silent = client.chat.completions.create(question, { signal: early.signal });
    const asked = await server.next();
    early.abort();
    await expect(silent).rejects.toThrow(OpenAI.APIUserAbortError);
    await asked.dropped;
  });
});
