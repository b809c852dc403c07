import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import OpenAI, { APIError } from "openai";
import { UserError } from "../../base/errors.ts";
import { type Fetch, openHttp } from "../provider/http.ts";
import { redact } from "../provider/redact.ts";
import { chatEndpoint } from "./lines.ts";

/** Files and batches at a provider that speaks OpenAI's Batch API. */
export interface RemoteBatches {
  /** The new file's id. */
  upload(file: string, name: string): Promise<string>;
  create(input: string, metadata: Readonly<Record<string, string>>): Promise<RemoteBatch>;
  retrieve(id: string): Promise<RemoteBatch>;
  cancel(id: string): Promise<RemoteBatch>;
  /** A batch that carries these marks, looked for among those made since `since` (ms since the epoch). */
  find(metadata: Readonly<Record<string, string>>, since: number): Promise<RemoteBatch | undefined>;
  /** Writes a file's content to `to`. */
  download(file: string, to: string): Promise<void>;
  close(): Promise<void>;
}

export interface RemoteBatch {
  readonly id: string;
  readonly status: OpenAI.Batch["status"];
  readonly output: string | undefined;
  readonly failures: string | undefined;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly problems: readonly { readonly code: string; readonly message: string; readonly line: number | undefined }[];
}

export interface RemoteOptions {
  readonly baseUrl: string;
  /** For proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly key: string | undefined;
  readonly fetch?: Fetch;
}

/** Two clocks are never quite the same. */
const clockSlackMs = 3_600_000;

/** Every call rejects with a `UserError` for what the network or the provider did; nothing is tried twice. */
export function openRemote(options: RemoteOptions): RemoteBatches {
  const { baseUrl, key } = options;
  const http = openHttp({
    env: options.env,
    maxResponseBytes: Number.POSITIVE_INFINITY,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: key ?? "none",
    adminAPIKey: null,
    organization: options.env["OPENAI_ORG_ID"] ?? options.env["OPENAI_ORGANIZATION"] ?? null,
    project: options.env["OPENAI_PROJECT_ID"] ?? null,
    maxRetries: 0,
    timeout: 0x7fffffff,
    fetch: http.fetch,
    logLevel: "off",
  });
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw remoteTrouble(error, key);
    }
  };
  return {
    upload: (file, name) =>
      asked(async () => {
        const { body, headers } = await multipart(file, name);
        const made = await client.post<OpenAI.FileObject>("/files", { body, headers });
        return made.id;
      }),
    create: (input, metadata) =>
      asked(async () =>
        remoteBatch(
          await client.batches.create({
            input_file_id: input,
            endpoint: chatEndpoint,
            completion_window: "24h",
            metadata: { ...metadata },
          }),
        ),
      ),
    retrieve: (id) => asked(async () => remoteBatch(await client.batches.retrieve(id))),
    cancel: (id) => asked(async () => remoteBatch(await client.batches.cancel(id))),
    find: (metadata, since) =>
      asked(async () => {
        for await (const batch of client.batches.list({ limit: 100 })) {
          if (batch.created_at * 1000 < since - clockSlackMs) return undefined;
          const marks = batch.metadata ?? {};
          if (Object.entries(metadata).every(([name, value]) => marks[name] === value)) return remoteBatch(batch);
        }
        return undefined;
      }),
    download: (file, to) =>
      asked(async () => {
        const response = await client.files.content(file);
        if (response.body === null) throw new Error("the file has no content");
        await pipeline(Readable.from(response.body), createWriteStream(to));
      }),
    close: () => http.close(),
  };
}

/** A form with one file, streamed from the disk with its length told beforehand. */
async function multipart(file: string, name: string) {
  const boundary = `layoutlab-${randomUUID()}`;
  const field = (of: string, more = "") => `--${boundary}\r\nContent-Disposition: form-data; name="${of}"${more}\r\n`;
  const head = Buffer.from(
    `${field("purpose")}\r\nbatch\r\n${field("file", `; filename="${name}"`)}Content-Type: application/jsonl\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(file);
  async function* pieces() {
    yield head;
    yield* createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
    yield tail;
  }
  return {
    body: ReadableStream.from(pieces()),
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": String(head.length + size + tail.length),
    },
  };
}

function remoteBatch(batch: OpenAI.Batch): RemoteBatch {
  const { total = 0, completed = 0, failed = 0 } = batch.request_counts ?? {};
  return {
    id: batch.id,
    status: batch.status,
    output: batch.output_file_id || undefined,
    failures: batch.error_file_id || undefined,
    counts: { total, completed, failed },
    problems: (batch.errors?.data ?? []).map(({ code, message, line }) => ({
      code: code ?? "unknown",
      message: message ?? "no reason given",
      line: line ?? undefined,
    })),
  };
}

function remoteTrouble(error: unknown, key: string | undefined): unknown {
  if (!(error instanceof APIError)) return error;
  const status: number | undefined = error.status;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  const what = `the provider's Batch API: ${redact(error.message + cause, key)}`;
  if (status === 401 || status === 403) return new UserError("batch-auth", what, "check the key");
  if (status === undefined)
    return new UserError("batch-unreachable", what, "check the network and the address, then try again");
  if (status === 404)
    return new UserError("batch-gone", what, "it may have been deleted, or belong to another account");
  return new UserError(
    "batch-refused",
    what,
    status >= 500 || status === 429 ? "try again later" : "correct it and try again",
  );
}
