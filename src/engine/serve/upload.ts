import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { finished, pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { refuse } from "./refusals.ts";
import { newFileId, type Shelf, type ShelvedFile } from "./shelf.ts";

const purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"];
const formBytes = 65_536;
const dayMs = 86_400_000;

/**
 * Takes a multipart upload to the disk as it comes; nothing is kept of one that breaks off, is too large or is refused.
 * @throws Rejection with what is wrong with it.
 */
export async function receiveFile(request: IncomingMessage, shelf: Shelf, maxBytes: number): Promise<ShelvedFile> {
  const contentType = request.headers["content-type"];
  if (contentType === undefined || !/^multipart\/form-data\s*;.*boundary=/i.test(contentType))
    refuse(400, "Expected a multipart/form-data request with the fields 'file' and 'purpose'.");
  // What the form adds to its file is little.
  if (Number(request.headers["content-length"] ?? 0) > maxBytes + formBytes) tooLarge(maxBytes);
  const place = shelf.uploadPath();
  const id = newFileId();
  try {
    const { fields, filename, truncated } = await parse(request, contentType, place, maxBytes);
    if (truncated) tooLarge(maxBytes);
    const purpose = fields.get("purpose");
    if (filename === undefined) refuse(400, "'file' is a required property", "file", "missing_required_parameter");
    if (purpose === undefined) refuse(400, "'purpose' is a required property", "purpose", "missing_required_parameter");
    if (!purposes.includes(purpose))
      refuse(400, `'${purpose}' is not one of ${purposes.map((one) => `'${one}'`).join(", ")} - 'purpose'`, "purpose");
    if (purpose === "batch" && !filename.toLowerCase().endsWith(".jsonl"))
      refuse(400, "Invalid file format for Batch API. Must be .jsonl", "file");
    const lastsMs = lifetime(fields) ?? (purpose === "batch" ? 30 * dayMs : undefined);
    await rename(place, shelf.path(id));
    return await shelf.add(id, { filename, purpose, lastsMs });
  } catch (error) {
    for (const kept of [place, shelf.path(id)]) await rm(kept, { force: true });
    throw error;
  }
}

function tooLarge(maxBytes: number): never {
  return refuse(413, `The file is larger than the ${maxBytes} bytes that this server takes.`, "file", "file_too_large");
}

interface Parsed {
  readonly fields: ReadonlyMap<string, string>;
  readonly filename: string | undefined;
  readonly truncated: boolean;
}

async function parse(request: IncomingMessage, contentType: string, place: string, maxBytes: number): Promise<Parsed> {
  const fields = new Map<string, string>();
  let filename: string | undefined;
  let truncated = false;
  let writing: Promise<void> = Promise.resolve();
  let closed: Promise<void> = Promise.resolve();
  const broken = new AbortController();
  let parser: InstanceType<typeof Busboy>;
  try {
    parser = new Busboy({
      headers: { ...request.headers, "content-type": contentType },
      limits: { fileSize: maxBytes, files: 1, fields: 16, fieldSize: 4096, parts: 20 },
    });
  } catch {
    return refuse(400, "The multipart body could not be read.");
  }
  parser.on("field", (name: string, value: string) => fields.set(name, value));
  parser.on("file", (name: string, stream: NodeJS.ReadableStream & { truncated: boolean }, given: string) => {
    if (name !== "file") {
      stream.resume();
      return;
    }
    filename = given || "upload";
    const file = createWriteStream(place, { flags: "wx" });
    closed = new Promise((resolve) => file.once("close", resolve));
    writing = pipeline(stream, file, { signal: broken.signal }).then(() => {
      truncated = stream.truncated;
    });
    // What is not written any more would hold the body up for ever.
    writing.catch((error: Error) => parser.destroy(error));
  });
  // A client that goes away ends the request, and the parser would wait for the rest.
  request.once("close", () => parser.destroy());
  try {
    // No pipeline, which would take the connection down and the answer with it.
    request.pipe(parser);
    await finished(parser);
    await writing;
  } catch (error) {
    // The first failure is the cause. What is there of the file is removed next, so it must be closed.
    broken.abort();
    await closed;
    if (error instanceof Error && "syscall" in error) throw error;
    refuse(400, "The multipart body could not be read.");
  }
  return { fields, filename, truncated };
}

/** Milliseconds of `expires_after`; undefined when there is none. */
function lifetime(fields: ReadonlyMap<string, string>): number | undefined {
  const anchor = fields.get("expires_after[anchor]");
  const seconds = fields.get("expires_after[seconds]");
  if (anchor === undefined && seconds === undefined) return undefined;
  return lifetimeOf(anchor, Number(seconds), "expires_after");
}

/** Checks an expiry as files and batches give it; milliseconds. */
export function lifetimeOf(anchor: unknown, seconds: unknown, param: string): number {
  if (anchor !== "created_at") refuse(400, `Invalid value for '${param}.anchor': expected 'created_at'.`, param);
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 3600 || seconds > 2_592_000)
    refuse(400, `Invalid value for '${param}.seconds': expected an integer from 3600 to 2592000.`, param);
  return seconds * 1000;
}
