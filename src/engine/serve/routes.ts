import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Asker } from "../batch/asker.ts";
import { sendJson } from "../wire/respond.ts";
import { wireBatch } from "./batchRecord.ts";
import { answerChat, jsonBody } from "./chatRoute.ts";
import type { Desk } from "./desk.ts";
import { noFile, page, refuse } from "./refusals.ts";
import { type Shelf, wireFile } from "./shelf.ts";
import { receiveFile } from "./upload.ts";

/** What the routes answer from. */
export interface Counter {
  readonly shelf: Shelf;
  readonly desk: Desk;
  readonly asker: Asker;
  readonly maxUploadBytes: number;
  /** Names that can be asked for. */
  models(): Promise<readonly string[]>;
  now(): number;
}

/** Finds out what a request is for and answers it. @throws Rejection with what OpenAI would answer instead. */
export async function route(counter: Counter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
  const method = request.method ?? "GET";
  const parts = pathname.replace(/^\/v1\//, "").split("/");
  const [kind, given, verb] = parts;
  const id = given === undefined ? undefined : decoded(given);
  const asked =
    pathname.startsWith("/v1/") && parts.length <= 3
      ? `${method} ${kind}${id ? "/id" : ""}${verb ? `/${verb}` : ""}`
      : "";
  if (pathname === "/v1/chat/completions") {
    if (method !== "POST") wrongMethod(method, pathname);
    return answerChat(counter.asker, request, response, counter.now);
  }
  switch (asked) {
    case "POST files":
      return sendJson(response, 200, wireFile(await receiveFile(request, counter.shelf, counter.maxUploadBytes)));
    case "GET files":
      return listFiles(counter, searchParams, response);
    case "GET files/id":
      return sendJson(response, 200, wireFile(fileOf(counter, id)));
    case "GET files/id/content":
      return sendContent(counter, id, response);
    case "DELETE files/id":
      return deleteFile(counter, id, response);
    case "POST batches":
      return sendJson(response, 200, wireBatch(await counter.desk.create(await jsonBody(request))));
    case "GET batches":
      return listBatches(counter, searchParams, response);
    case "GET batches/id":
      return sendJson(response, 200, wireBatch(counter.desk.get(id ?? "")));
    case "POST batches/id/cancel":
      return sendJson(response, 200, wireBatch(await counter.desk.cancel(id ?? "")));
    case "GET models":
      return sendJson(response, 200, { object: "list", data: (await counter.models()).map(wireModel) });
    default:
      break;
  }
  // A model's name may hold slashes.
  const model = method === "GET" && pathname.startsWith("/v1/models/") ? decoded(pathname.slice(11)) : undefined;
  if (model !== undefined) {
    if (counter.asker.resolve(model) === undefined && !(await counter.models()).includes(model))
      refuse(404, `The model '${model}' does not exist`, "model", "model_not_found");
    return sendJson(response, 200, wireModel(model));
  }
  if (/^\/v1\/(files|batches|models)$/.test(pathname)) wrongMethod(method, pathname);
  refuse(404, `Invalid URL (${method} ${pathname})`);
}

function wrongMethod(method: string, path: string): never {
  return refuse(
    405,
    `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`,
    null,
    "method_not_supported",
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(400, "The URL is not encoded as it should be.");
  }
}

function fileOf({ shelf }: Counter, id: string | undefined) {
  return shelf.get(id ?? "") ?? noFile(id ?? "");
}

function listFiles({ shelf }: Counter, query: URLSearchParams, response: ServerResponse): void {
  const purpose = query.get("purpose");
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc")
    refuse(400, `Invalid value: '${order}'. Supported values are: 'asc' and 'desc'.`, "order", "invalid_value");
  const fitting = shelf.list().filter((file) => purpose === null || file.purpose === purpose);
  const { items, more } = page(order === "asc" ? fitting.toReversed() : fitting, query, {
    usual: 10_000,
    most: 10_000,
  });
  sendJson(response, 200, listOf(items, items.map(wireFile), more));
}

function listBatches({ desk }: Counter, query: URLSearchParams, response: ServerResponse): void {
  const { items, more } = page(desk.list(), query, { usual: 20, most: 100 });
  sendJson(response, 200, listOf(items, items.map(wireBatch), more));
}

function listOf(items: readonly { readonly id: string }[], data: readonly object[], more: boolean): object {
  return { object: "list", data, first_id: items[0]?.id ?? null, last_id: items.at(-1)?.id ?? null, has_more: more };
}

async function sendContent(counter: Counter, id: string | undefined, response: ServerResponse): Promise<void> {
  const file = fileOf(counter, id);
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": String(file.bytes),
    "content-disposition": `attachment; filename="${encodeURIComponent(file.filename)}"`,
  });
  await pipeline(createReadStream(counter.shelf.path(file.id)), response).catch((error: unknown) => {
    response.destroy();
    // A client that goes away in the middle is nobody's trouble; a file that cannot be read is.
    if (!(error instanceof Error && "code" in error && clientGone.has(String(error.code)))) throw error;
  });
}

const clientGone: ReadonlySet<string> = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

async function deleteFile(counter: Counter, id: string | undefined, response: ServerResponse): Promise<void> {
  const file = fileOf(counter, id);
  const user = counter.desk.user(file.id);
  if (user !== undefined)
    refuse(
      400,
      `The file ${file.id} is the input of ${user}, which has not ended. Cancel the batch first.`,
      "id",
      "file_in_use",
    );
  await counter.shelf.remove(file.id);
  sendJson(response, 200, { id: file.id, object: "file", deleted: true });
}

function wireModel(id: string): object {
  return { id, object: "model", created: 1_767_225_600, owned_by: "layoutlab" };
}
