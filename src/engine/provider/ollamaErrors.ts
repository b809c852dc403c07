import { messageOf } from "../../base/errors.ts";
import { textField } from "../../base/untyped.ts";
import type { Outcome } from "../response/outcome.ts";
import { NotJson } from "./leanResponse.ts";
import { parseRetryAfter } from "./limitHeaders.ts";
import { redact } from "./redact.ts";
import { abortedOutcome, malformed, transportOutcome } from "./trouble.ts";

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

/** The message of `{"error": "…"}`, of `{"error": {"message": "…"}}`, or the body itself. */
function refusalText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    return textField(parsed, "error") ?? textField(parsed, "error", "message") ?? body.trim();
  } catch {
    return body.trim().slice(0, 500);
  }
}

/** What an error of a call to Ollama means. Errors that mean nothing here are bugs and are thrown again. */
export function ollamaOutcome(
  error: unknown,
  at: {
    readonly signal: AbortSignal;
    readonly url: string;
    readonly model: string;
    readonly nowMs: number;
    readonly key: string | undefined;
  },
): Outcome {
  if (at.signal.aborted) return abortedOutcome(at.signal);
  if (error instanceof OllamaRefusal) {
    const message = redact(error.message, at.key);
    const { status } = error;
    const retryAfterMs = parseRetryAfter((name) => error.headers.get(name), at.nowMs);
    return (
      wordsOutcome(message, status) ??
      (status === 429
        ? { kind: "rateLimited", message, retryAfterMs }
        : status === 401 || status === 403
          ? { kind: "rejected", reason: "auth", status, message }
          : status === 404
            ? { kind: "rejected", reason: "notFound", status, message: withPullHint(message, at.model) }
            : status >= 500 || status === 408 || status === 409
              ? { kind: "unavailable", reason: "server", status, message, retryAfterMs, body: undefined }
              : { kind: "rejected", reason: "badRequest", status, message })
    );
  }
  const transport = transportOutcome(error, at.url);
  if (transport !== undefined) {
    const refused =
      transport.kind === "unavailable" &&
      transport.reason === "connection" &&
      /nothing listens/.test(transport.message);
    return refused ? { ...transport, message: `${transport.message}: start Ollama or set OLLAMA_HOST` } : transport;
  }
  if (error instanceof NotJson)
    return malformed(`the response is not valid JSON (${error.message})`, undefined, error.body);
  if (error instanceof SyntaxError)
    return malformed(`the response is not valid JSON (${error.message})`, undefined, undefined);
  // An error line inside a stream reaches us as a plain error of the SDK, as does a stream without an end.
  const said = messageOf(error);
  if (error instanceof Error && error.constructor === Error) {
    const message = redact(said, at.key);
    if (/did not receive done/i.test(said))
      return { ...unavailable("the stream ended before the answer did"), reason: "connection" };
    return wordsOutcome(message, undefined) ?? unavailable(message);
  }
  throw error;
}

/** Troubles that Ollama tells apart by words only. */
function wordsOutcome(message: string, status: number | undefined): Outcome | undefined {
  if (/out of memory|requires more system memory|cudaMalloc|unable to allocate|insufficient memory/i.test(message)) {
    return { ...unavailable(message), reason: "outOfMemory", status };
  }
  if (
    /(?:exceed|longer than|larger than|too long).*context|context (?:length|window|size).*exceed|prompt is too long|input length/i.test(
      message,
    )
  ) {
    const limit = /(?:context[^\d]{0,40}|n_ctx["\s:=]+)(\d{2,})/i.exec(message)?.[1];
    return { kind: "tooLong", message, limitTokens: limit === undefined ? undefined : Number(limit) };
  }
  if (/server busy|maximum pending requests/i.test(message))
    return { kind: "rateLimited", message, retryAfterMs: undefined };
  return undefined;
}

function unavailable(message: string): Extract<Outcome, { kind: "unavailable" }> {
  return {
    kind: "unavailable",
    reason: "server",
    status: undefined,
    message,
    retryAfterMs: undefined,
    body: undefined,
  };
}

function withPullHint(message: string, model: string): string {
  return /not found/i.test(message) ? `${message}: get it with ollama pull ${model}` : message;
}
