import { messageOf } from "../../base/errors.ts";
import type { Outcome } from "../response/outcome.ts";
import { ResponseTooLarge } from "./leanResponse.ts";
import { redact } from "./redact.ts";

/** The most of a bad body that is kept for the record. */
const keptBody = 10_000;

/** What an aborted signal means: the engine's own timeout, or somebody who did not want the answer any more. */
export function abortedOutcome(signal: AbortSignal): Outcome {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error) || reason.name !== "TimeoutError") return { kind: "cancelled" };
  return {
    kind: "unavailable",
    reason: "timeout",
    status: undefined,
    message: reason.message,
    retryAfterMs: undefined,
    body: undefined,
  };
}

/** An answer that is none: what arrived is kept, and asking again may help. */
export function malformed(
  message: string,
  status: number | undefined,
  body: string | undefined,
  secret?: string | undefined,
): Outcome {
  return {
    kind: "unavailable",
    reason: "malformed",
    status,
    message,
    retryAfterMs: undefined,
    body: body === undefined ? undefined : redact(body.slice(0, keptBody), secret),
  };
}

/** A key that the host's store of secrets did not hand out. */
export function keyTrouble(error: unknown): Outcome {
  return {
    kind: "rejected",
    reason: "auth",
    status: undefined,
    message: `the key could not be read (${messageOf(error)})`,
  };
}

export const nothingListens = "nothing listens there";

const plainWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: nothingListens,
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "the host does not answer",
  UND_ERR_CONNECT_TIMEOUT: "the host does not answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no network",
  UND_ERR_DESTROYED: "the provider was closed",
  UND_ERR_CLOSED: "the provider was closed",
};

/**
 * The outcome for an error of the transport, undefined for an error that is none. SDKs wrap such errors, so the whole chain
 * of causes is looked at.
 */
export function transportOutcome(error: unknown, url: string): Outcome | undefined {
  for (const link of causes(error)) {
    if (link instanceof ResponseTooLarge) return malformed(link.message, undefined, undefined);
    const code = "code" in link && typeof link.code === "string" ? link.code : undefined;
    // Node's own argument errors (ERR_*) are bugs of ours; certificate and HTTP parser errors carry other prefixes.
    if (
      code !== undefined &&
      /^(E[A-Z]+$|EAI_|UND_ERR_|HPE_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL)/.test(code)
    ) {
      return connectionLost(`${hostOf(url)}: ${plainWords[code] ?? `${link.message} (${code})`}`);
    }
  }
  return undefined;
}

export function connectionLost(message: string): Outcome {
  return {
    kind: "unavailable",
    reason: "connection",
    status: undefined,
    message: redact(message),
    retryAfterMs: undefined,
    body: undefined,
  };
}

/** Host and port of a URL, for messages: a URL may carry credentials. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

function* causes(error: unknown): Generator<Error> {
  let at = error;
  for (let depth = 0; depth < 6 && at instanceof Error; depth++) {
    yield at;
    if (at instanceof AggregateError) for (const one of at.errors) if (one instanceof Error) yield one;
    at = at.cause;
  }
}

/** The value, or undefined as soon as the signal is aborted. */
export function orAborted<T>(value: T | Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    Promise.resolve(value)
      .then((said) => resolve(signal.aborted ? undefined : said), reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
