import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../base/clock.ts";
import { messageOf, UserError } from "../../base/errors.ts";
import { readerModels } from "../reader/reader.ts";
import { complete, type Desk } from "./completion.ts";
import { Counters } from "./counters.ts";
import { Gpu } from "./gpu.ts";
import { ollamaDialect } from "./ollamaDialect.ts";
import { openaiDialect } from "./openaiDialect.ts";
import type { RateLimit, Simulator, SimulatorOptions } from "./options.ts";
import { PrefixCache } from "./prefixCache.ts";
import { type Limiter, limiterOf } from "./rateLimit.ts";

/** Largest request body that is read. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Starts a local server that speaks OpenAI's chat completions and Ollama's native API, so that the real SDKs can be rehearsed
 * against it: strict about what it is sent, with latency, limits and faults as dialled in. It is a simulation, and what it
 * answers by default comes from the built-in reader. Rejects with a `UserError` when the address is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? systemClock;
  const counters = new Counters();
  const gpu = new Gpu(options.ollama?.gpu);
  const prefixes = new PrefixCache();
  const names = options.models ?? Object.keys(readerModels);
  let origin = clock.monotonic();
  let limiters = new Map<string, Limiter>();

  const desk: Desk = {
    options,
    clock,
    counters,
    gpu,
    prefixes,
    now: () => clock.monotonic() - origin,
    serves: (model) => names === "*" || names.includes(model),
    limitersOf: (model) =>
      (options.limits ?? []).flatMap((limit, i) => {
        if (!covers(limit, model)) return [];
        const key = limit.perModel ? `${i}:${model}` : String(i);
        const known = limiters.get(key) ?? limiterOf(limit, 0);
        limiters.set(key, known);
        return [known];
      }),
  };
  const stats = () =>
    counters.snapshot({
      usedBytes: gpu.usedBytes(),
      totalBytes: gpu.totalBytes,
      loaded: gpu.list(clock.now()).map(({ model }) => model),
    });
  const reset = () => {
    counters.reset();
    gpu.clear();
    prefixes.clear();
    limiters = new Map();
    origin = clock.monotonic();
  };

  const server = createServer((request, response) => {
    route(desk, request, response, { stats, reset, names }).catch((error: unknown) => {
      // A bug of the simulator must not look like a simulated fault.
      process.stderr.write(`simulator: ${error instanceof Error ? error.stack : messageOf(error)}\n`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", () => counters.connections++);
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host ?? "127.0.0.1";
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    stats,
    reset,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Board {
  stats(): ReturnType<Simulator["stats"]>;
  reset(): void;
  readonly names: readonly string[] | "*";
}

async function route(desk: Desk, request: IncomingMessage, response: ServerResponse, board: Board): Promise<void> {
  const path = (request.url ?? "/").split("?")[0];
  const where = `${request.method} ${path}`;
  switch (where) {
    case "POST /v1/chat/completions":
      return complete(desk, openaiDialect, await bodyOf(request), request, response);
    case "POST /api/chat":
    case "POST /api/generate": {
      const body = await bodyOf(request);
      const endpoint = path === "/api/chat" ? "chat" : "generate";
      if (!unloads(desk, body, response)) await complete(desk, ollamaDialect(endpoint), body, request, response);
      return;
    }
    case "GET /v1/models":
      return json(response, 200, {
        object: "list",
        data: listed(board.names).map((id) => ({ id, object: "model", created: 0, owned_by: "layoutlab-simulator" })),
      });
    case "GET /api/tags":
      return json(response, 200, { models: listed(board.names).map(modelCard) });
    case "GET /api/ps":
      return json(response, 200, {
        models: desk.gpu.list(desk.clock.now()).map(({ model, bytes, context, expiresAt }) => ({
          ...modelCard(model),
          size: bytes,
          size_vram: bytes,
          context_length: context,
          expires_at: new Date(Math.min(expiresAt, 8.64e15)).toISOString(),
        })),
      });
    case "POST /api/show": {
      const asked = JSON.parse((await bodyOf(request)) || "{}") as { readonly model?: string; readonly name?: string };
      const model = asked.model ?? asked.name ?? "";
      if (!desk.serves(model)) return json(response, 404, { error: `model '${model}' not found` });
      return json(response, 200, {
        modelfile: "",
        parameters: "",
        template: "{{ .Prompt }}",
        details: modelCard(model).details,
        model_info: {
          "general.architecture": "reader",
          "reader.context_length": desk.options.contextTokens ?? 128_000,
        },
        capabilities: ["completion"],
      });
    }
    case "GET /api/version":
      return json(response, 200, { version: "0.34.0" });
    case "GET /simulator/stats":
      return json(response, 200, board.stats());
    case "POST /simulator/reset":
      board.reset();
      return json(response, 200, {});
    default:
      return path?.startsWith("/v1/")
        ? json(response, 404, {
            error: { message: `Invalid URL (${where})`, type: "invalid_request_error", param: null, code: null },
          })
        : json(response, 404, { error: "not found" });
  }
}

/** Ollama lets go of a model when it is asked nothing with `keep_alive: 0`, and loads it when asked nothing otherwise. */
function unloads(desk: Desk, body: string, response: ServerResponse): boolean {
  const asked = safely(body);
  if (asked === undefined || asked["keep_alive"] !== 0) return false;
  const messages = asked["messages"];
  const empty = Array.isArray(messages) ? messages.length === 0 : (asked["prompt"] ?? "") === "";
  if (!empty || typeof asked["model"] !== "string") return false;
  desk.gpu.unload(asked["model"]);
  json(response, 200, {
    model: asked["model"],
    created_at: new Date(desk.clock.now()).toISOString(),
    response: "",
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: "unload",
  });
  return true;
}

function safely(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function covers(limit: RateLimit, model: string): boolean {
  return limit.models === undefined || limit.models === "*" || limit.models.includes(model);
}

function listed(names: readonly string[] | "*"): readonly string[] {
  return names === "*" ? Object.keys(readerModels) : names;
}

function modelCard(name: string) {
  return {
    name,
    model: name,
    modified_at: "2026-01-01T00:00:00Z",
    size: 8 * 1024 ** 3,
    digest: "0".repeat(64),
    details: {
      parent_model: "",
      format: "gguf",
      family: "reader",
      families: ["reader"],
      parameter_size: "8B",
      quantization_level: "Q4_K_M",
    },
  };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) });
  response.end(body);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error("the request body is larger than 64 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function listening(server: ReturnType<typeof createServer>, options: SimulatorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const taken = "code" in error && error.code === "EADDRINUSE";
      reject(
        new UserError(
          "cannot-listen",
          taken ? `port ${options.port} is in use` : `the simulator cannot listen (${messageOf(error)})`,
          "name another port, or leave it out for any free one",
        ),
      );
    });
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
}
