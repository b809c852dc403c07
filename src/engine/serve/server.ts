import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { messageOf, UserError } from "../../base/errors.ts";
import { listen } from "../../base/node/listen.ts";
import type { Asker } from "../batch/asker.ts";
import type { StateTable } from "../store/store.ts";
import { Rejection } from "../wire/dialect.ts";
import { openaiDialect } from "../wire/openaiDialect.ts";
import { send } from "../wire/respond.ts";
import { Desk } from "./desk.ts";
import { admit, isLoopbackHost } from "./guard.ts";
import { lockFolder } from "./lock.ts";
import { type Counter, route } from "./routes.ts";
import { Shelf } from "./shelf.ts";

export interface BatchServerOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Default 127.0.0.1. Any other address needs a key. */
  readonly host?: string;
  /** Bearer key that every request must carry. */
  readonly key?: string;
  /** Largest upload in bytes; default 200 MB. */
  readonly maxUploadBytes?: number;
  /** Most requests of a batch; default 50,000. */
  readonly maxRequests?: number;
}

export interface BatchServerParts {
  /** Where files are kept. */
  readonly folder: string;
  readonly state: StateTable;
  readonly asker: Asker;
  readonly clock: Clock;
  /** `host:pid:start` of this process. */
  readonly owner: string;
  models(): Promise<readonly string[]>;
  warn(message: string): void;
}

export interface BatchServer {
  /** `http://host:port`; OpenAI clients take `${url}/v1`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and working; what was answered is kept, and the next server on the same store goes on. */
  close(): Promise<void>;
}

const megabyte = 1_048_576;
const hourMs = 3_600_000;

/**
 * Starts a server that speaks OpenAI's files, batches, models and chat completions. Rejects with a `UserError` when it cannot
 * listen, when another server works on the same folder, or when it would be open to other machines without a key.
 */
export async function startBatchServer(options: BatchServerOptions, parts: BatchServerParts): Promise<BatchServer> {
  const { clock, asker, state } = parts;
  const host = options.host ?? "127.0.0.1";
  const local = isLoopbackHost(host);
  const guard = { key: options.key, local };
  if (!local && options.key === undefined)
    throw new UserError(
      "needs-key",
      `on ${host} other machines could ask models in your name`,
      "give the key that they must send with --key env:NAME, or leave --host out",
    );
  const unlock = await lockFolder(parts.folder, parts.owner);
  let desk: Desk | undefined;
  let cancelSweep = () => {};
  try {
    const shelf = await Shelf.open(parts.folder, state, clock);
    const opened = await Desk.open({
      state,
      shelf,
      asker,
      clock,
      maxRequests: options.maxRequests ?? 50_000,
      warn: parts.warn,
    });
    desk = opened;
    const counter: Counter = {
      shelf,
      desk: opened,
      asker,
      maxUploadBytes: options.maxUploadBytes ?? 200 * megabyte,
      models: parts.models,
      now: () => clock.now(),
    };
    const sweep = async () => {
      await shelf.sweep((id) => opened.user(id) !== undefined);
      cancelSweep = clock.after(hourMs, () => void sweep().catch((error) => parts.warn(messageOf(error))));
    };
    await sweep();

    const server = createServer((request, response) => {
      answer(request, response, counter, guard).catch((error: unknown) =>
        parts.warn(`batch server: ${messageOf(error)}`),
      );
    });
    // Longer than clients keep idle connections, so that they are the ones to let go and never meet a closing server.
    server.keepAliveTimeout = 120_000;
    server.headersTimeout = 125_000;
    server.requestTimeout = 0;
    await listen(server, "the server", options.port ?? 0, host);
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
      port,
      async close() {
        cancelSweep();
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        await opened.close();
        server.closeAllConnections();
        await closed;
        await asker.close();
        await unlock();
      },
    };
  } catch (error) {
    cancelSweep();
    await desk?.close();
    await asker.close();
    await unlock();
    throw error;
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    counter: Counter,
    who: typeof guard,
  ): Promise<void> {
    try {
      admit(request, who);
      await route(counter, request, response);
    } catch (error) {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        if (!(error instanceof Rejection)) throw error;
        return;
      }
      const known = error instanceof Rejection;
      const trouble = known
        ? error.trouble
        : error instanceof UserError
          ? { status: 400, message: error.line }
          : { status: 500, message: "The server had an error while processing your request." };
      // What was not read of a body would be taken for the next request.
      const unread = !request.complete;
      send(response, trouble.status, openaiDialect.trouble(trouble), {
        "content-type": "application/json",
        ...(unread ? { connection: "close" } : {}),
      });
      if (unread) request.resume();
      if (!known && !(error instanceof UserError)) throw error;
    }
  }
}
