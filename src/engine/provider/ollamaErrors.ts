import { textField } from "../../base/untyped.ts";
import type { Outcome } from "../response/outcome.ts";
import { NotJson } from "./leanResponse.ts";
import { parseRetryAfter } from "./limitHeaders.ts";
import { redact } from "./redact.ts";
import { abortedOutcome, connectionLost, malformed, nothingListens, transportOutcome } from "./trouble.ts";

/** A refusal with its whole text; the SDK would print it and drop the headers. */
export class OllamaRefusal extends Error {
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, body: string, headers: Headers) {
    super(refusalText(body) || `status ${status} without a message`);
    this.name = "OllamaRefusal";
    this.status = status;
    this.headers = headers;
  }
}

/**
 * The message of `{"error": "…"}`, of `{"error": {"message": "…"}}`, or the body itself. Ollama passes on what its runner said,
 * so the message may be such a body again.
 */
function refusalText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const said = textField(parsed, "error") ?? textField(parsed, "error", "message");
    if (said === undefined) return body.trim();
    return said.startsWith("{") ? refusalText(said) : said;
  } catch {
    return body.trim().slice(0, 500);
  }
}

interface Circumstances {
  readonly signal: AbortSignal;
  readonly url: string;
  readonly model: string;
  /** Wall time, for `Retry-After` dates. */
  readonly nowMs: number;
  readonly key: string | undefined;
}

/** What an error of a call to Ollama means. Errors that mean nothing here are bugs and are thrown again. */
export function ollamaOutcome(error: unknown, at: Circumstances): Outcome {
  if (at.signal.aborted) return abortedOutcome(at.signal);
  if (error instanceof OllamaRefusal) return refusalOutcome(error, at);
  const transport = transportOutcome(error, at.url);
  if (transport !== undefined) {
    const silent = transport.kind === "unavailable" && transport.message.endsWith(nothingListens);
    return silent ? { ...transport, message: `${transport.message}: start Ollama, or set OLLAMA_HOST` } : transport;
  }
  if (error instanceof SyntaxError) {
    const body = error instanceof NotJson ? error.body : undefined;
    return malformed(`the response is not valid JSON (${error.message})`, undefined, body, at.key);
  }
  // The SDK's own words for a stream that stops.
  if (error instanceof Error && /did not receive done/i.test(error.message)) {
    return connectionLost("the stream ended before the answer did");
  }
  throw error;
}

function refusalOutcome(refusal: OllamaRefusal, at: Circumstances): Outcome {
  const { status } = refusal;
  const message = redact(refusal.message, at.key);
  const retryAfterMs = parseRetryAfter((name) => refusal.headers.get(name), at.nowMs);
  const known = wordsOutcome(message, status);
  if (known !== undefined) return known;
  if (status === 429) return { kind: "rateLimited", message, retryAfterMs };
  if (status === 401 || status === 403) return { kind: "rejected", reason: "auth", status, message };
  if (status === 404) {
    const hint = /not found/i.test(message) ? `: get it with ollama pull ${at.model}` : "";
    return { kind: "rejected", reason: "notFound", status, message: message + hint };
  }
  if (status >= 500 || status === 408 || status === 409) {
    return { kind: "unavailable", reason: "server", status, message, retryAfterMs, body: undefined };
  }
  return { kind: "rejected", reason: "badRequest", status, message };
}

const memoryWords = /out of memory|requires more system memory|cudaMalloc|unable to allocate|insufficient memory/i;
const lengthWords =
  /(?:exceed|longer than|larger than|too long).*context|context (?:length|window|size).*exceed|prompt is too long|input length/i;

/** Troubles that Ollama tells apart by words only. */
function wordsOutcome(message: string, status: number): Outcome | undefined {
  if (memoryWords.test(message)) {
    return { kind: "unavailable", reason: "outOfMemory", status, message, retryAfterMs: undefined, body: undefined };
  }
  if (lengthWords.test(message)) {
    const limit = /(?:context[^\d]{0,40}|n_ctx["\s:=]+)(\d{2,})/i.exec(message)?.[1];
    return { kind: "tooLong", message, limitTokens: limit === undefined ? undefined : Number(limit) };
  }
  if (/server busy|maximum pending requests/i.test(message)) {
    return { kind: "rateLimited", message, retryAfterMs: undefined };
  }
  return undefined;
}
