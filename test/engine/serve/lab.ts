import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import OpenAI, { toFile } from "openai";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { type Script, scriptedProvider } from "../../../src/engine/provider/scripted.ts";
import type { BatchServer } from "../../../src/engine/serve/server.ts";
import type { ServeOptions } from "../../../src/engine/service/serving.ts";

/** A batch server over a scripted provider, with the official client beside it. */
export interface ServeLab {
  readonly engine: Engine;
  readonly server: BatchServer;
  readonly client: OpenAI;
  readonly folder: string;
  readonly warnings: string[];
}

export const echo: Script = (request) => ({
  kind: "answered",
  text: `said ${request.messages.at(-1)?.content}`,
  toolCalls: [],
  usage: { promptTokens: 10, completionTokens: 2, cachedTokens: 0 },
  timing: { latencyMs: 1, firstTokenMs: undefined, loadMs: undefined },
  finish: "stop",
  servedModel: undefined,
  tokenConfidence: undefined,
});

export async function serveLab(
  script: Script = echo,
  options: ServeOptions & { readonly folder?: string; readonly apiKey?: string; readonly clock?: Clock } = {},
): Promise<ServeLab> {
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), "layoutlab-serve-")));
  const warnings: string[] = [];
  const engine = await openEngine({
    store: path.join(folder, "store.db"),
    env: {},
    clock: options.clock ?? systemClock,
    host: { key: async () => undefined },
    version: "0.0.0",
    roots: undefined,
    providers: { scripted: async () => scriptedProvider({ script }) },
  });
  engine.on("log", ({ message }) => warnings.push(message));
  const { folder: _, apiKey, clock: __, ...rest } = options;
  const server = await engine.serve({ models: ["scripted:a"], ...rest });
  onTestFinished(async () => {
    await server.close();
    await engine.close();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  });
  const client = new OpenAI({ apiKey: apiKey ?? "any", baseURL: `${server.url}/v1`, maxRetries: 0 });
  return { engine, server, client, folder, warnings };
}

export interface InputLine {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: object;
}

export function line(id: string, content = id, more: object = {}): InputLine {
  return {
    custom_id: id,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "gpt-4o-mini", messages: [{ role: "user", content }], ...more },
  };
}

export async function upload(client: OpenAI, lines: readonly (object | string)[], name = "input.jsonl") {
  const text = lines.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");
  return client.files.create({ file: await toFile(Buffer.from(text), name), purpose: "batch" });
}

export async function batchOf(client: OpenAI, input: string, more: Partial<OpenAI.BatchCreateParams> = {}) {
  return client.batches.create({
    input_file_id: input,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    ...more,
  });
}

const ends = ["completed", "failed", "expired", "cancelled"];

export async function ended(client: OpenAI, id: string): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (ends.includes(batch.status)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The lines of a file, parsed. */
export async function linesIn(client: OpenAI, file: string | undefined | null): Promise<readonly Answer[]> {
  if (!file) return [];
  const text = await (await client.files.content(file)).text();
  return text
    .split("\n")
    .filter((one) => one !== "")
    .map((one) => JSON.parse(one) as Answer);
}

export interface Answer {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: OpenAI.ChatCompletion & { readonly error?: { readonly message: string; readonly code: string } };
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}
