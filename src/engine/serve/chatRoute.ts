import type { IncomingMessage, ServerResponse } from "node:http";
import { fieldsOf } from "../../base/untyped.ts";
import type { Asked, Asker } from "../batch/asker.ts";
import { chunks, completionHead } from "../batch/chat.ts";
import { openaiDialect } from "../wire/openaiDialect.ts";
import { bodyOf, leaving, sendJson } from "../wire/respond.ts";
import { refuse } from "./refusals.ts";

/** Answers one chat completion, whole or as server-sent events. @throws Rejection before anything is answered. */
export async function answerChat(
  asker: Asker,
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number,
): Promise<void> {
  const body = await jsonBody(request);
  const ready = await asker.read(body);
  const left = leaving(response);
  const common = { signal: left.signal, owner: "chat" };
  try {
    if (!ready.stream) {
      const asked = await asker.send(ready, common);
      if (!left.signal.aborted) sendJson(response, asked.status, asked.body, retryHeaders(asked));
      return;
    }
    const write = chunks(completionHead(ready.asked, now()), ready.includeUsage);
    const begin = () => {
      if (response.headersSent) return;
      response.writeHead(200, {
        "content-type": openaiDialect.streamType,
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
      });
      response.write(write.first());
    };
    const asked = await asker.send(ready, {
      ...common,
      onText(added) {
        if (left.signal.aborted) return;
        begin();
        response.write(write.text(added));
      },
    });
    if (left.signal.aborted) return;
    if (asked.answer !== undefined) {
      begin();
      response.end(write.last(asked.answer, ready.request.messages));
    } else if (response.headersSent) {
      // The status is out: a stream tells its trouble as an event, and ends without [DONE].
      response.end(openaiDialect.streamed(JSON.stringify(asked.body)));
    } else sendJson(response, asked.status, asked.body, retryHeaders(asked));
  } finally {
    left.release();
  }
}

function retryHeaders({ outcome }: Asked): Readonly<Record<string, string>> {
  const ms = outcome.kind === "rateLimited" || outcome.kind === "unavailable" ? outcome.retryAfterMs : undefined;
  return ms === undefined ? {} : { "retry-after": String(Math.ceil(ms / 1000)) };
}

/** The body as an object. @throws Rejection when it is none. */
export async function jsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = await bodyOf(request);
  if (text === undefined) refuse(413, "The request body is too large.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const trouble = openaiDialect.unparsable(text, error);
    refuse(trouble.status, trouble.message);
  }
  return fieldsOf(value) ?? refuse(400, "The request body must be a JSON object.");
}
