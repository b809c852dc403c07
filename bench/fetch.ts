/**
 * What one call costs by the way it goes out: CPU of the client alone, against a trivial server in a process of its own.
 * Run with `node bench/fetch.ts [requests] [concurrency]`.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { Agent, request, fetch as undiciFetch } from "undici";
import { systemClock } from "../src/base/clock.ts";
import { type Fetch, openHttp } from "../src/engine/provider/http.ts";
import { openOpenAI } from "../src/engine/provider/openai.ts";
import type { ModelRequest } from "../src/engine/provider/provider.ts";

const answer = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "card_arrival" } }],
  usage: { prompt_tokens: 400, completion_tokens: 3, total_tokens: 403 },
});

if (process.argv[2] === "--server") serve();
else await measure(Number(process.argv[2] ?? 4000), Number(process.argv[3] ?? 64));

function serve(): void {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    incoming.on("end", () => {
      outgoing.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
      outgoing.end(answer);
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address !== null) process.send?.(address.port);
  });
}

async function measure(requests: number, concurrency: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ["--server"]);
  const port = await new Promise<unknown>((resolve) => server.once("message", resolve));
  const baseURL = `http://127.0.0.1:${String(port)}/v1`;
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "word ".repeat(300) }] });
  const http = openHttp({ env: {}, connections: concurrency });
  const agent = new Agent({ connections: concurrency });
  const paired: Fetch = async (url, init) => {
    const response = await undiciFetch(String(url), {
      method: init?.method ?? "GET",
      headers: [...new Headers(init?.headers)],
      body: typeof init?.body === "string" ? init.body : null,
      dispatcher: agent,
    });
    return new Response(await response.text(), { status: response.status, headers: [...response.headers] });
  };
  const provider = openOpenAI({
    env: { OPENAI_BASE_URL: baseURL },
    clock: systemClock,
    key: async () => "none",
    concurrency,
  });
  const asked: ModelRequest = {
    model: "m",
    messages: [{ role: "user", content: "word ".repeat(300) }],
    parameters: {},
    responseSchema: undefined,
    tools: [],
    contextTokens: undefined,
  };
  const headers = { "content-type": "application/json" };
  const post = { method: "POST", headers, body } as const;
  const client = (fetch: Fetch) => new OpenAI({ baseURL, apiKey: "none", maxRetries: 0, fetch });
  const sdk = (fetch: Fetch) => {
    const openai = client(fetch);
    return async () => {
      await openai.chat.completions.create(JSON.parse(body));
    };
  };
  const ways: Record<string, () => Promise<unknown>> = {
    "global fetch": async () => (await fetch(`${baseURL}/x`, post)).json(),
    "undici fetch": async () => (await paired(`${baseURL}/x`, post)).json(),
    "undici request": async () => (await request(`${baseURL}/x`, { ...post, dispatcher: agent })).body.json(),
    "our fetch": async () => (await http.fetch(`${baseURL}/x`, post)).json(),
    "openai + global fetch": sdk(fetch),
    "openai + our fetch": sdk(http.fetch),
    "our provider": async () => {
      const { outcome } = await provider.send(asked, { signal: new AbortController().signal });
      if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
    },
  };
  const best = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    for (const [name, call] of Object.entries(ways)) {
      let left = requests;
      const before = process.cpuUsage();
      await Promise.all(
        Array.from({ length: concurrency }, async () => {
          while (left-- > 0) await call();
        }),
      );
      const { user, system } = process.cpuUsage(before);
      const perThousand = (user + system) / 1e6 / (requests / 1000);
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, perThousand));
    }
  }
  for (const [name, seconds] of best) {
    process.stdout.write(`${name.padEnd(24)} ${seconds.toFixed(3)} CPU s per 1,000 calls\n`);
  }
  await http.close();
  await agent.close();
  server.kill();
}
