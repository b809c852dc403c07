import type { IncomingMessage, ServerResponse } from "node:http";

export type Headers = Readonly<Record<string, string>>;

/** Largest request body that is read. */
const mostBytes = 64 * 1024 * 1024;

/** Sends a whole body with its length, so that the connection can be used again. */
export function send(response: ServerResponse, status: number, body: string, headers: Headers): void {
  response.writeHead(status, { ...headers, "content-length": String(Buffer.byteLength(body)) });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: Headers = {}): void {
  send(response, status, JSON.stringify(value), { "content-type": "application/json", ...headers });
}

/** The request's body as text; undefined when the client left or sent more than 64 MB. */
export function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) resolve(undefined);
      else chunks.push(chunk);
    });
    request.on("end", () => resolve((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString("utf8")));
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}

/** Aborts when the client goes away before the response has ended. */
export function leaving(response: ServerResponse): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const gone = (): void => controller.abort(new Error("the client went away"));
  response.once("close", gone);
  if (response.destroyed) gone();
  return { signal: controller.signal, release: () => void response.off("close", gone) };
}
