import type { ServerResponse } from "node:http";
import type { Asked, Dialect } from "../wire/dialect.ts";
import { type Headers, send } from "../wire/respond.ts";
import type { Fault } from "./chance.ts";
import type { Faults } from "./options.ts";
import type { Written } from "./pieces.ts";

/** Sends what a fault puts in the answer's place; false when the fault leaves the answer to be written. */
export function breakReply(
  fault: Fault,
  dialect: Dialect,
  asked: Asked,
  response: ServerResponse,
  headers: Headers,
  { retryAfterSeconds = 1 }: Faults,
): boolean {
  const tell = (status: number, message: string, code: string | null, more: Headers = {}): true => {
    const type = status === 429 ? "requests" : "server_error";
    const body = dialect.trouble({ status, message, type, code });
    send(response, status, body, { "content-type": "application/json", ...headers, ...more });
    return true;
  };
  const write = (line: string): true => {
    const type = asked.stream ? dialect.streamType : "application/json";
    send(response, 200, asked.stream ? dialect.streamed(line) : line, { "content-type": type, ...headers });
    return true;
  };
  switch (fault) {
    case "rateLimited":
      return tell(
        429,
        `Rate limit reached for ${asked.model}. Please try again in ${retryAfterSeconds}s.`,
        "rate_limit_exceeded",
        {
          "retry-after": String(retryAfterSeconds),
        },
      );
    case "serverError":
      return tell(500, "The server had an error while processing your request. Sorry about that!", null);
    case "unavailable":
      return tell(503, "The engine is currently overloaded, please try again later.", null);
    case "malformedJson":
      return write(
        `{"id":"chatcmpl-1","object":"chat.completion","model":${JSON.stringify(asked.model)},"choices":[{"index":0,"mess`,
      );
    case "wrongSchema":
      return write('{"result":"ok","data":[1,2,3]}');
    case "wrongContentType":
      send(response, 200, "<!doctype html><html><body><h1>Sign in to the network</h1></body></html>", {
        ...headers,
        "content-type": "text/html",
      });
      return true;
    case "empty":
      send(response, 200, "", { "content-type": asked.stream ? dialect.streamType : "application/json", ...headers });
      return true;
    case "hang":
    case "cut":
    case "huge":
    case "badAnswer":
      return false;
  }
}

/** An answer of ten megabytes, in pieces of 64 KiB. */
export function hugeAnswer(): Written {
  const piece = "lorem ipsum ".repeat(5_462).slice(0, 65_536);
  const pieces = Array.from({ length: 160 }, () => piece);
  return { text: pieces.join(""), pieces, finish: "stop" };
}

/** An answer that nobody can use: JSON that breaks off when JSON was asked for, prose otherwise. */
export function badAnswer(asked: Asked): string {
  const json = asked.json || asked.messages.some(({ content }) => /\bJSON\b/.test(content));
  return json ? '{"answer": "unfinished' : "Several of these seem to fit, and it is hard to say which one is meant.";
}
