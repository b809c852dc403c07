import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

interface FakeBatch {
  readonly id: string;
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  status: string;
  output: string | undefined;
  failures: string | undefined;
  errors: readonly object[] | undefined;
}

/**
 * A provider's Batch API that does nothing by itself: a test says how each batch ends. Strict about what it is sent: one model
 * a file, a sound form, the key there.
 */
export interface FakeProvider {
  readonly baseUrl: string;
  readonly files: ReadonlyMap<string, string>;
  readonly batches: readonly FakeBatch[];
  /** Content lengths of the uploads. */
  readonly lengths: readonly (string | undefined)[];
  /** Requests of a batch, in the order of its file. */
  requests(batch: FakeBatch): readonly {
    readonly custom_id: string;
    readonly body: { readonly model: string; readonly messages: readonly { readonly content: string }[] };
  }[];
  end(
    batch: FakeBatch,
    status: string,
    lines?: {
      readonly output?: readonly object[];
      readonly failures?: readonly object[];
      readonly errors?: readonly object[];
    },
  ): void;
  /** Called before a request is answered; true cuts the connection instead. */
  intercept(hook: (method: string, path: string) => "cut" | "cutAfter" | undefined): void;
}

export async function fakeProvider(): Promise<FakeProvider> {
  const files = new Map<string, string>();
  const batches: FakeBatch[] = [];
  const lengths: (string | undefined)[] = [];
  let hook: (method: string, path: string) => "cut" | "cutAfter" | undefined = () => undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const url = new URL(request.url ?? "", "http://x");
      const how = hook(request.method ?? "", url.pathname);
      if (how === "cut") {
        request.socket.destroy();
        return;
      }
      const [status, answer] = handle(request, url, body);
      if (how === "cutAfter") {
        request.socket.destroy();
        return;
      }
      const text = typeof answer === "string" ? answer : JSON.stringify(answer);
      response.writeHead(status, {
        "content-type": typeof answer === "string" ? "application/octet-stream" : "application/json",
      });
      response.end(text);
    })();
  });
  const wire = (batch: FakeBatch) => ({
    id: batch.id,
    object: "batch",
    created_at: Math.floor(Date.now() / 1000),
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    input_file_id: batch.input,
    status: batch.status,
    output_file_id: batch.output ?? null,
    error_file_id: batch.failures ?? null,
    errors: batch.errors === undefined ? null : { object: "list", data: batch.errors },
    metadata: batch.metadata,
    request_counts: { total: 0, completed: 0, failed: 0 },
  });
  const refused = (status: number, message: string): [number, object] => [
    status,
    { error: { message, type: "invalid_request_error" } },
  ];

  function handle(request: IncomingMessage, url: URL, body: string): [number, object | string] {
    if (request.headers.authorization !== "Bearer test-key") return refused(401, "wrong key");
    const path = url.pathname.replace("/v1/", "");
    if (request.method === "POST" && path === "files") {
      lengths.push(request.headers["content-length"]);
      const boundary = /boundary=(.+)$/.exec(request.headers["content-type"] ?? "")?.[1] ?? "?";
      const parts = body.split(`--${boundary}`);
      const content = parts
        .find((part) => part.includes('name="file"'))
        ?.split("\r\n\r\n")
        .slice(1)
        .join("\r\n\r\n");
      if (content === undefined || !body.includes('name="purpose"\r\n\r\nbatch\r\n')) return refused(400, "bad form");
      const id = `file-${files.size}`;
      files.set(id, content.replace(/\r\n$/, ""));
      return [200, { id, object: "file", bytes: content.length }];
    }
    if (request.method === "POST" && path === "batches") {
      const {
        input_file_id: input,
        metadata,
        completion_window,
      } = JSON.parse(body) as {
        readonly input_file_id: string;
        readonly metadata: Readonly<Record<string, string>>;
        readonly completion_window: string;
      };
      const lines = files.get(input);
      if (lines === undefined || completion_window !== "24h") return refused(400, "bad batch");
      const models = new Set(
        lines
          .trimEnd()
          .split("\n")
          .map((line) => (JSON.parse(line) as { body: { model: string } }).body.model),
      );
      if (models.size !== 1) return refused(400, `one model a file, not ${[...models].join(", ")}`);
      const batch: FakeBatch = {
        id: `batch_${batches.length}`,
        input,
        metadata,
        status: "in_progress",
        output: undefined,
        failures: undefined,
        errors: undefined,
      };
      batches.push(batch);
      return [200, wire(batch)];
    }
    const cancelled = batches.find(({ id }) => path === `batches/${id}/cancel`);
    if (cancelled !== undefined && request.method === "POST") {
      if (cancelled.status !== "in_progress")
        return refused(409, `Cannot cancel a batch with status '${cancelled.status}'.`);
      cancelled.status = "cancelling";
      return [200, wire(cancelled)];
    }
    if (path === "batches") return [200, { object: "list", data: batches.map(wire).reverse(), has_more: false }];
    const batch = batches.find(({ id }) => path === `batches/${id}`);
    if (batch !== undefined) return [200, wire(batch)];
    const file = files.get(/^files\/(.+)\/content$/.exec(path)?.[1] ?? "");
    return file === undefined ? refused(404, `no ${path}`) : [200, file];
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const put = (lines: readonly object[] | undefined): string | undefined => {
    if (lines === undefined) return undefined;
    const id = `file-${files.size}`;
    files.set(id, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return id;
  };
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    files,
    batches,
    lengths,
    requests: (batch) =>
      (files.get(batch.input) ?? "")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    end(batch, status, lines = {}) {
      batch.status = status;
      batch.output = put(lines.output);
      batch.failures = put(lines.failures);
      batch.errors = lines.errors;
    },
    intercept(next) {
      hook = next;
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

/** A line of an output file. */
export function answerTo(customId: string, content: string): object {
  return {
    id: `batch_req_${customId}`,
    custom_id: customId,
    response: {
      status_code: 200,
      request_id: "r",
      body: {
        object: "chat.completion",
        model: "gpt-4.1-mini-2025-04-14",
        choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
        usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 },
      },
    },
    error: null,
  };
}

/** A line of an error file for a request that was never sent. */
export function expired(customId: string): object {
  return { id: "", custom_id: customId, response: null, error: { code: "batch_expired", message: "too late" } };
}
