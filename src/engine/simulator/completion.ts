import { hash as digest } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Asked, type Dialect, Rejection, type Trouble } from "../wire/dialect.ts";
import { type Headers, leaving, send } from "../wire/respond.ts";
import { answer } from "./answer.ts";
import { drawsOf } from "./chance.ts";
import { type Desk, limitHeaders } from "./desk.ts";
import { admit, goDuration, type Refusal } from "./rateLimit.ts";

/** Takes one completion request through everything that can stop it, in the order of a real service, then has it answered. */
export async function complete(
  desk: Desk,
  dialect: Dialect,
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { counters, options } = desk;
  counters.requests++;
  const tell = (trouble: Trouble, headers: Headers = {}): void =>
    send(response, trouble.status, dialect.trouble(trouble), { "content-type": "application/json", ...headers });

  const asked = readOrReject(desk, dialect, body);
  if ("status" in asked) {
    counters.rejected++;
    return tell(asked);
  }
  const { model } = asked;
  counters.model(model).requests++;
  const hash = options.hashBodies === false ? undefined : digest("sha1", body, "hex").slice(0, 16);
  const occurrence = hash === undefined ? counters.requests : counters.arrived(hash);

  const dead = options.deadModels?.find((one) => one.model === model);
  if (dead?.how === "refuse") {
    request.socket.destroy();
    return;
  }
  if (dead?.how === "unavailable") return tell({ status: 503, message: "The server is overloaded or not ready yet." });
  if (dead?.how === "hang") return hang(desk, response);

  const refuse = (trouble: Trouble, headers: Headers = {}): void => {
    counters.refuse(model, desk.now());
    tell(trouble, headers);
  };
  if (options.concurrency !== undefined && counters.inFlight >= options.concurrency) {
    return refuse(busy(dialect), limitHeaders(desk, model));
  }
  const promptTokens = desk.count(asked.messages);
  // OpenAI charges the larger of the prompt's estimate and max_tokens.
  const refusal = admit(desk.limitersOf(model), Math.max(promptTokens, asked.maxTokens ?? 0), desk.now());
  if (refusal !== undefined) {
    return refuse(limitTrouble(model, refusal), { ...limitHeaders(desk, model), ...retryHeaders(refusal) });
  }
  counters.accepted(desk.now());
  try {
    const random = drawsOf(options.seed ?? 1, hash ?? "", occurrence);
    await answer(desk, dialect, asked, { promptTokens, hash, random, response });
  } finally {
    counters.inFlight--;
  }
}

function readOrReject(desk: Desk, dialect: Dialect, body: string): Asked | Trouble {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return dialect.unparsable(body, error);
  }
  try {
    const asked = dialect.read(value);
    return desk.serves(asked.model) ? asked : dialect.unknownModel(asked.model);
  } catch (error) {
    if (error instanceof Rejection) return error.trouble;
    throw error;
  }
}

async function hang(desk: Desk, response: ServerResponse): Promise<void> {
  const left = leaving(response);
  await new Promise<void>((resolve) => {
    if (left.signal.aborted) resolve();
    else left.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  desk.counters.aborted++;
}

function busy(dialect: Dialect): Trouble {
  return dialect.name === "ollama"
    ? { status: 503, message: "server busy, please try again.  maximum pending requests exceeded" }
    : {
        status: 429,
        message: "Too many requests are being answered at once.",
        type: "requests",
        code: "rate_limit_exceeded",
      };
}

function limitTrouble(model: string, refusal: Refusal): Trouble {
  const code = "rate_limit_exceeded";
  if (refusal.kind === "tooLarge") {
    const { limit, needed } = refusal;
    const message = `Request too large for ${model} on tokens per min (TPM): Limit ${limit}, Requested ${needed}. The input or output tokens must be reduced in order to run successfully.`;
    return { status: 429, message, type: "tokens", code };
  }
  const { what, limit, used, needed, waitMs } = refusal;
  const kind = what === "requests" ? "requests per min (RPM)" : "tokens per min (TPM)";
  const message = `Rate limit reached for ${model} on ${kind}: Limit ${limit}, Used ${Math.ceil(used)}, Requested ${needed}. Please try again in ${goDuration(waitMs)}.`;
  return { status: 429, message, type: what, code };
}

function retryHeaders(refusal: Refusal): Headers {
  if (refusal.kind === "tooLarge" || !refusal.tell) return {};
  return {
    "retry-after": String(Math.ceil(refusal.waitMs / 1_000)),
    "retry-after-ms": String(Math.ceil(refusal.waitMs)),
  };
}
