import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Http, openHttp } from "../../../src/engine/provider/http.ts";
import { ResponseTooLarge } from "../../../src/engine/provider/leanResponse.ts";
import { type FixtureHandler, type FixtureServer, json, startFixture } from "./fixtureServer.ts";

describe("our fetch", () => {
  let server: FixtureServer;
  let http: Http;
  afterEach(async () => {
    await http.close();
    await server.close();
  });

  async function open(handler: FixtureHandler, options: Partial<Parameters<typeof openHttp>[0]> = {}) {
    server = await startFixture(handler);
    http = openHttp({ env: {}, ...options });
  }

  it("gives status, headers and text as fetch does", async () => {
    await open((_request, response) => json(response, 201, { a: "ü" }, { "x-one": "1", "set-cookie": "a=b" }));
    const response = await http.fetch(`${server.url}/path?q=1`, {
      method: "post",
      headers: { "content-type": "application/json" },
      body: '{"b":2}',
    });
    expect([response.status, response.ok, response.statusText]).toEqual([201, true, "Created"]);
    expect(response.headers.get("X-One")).toBe("1");
    expect(await response.json()).toEqual({ a: "ü" });
    expect(server.requests[0]).toMatchObject({ method: "POST", path: "/path?q=1", body: { b: 2 } });
  });

  it("reads headers as fetch does", async () => {
    await open((_request, response) => {
      response.setHeader("Set-Cookie", ["a=b", "c=d"]);
      response.setHeader("X-Twice", ["1", "2"]);
      json(response, 200, {}, { "X-RateLimit-Limit-Requests": "60" });
    });
    const sorted = (headers: Headers) => [...headers].filter(([name]) => name !== "date").sort();
    const { headers: real } = await globalThis.fetch(server.url);
    const { headers } = await http.fetch(server.url);
    // Real ones list each cookie for itself; nobody reads a model's cookies from a list.
    const cookies: [string, string][] = [["set-cookie", "a=b, c=d"]];
    expect(sorted(headers)).toEqual(
      sorted(new Headers([...sorted(real).filter(([name]) => name !== "set-cookie"), ...cookies])),
    );
    for (const name of ["x-twice", "X-RateLimit-limit-requests", "set-cookie", "absent", "constructor"]) {
      expect([name, headers.get(name), headers.has(name)]).toEqual([name, real.get(name), real.has(name)]);
    }
    expect(headers.getSetCookie()).toEqual(real.getSetCookie());
    const listed: string[] = [];
    headers.forEach((value, name) => void listed.push(`${name}: ${value}`));
    expect(listed).toEqual([...headers.entries()].map(([name, value]) => `${name}: ${value}`));
    expect([...headers.keys()].map((name) => headers.get(name))).toEqual([...headers.values()]);
    expect(() => headers.set("a", "b")).toThrow("cannot be changed");
  });

  it("streams the body, and a reader that leaves drops the connection", async () => {
    await open((_request, response) => {
      response.writeHead(200);
      response.write("one");
    });
    const response = await http.fetch(server.url);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("one");
    await reader?.cancel();
    await server.requests[0]?.dropped;
  });

  it("decodes characters that are split between chunks", async () => {
    const bytes = Buffer.from("aüb");
    await open((_request, response) => {
      response.writeHead(200);
      response.write(bytes.subarray(0, 2));
      setImmediate(() => response.end(bytes.subarray(2)));
    });
    expect(await (await http.fetch(server.url)).text()).toBe("aüb");
  });

  it("rejects with the signal's own reason, before and during, and lets go of the signal", async () => {
    await open(() => {});
    await expect(http.fetch(server.url, { signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow("early");
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const call = http.fetch(server.url, { signal: controller.signal });
    const arrived = await server.next();
    controller.abort(new Error("late"));
    await expect(call).rejects.toThrow("late");
    await arrived.dropped;
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("fails a body that is aborted while it arrives", async () => {
    await open((_request, response) => {
      response.writeHead(200);
      response.write("one");
    });
    const controller = new AbortController();
    const response = await http.fetch(server.url, { signal: controller.signal });
    const text = response.text();
    controller.abort(new Error("enough"));
    await expect(text).rejects.toThrow("enough");
  });

  it("cuts off what is too large", async () => {
    await open((_request, response) => void response.end("x".repeat(5000)), { maxResponseBytes: 1000 });
    const response = await http.fetch(server.url);
    await expect(response.text()).rejects.toBeInstanceOf(ResponseTooLarge);
  });

  it("keeps connections alive and reuses them", async () => {
    await open((request, response) => json(response, 200, { port: request.headers.host }), { connections: 2 });
    for (let i = 0; i < 5; i++) await (await http.fetch(server.url)).text();
    let open2 = 0;
    const counting = createServer((_request, response) => void response.end("x"));
    counting.on("connection", () => open2++);
    await new Promise<void>((resolve) => counting.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(counting.address() as AddressInfo).port}`;
    await Promise.all(Array.from({ length: 20 }, async () => (await http.fetch(url)).text()));
    expect(open2).toBeLessThanOrEqual(2);
    counting.closeAllConnections();
    await new Promise((resolve) => counting.close(resolve));
  });

  it("encodes forms, for files that are uploaded", async () => {
    let body = "";
    let type = "";
    const taking = createServer((request, response) => {
      type = request.headers["content-type"] ?? "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => response.end("ok"));
    });
    await open(() => {});
    await new Promise<void>((resolve) => taking.listen(0, "127.0.0.1", resolve));
    const form = new FormData();
    form.append("purpose", "batch");
    form.append("file", new File(["{}"], "a.jsonl"));
    await http.fetch(`http://127.0.0.1:${(taking.address() as AddressInfo).port}`, { method: "POST", body: form });
    expect(type).toContain("multipart/form-data; boundary=");
    expect(body).toContain('name="purpose"\r\n\r\nbatch');
    expect(body).toContain('filename="a.jsonl"');
    taking.closeAllConnections();
    await new Promise((resolve) => taking.close(resolve));
  });

  it("sends credentials of the address as a header", async () => {
    await open((_request, response) => json(response, 200, {}));
    await http.fetch(server.url.replace("http://", "http://me:p%40ss@"));
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  });

  it("goes through the proxy that the environment names, except where it says not to", async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("from the proxy");
    });
    // Plain HTTP may be tunnelled as well; refusing the tunnel shows that the proxy was asked.
    proxy.on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await open((_request, response) => json(response, 200, {}), {
      env: { HTTP_PROXY: proxyUrl, no_proxy: "127.0.0.1" },
    });
    expect((await http.fetch(server.url)).status).toBe(200);
    expect(asked).toEqual([]);
    await http.fetch("http://api.example.test/v1").catch(() => undefined);
    expect(asked[0]).toContain("api.example.test");
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
});
