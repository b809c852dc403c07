import { messageOf } from "../../base/errors.ts";
import { fieldsOf } from "../../base/untyped.ts";
import { NotJson } from "./leanResponse.ts";
import { OllamaRefusal } from "./ollamaErrors.ts";

/**
 * The same response, whose body fails at the first line that is no JSON object. The SDK would print such a line and go on, and
 * an answer with a hole in it would pass for whole.
 */
export function wholeLines(response: Response): Response {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  const checked = response.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        rest += decoder.decode(chunk, { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (holds(line)) controller.enqueue(encoder.encode(`${line}\n`));
      },
      flush(controller) {
        rest += decoder.decode();
        if (holds(rest)) controller.enqueue(encoder.encode(`${rest}\n`));
      },
    }),
  );
  return new Response(checked ?? null, { headers: response.headers });
}

/** False for an empty line; throws for one that is no JSON object, or that reports an error of the server's. */
function holds(line: string): boolean {
  if (line.trim() === "") return false;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new NotJson(messageOf(error), line);
  }
  const fields = fieldsOf(value);
  if (fields === undefined) throw new NotJson("a line is no object", line);
  if ("error" in fields) throw new OllamaRefusal(500, line, new Headers());
  return true;
}
