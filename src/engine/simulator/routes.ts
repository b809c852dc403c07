import type { IncomingMessage, ServerResponse } from "node:http";
import { readerModels } from "../reader/reader.ts";
import { isObject } from "../wire/dialect.ts";
import { ollamaDialect } from "../wire/ollamaDialect.ts";
import { openaiDialect } from "../wire/openaiDialect.ts";
import { bodyOf, send, sendJson } from "../wire/respond.ts";
import { complete } from "./completion.ts";
import type { Desk } from "./desk.ts";
import type { SimulatorStats } from "./options.ts";

/** What the routes beside completions show and do. */
export interface Board {
  stats(): SimulatorStats;
  reset(): void;
}

const chat = ollamaDialect("chat");
const generate = ollamaDialect("generate");
const gibibyte = 1024 ** 3;

/** Finds out what a request is for and answers it. */
export async function route(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
  board: Board,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const method = request.method ?? "GET";
  const body = method === "POST" ? await bodyOf(request) : "";
  if (body === undefined) {
    if (!response.destroyed) send(response, 413, "", { connection: "close" });
    return;
  }
  if (path.startsWith("/v1/") && !authorised(desk, request, response)) return;
  switch (`${method} ${path}`) {
    case "POST /v1/chat/completions":
      return complete(desk, openaiDialect, body, request, response);
    case "POST /api/chat":
    case "POST /api/generate": {
      const dialect = path === "/api/chat" ? chat : generate;
      return loadOnly(desk, path, body, response) ? undefined : complete(desk, dialect, body, request, response);
    }
    case "GET /v1/models":
      return sendJson(response, 200, { object: "list", data: namesOf(desk).map(openaiModel) });
    case "GET /api/tags":
      return sendJson(response, 200, { models: namesOf(desk).map(modelCard) });
    case "GET /api/ps":
      return sendJson(response, 200, { models: runningModels(desk) });
    case "POST /api/show":
      return show(desk, body, response);
    case "GET /api/version":
      return sendJson(response, 200, { version: "0.40.2" });
    case "GET /":
    case "HEAD /":
      return send(response, 200, "Ollama is running", { "content-type": "text/plain; charset=utf-8" });
    case "GET /simulator/stats":
      return sendJson(response, 200, board.stats());
    case "POST /simulator/reset":
      board.reset();
      return sendJson(response, 200, {});
    default:
      return nowhere(desk, method, path, response);
  }
}

function authorised(desk: Desk, request: IncomingMessage, response: ServerResponse): boolean {
  const { apiKey } = desk.options;
  const given = request.headers.authorization;
  if (apiKey === undefined || given === `Bearer ${apiKey}`) return true;
  if (request.url?.startsWith("/v1/chat/completions")) {
    desk.counters.requests++;
    desk.counters.rejected++;
  }
  const message = given
    ? "Incorrect API key provided. You can find your API key at the place where the simulator was started."
    : "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
  const code = given ? "invalid_api_key" : null;
  sendJson(response, 401, { error: { message, type: "invalid_request_error", param: null, code } });
  return false;
}

function nowhere(desk: Desk, method: string, path: string, response: ServerResponse): void {
  const single = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
  if (single !== undefined && method === "GET") {
    const model = decodeURIComponent(single);
    if (desk.serves(model)) sendJson(response, 200, openaiModel(model));
    else
      send(response, 404, openaiDialect.trouble(openaiDialect.unknownModel(model)), {
        "content-type": "application/json",
      });
  } else if (path === "/v1/chat/completions" || path === "/v1/models") {
    const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
    sendJson(response, 405, {
      error: { message, type: "invalid_request_error", param: null, code: "method_not_supported" },
    });
  } else if (path.startsWith("/v1/")) {
    const message = `Invalid URL (${method} ${path})`;
    sendJson(response, 404, { error: { message, type: "invalid_request_error", param: null, code: null } });
  } else send(response, 404, "404 page not found", { "content-type": "text/plain" });
}

/** Ollama loads a model when it is asked nothing, and lets go of it when `keep_alive` is 0. Any other request is not for here. */
function loadOnly(desk: Desk, path: string, body: string, response: ServerResponse): boolean {
  // Most requests do ask something; only short ones are looked into.
  if (body.length > 4_096) return false;
  const dialect = path === "/api/chat" ? chat : generate;
  try {
    const asked = dialect.read(JSON.parse(body));
    const { model, local } = asked;
    if (asked.messages.length > 0 || local === undefined || !desk.serves(model)) return false;
    const now = desk.clock.now();
    if (local.keepAliveMs === 0) desk.gpu.unload(model);
    else {
      const most = desk.options.contextTokens ?? 128_000;
      const context = Math.min(local.context ?? desk.options.ollama?.defaultContext ?? 4_096, most);
      const loading = desk.gpu.load(model, context, now);
      if (loading.kind === "outOfMemory") return false;
      loading.loaded.expiresAt = now + local.keepAliveMs;
    }
    sendJson(response, 200, {
      model,
      created_at: new Date(now).toISOString(),
      ...(local.endpoint === "chat" ? { message: { role: "assistant", content: "" } } : { response: "" }),
      done: true,
      done_reason: local.keepAliveMs === 0 ? "unload" : "load",
    });
    return true;
  } catch {
    // What is wrong with it is said where completions are read.
    return false;
  }
}

function show(desk: Desk, body: string, response: ServerResponse): void {
  const name = modelNamed(body);
  const model = name?.replace(/:latest$/, "");
  if (model === undefined || model === "") sendJson(response, 400, { error: "model is required" });
  else if (!desk.serves(model)) sendJson(response, 404, { error: `model '${name}' not found` });
  else {
    sendJson(response, 200, {
      modelfile: `FROM ${model}\n`,
      parameters: "",
      template: "{{ .Prompt }}",
      details: modelCard(model).details,
      // The layers of a model of 8 billion: 128 KiB of key-value cache a token, whatever the card is set to take.
      model_info: {
        "general.architecture": "reader",
        "reader.context_length": desk.options.contextTokens ?? 128_000,
        "reader.block_count": 32,
        "reader.attention.head_count": 32,
        "reader.attention.head_count_kv": 8,
        "reader.embedding_length": 4_096,
        "reader.attention.key_length": 128,
        "reader.attention.value_length": 128,
      },
      capabilities: ["completion", "tools"],
      modified_at: modelCard(model).modified_at,
    });
  }
}

function modelNamed(body: string): string | undefined {
  try {
    const asked: unknown = JSON.parse(body);
    const name = isObject(asked) ? (asked["model"] ?? asked["name"]) : undefined;
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

function namesOf(desk: Desk): readonly string[] {
  const { models } = desk.options;
  return models === undefined || models === "*" ? Object.keys(readerModels) : models;
}

function openaiModel(id: string): unknown {
  return { id, object: "model", created: 1_767_225_600, owned_by: "layoutlab-simulator" };
}

function runningModels(desk: Desk): unknown {
  return desk.gpu.list(desk.clock.now()).map(({ model, bytes, context, expiresAt }) => {
    const { modified_at: _, ...card } = modelCard(model);
    // "For ever" is written as a date far away, as Ollama does.
    const expires = new Date(Math.min(expiresAt, Date.UTC(2318, 0, 1))).toISOString();
    return { ...card, size: bytes, size_vram: bytes, context_length: context, expires_at: expires };
  });
}

function modelCard(model: string) {
  const name = model.includes(":") ? model : `${model}:latest`;
  return {
    name,
    model: name,
    modified_at: "2026-01-01T00:00:00Z",
    size: 8 * gibibyte,
    digest: "0".repeat(64),
    details: {
      parent_model: "",
      format: "gguf",
      family: "reader",
      families: ["reader"],
      parameter_size: "8.0B",
      quantization_level: "Q4_K_M",
    },
  };
}
