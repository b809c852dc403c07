import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface FixtureRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when the client went away before it was answered. */
  readonly dropped: Promise<void>;
}

export interface FixtureServer {
  readonly url: string;
  readonly requests: readonly FixtureRequest[];
  /** Resolves with the next request that arrives. */
  next(): Promise<FixtureRequest>;
  close(): Promise<void>;
}

export type FixtureHandler = (request: FixtureRequest, response: ServerResponse) => void;

/** A server that insists on sound requests and otherwise does what the test says. */
export async function startFixture(handler: FixtureHandler): Promise<FixtureServer> {
  const requests: FixtureRequest[] = [];
  let waiting: ((request: FixtureRequest) => void)[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.setEncoding("utf8");
    incoming.on("data", (chunk: string) => {
      text += chunk;
    });
    incoming.on("end", () => {
      const dropped = new Promise<void>((resolve) => {
        outgoing.on("close", () => {
          if (!outgoing.writableFinished) resolve();
        });
      });
      const method = incoming.method ?? "";
      if (method === "POST" && !incoming.headers["content-type"]?.includes("application/json")) {
        outgoing.writeHead(415).end(`POST with content-type ${String(incoming.headers["content-type"])}`);
        return;
      }
      const body = text === "" ? {} : JSON.parse(text);
      const request = { method, path: incoming.url ?? "", headers: incoming.headers, body, dropped };
      requests.push(request);
      handler(request, outgoing);
      for (const resolve of waiting) resolve(request);
      waiting = [];
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function completion(text: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "good",
    system_fingerprint: "fp_1",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: text } }],
    usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, prompt_tokens_details: { cached_tokens: 8 } },
    ...more,
  };
}

/** Writes server-sent events; `end` closes the stream as the protocol wants it. */
export function events(
  response: ServerResponse,
  chunks: readonly unknown[],
  end: "done" | "cut" | "open" = "done",
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  if (end === "done") response.end("data: [DONE]\n\n");
  // Destroying at once would take the bytes in the buffer along.
  if (end === "cut") setImmediate(() => response.destroy());
}

export function delta(content: string | undefined, finish: string | null = null) {
  return {
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "good",
    choices: [{ index: 0, finish_reason: finish, delta: content === undefined ? {} : { content } }],
  };
}

export const streamUsage = {
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "good",
  choices: [],
  usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, prompt_tokens_details: { cached_tokens: 8 } },
};
