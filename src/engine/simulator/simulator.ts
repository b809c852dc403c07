import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { listen } from "../../base/node/listen.ts";
import { approximateTokens, readerModels } from "../reader/reader.ts";
import { Counters } from "./counters.ts";
import type { Desk } from "./desk.ts";
import { Gpu } from "./gpu.ts";
import type { RateLimit, Simulator, SimulatorOptions } from "./options.ts";
import { PrefixCache } from "./prefixCache.ts";
import { type Limiter, limiterOf } from "./rateLimit.ts";
import { route } from "./routes.ts";

/**
 * Starts a local server that speaks OpenAI's chat completions and Ollama's native API, so that the real SDKs can be rehearsed
 * against it: strict about what it is sent, with latency, limits and faults as dialled in. It is a simulation, and what it
 * answers by default comes from the built-in reader. Rejects with a `UserError` when it cannot listen.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? systemClock;
  const counters = new Counters();
  const gpu = new Gpu(options.ollama?.gpu);
  const prefixes = new PrefixCache();
  const names = options.models ?? Object.keys(readerModels);
  const tokens = options.tokens ?? approximateTokens;
  let origin = clock.monotonic();
  let limiters = new Map<string, readonly Limiter[]>();
  let shared = new Map<number, Limiter>();

  const desk: Desk = {
    options,
    clock,
    counters,
    gpu,
    prefixes,
    now: () => clock.monotonic() - origin,
    serves: (model) => names === "*" || names.includes(model) || names.includes(`${model}:latest`),
    limitersOf(model) {
      const known = limiters.get(model);
      if (known !== undefined) return known;
      const found = (options.limits ?? []).flatMap((limit, i) => {
        if (!covers(limit, model)) return [];
        // Windows are counted from the server's own zero.
        const limiter = (limit.perModel ? undefined : shared.get(i)) ?? limiterOf(limit, 0);
        if (!limit.perModel) shared.set(i, limiter);
        return [limiter];
      });
      limiters.set(model, found);
      return found;
    },
    count(messages) {
      let sum = 3;
      for (const { content } of messages) sum += 4 + tokens(content);
      return sum;
    },
  };
  const stats = () => {
    const loaded = gpu.list(clock.now()).map(({ model }) => model);
    return counters.snapshot({ usedBytes: gpu.usedBytes(), totalBytes: gpu.totalBytes, loaded });
  };
  const reset = () => {
    counters.reset();
    gpu.clear();
    prefixes.clear();
    limiters = new Map();
    shared = new Map();
    origin = clock.monotonic();
  };

  const server = createServer((request, response) => {
    route(desk, request, response, { stats, reset }).catch((error: unknown) => {
      // A bug of the simulator, or of the caller's answer function, must not look like a simulated fault.
      process.stderr.write(`simulator: ${(error instanceof Error && error.stack) || messageOf(error)}\n`);
      response.destroy();
    });
  });
  // Longer than clients keep idle connections, so that they are the ones to let go and never meet a closing server.
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  server.requestTimeout = 0;
  server.on("connection", (socket) => {
    socket.setNoDelay(true);
    counters.connections++;
  });
  const host = options.host ?? "127.0.0.1";
  await listen(server, "the simulator", options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;
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

function covers(limit: RateLimit, model: string): boolean {
  return limit.models === undefined || limit.models === "*" || limit.models.includes(model);
}
