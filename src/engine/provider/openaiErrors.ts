import { APIConnectionError, APIError } from "openai";
import type { Outcome } from "../response/outcome.ts";
import { parseRetryAfter } from "./limitHeaders.ts";
import { redact } from "./redact.ts";
import { abortedOutcome, connectionLost, hostOf, malformed, nothingListens, transportOutcome } from "./trouble.ts";

interface Circumstances {
  readonly signal: AbortSignal;
  readonly baseUrl: string;
  readonly key: string | undefined;
  /** Wall time, for `Retry-After` dates. */
  readonly nowMs: number;
}

/** What an error thrown by the SDK means. Errors that mean nothing here are bugs and are thrown again. */
export function openaiOutcome(error: unknown, at: Circumstances): Outcome {
  if (at.signal.aborted) return abortedOutcome(at.signal);
  const transport = transportOutcome(error, at.baseUrl);
  if (transport !== undefined) {
    const silent = transport.kind === "unavailable" && transport.message.endsWith(nothingListens);
    return silent
      ? { ...transport, message: `${transport.message}: start the server, or correct OPENAI_BASE_URL` }
      : transport;
  }
  if (error instanceof APIConnectionError) return connectionLost(`${hostOf(at.baseUrl)}: ${error.message}`);
  if (error instanceof APIError) return statusOutcome(error, at);
  if (error instanceof SyntaxError) return malformed(error.message, undefined, undefined);
  throw error;
}

const whatToDo = { auth: "check the key", quota: "check the account's plan and billing" };

const quotaCodes = /insufficient_quota|billing_hard_limit|billing_not_active|credit_balance/;
const lengthWords =
  /context[ _-]?length|context[ _-]?window|context[ _-]?size|maximum (?:context|number of tokens|input)|prompt is too long|too many (?:input )?tokens|input is too long|string_above_max_length/i;
const filterWords =
  /content_filter|content[ _]policy|content management policy|ResponsibleAIPolicyViolation|moderation_blocked/i;

function statusOutcome(error: InstanceType<typeof APIError>, at: Circumstances): Outcome {
  const status: number | undefined = error.status;
  const message = redact(error.message, at.key);
  const signs = `${error.code ?? ""} ${error.type ?? ""}`;
  const words = `${signs} ${error.message}`;
  const retryAfterMs = parseRetryAfter((name) => error.headers?.get(name) ?? null, at.nowMs);
  const rejected = (reason: "auth" | "quota"): Outcome => ({
    kind: "rejected",
    reason,
    status,
    message: `${message.replace(/\.$/, "")}: ${whatToDo[reason]}`,
  });
  if (status === 429) {
    return quotaCodes.test(signs) || /exceeded your current quota/i.test(message)
      ? rejected("quota")
      : { kind: "rateLimited", message, retryAfterMs };
  }
  if (status === 402) return rejected("quota");
  if (status === 401 || status === 403) return rejected("auth");
  // Some servers answer 500 to a prompt that does not fit, and streams carry errors without a status.
  if (lengthWords.test(words) || status === 413) return { kind: "tooLong", message, limitTokens: limitIn(message) };
  if (filterWords.test(words)) return { kind: "filtered", message };
  if (status === 404) {
    // Without a code of OpenAI's own, it is likelier the path than the model that is wrong.
    const astray = !error.code && !/\/v\d+\b/.test(at.baseUrl);
    return {
      kind: "rejected",
      reason: "notFound",
      status,
      message: astray
        ? `${message} (should OPENAI_BASE_URL end in /v1?)`
        : `${message.replace(/\.$/, "")}: check the model's name`,
    };
  }
  const elsewhere = status !== undefined && status >= 300 && status < 400 ? error.headers?.get("location") : undefined;
  if (elsewhere) {
    return {
      kind: "rejected",
      reason: "badRequest",
      status,
      message: `the server sends elsewhere: set OPENAI_BASE_URL after ${redact(elsewhere, at.key)}`,
    };
  }
  if (status === undefined && /rate_limit/.test(signs)) return { kind: "rateLimited", message, retryAfterMs };
  if (status === undefined || status >= 500 || status === 408 || status === 409 || status === 425) {
    const reason = /out of memory/i.test(message) ? "outOfMemory" : status === 408 ? "timeout" : "server";
    return { kind: "unavailable", reason, status, message, retryAfterMs, body: undefined };
  }
  return { kind: "rejected", reason: "badRequest", status, message };
}

/** The limit a refusal for length names. */
function limitIn(message: string): number | undefined {
  const match = /(?:context length|context window|context size|maximum|limit)[^\d]{0,40}?([\d,]{3,})/i.exec(message);
  return match?.[1] === undefined ? undefined : Number(match[1].replaceAll(",", ""));
}
