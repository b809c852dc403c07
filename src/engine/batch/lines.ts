import { hash } from "node:crypto";
import { type Fields, field, fieldsOf, numberField, textField } from "../../base/untyped.ts";

/**
 * The lines of OpenAI's batch files (developers.openai.com/api/docs/guides/batch): requests go in as
 * `{custom_id, method, url, body}`, answers come out as `{id, custom_id, response, error}` in any order.
 */
export interface BatchRequest {
  readonly customId: string;
  readonly url: string;
  readonly body: Fields;
}

/** What is wrong with a line of an input file, in OpenAI's words. */
export interface LineProblem {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  /** From 1; null when it is about the whole file. */
  readonly line: number | null;
}

export const chatEndpoint = "/v1/chat/completions";

/** Reads a line of an input file whose requests all go to `endpoint`. */
export function readRequest(text: string, line: number, endpoint: string): BatchRequest | LineProblem {
  const problem = (code: string, message: string, param: string | null = null): LineProblem => ({
    code,
    message,
    param,
    line,
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem("invalid_json_line", "This line is not parseable as valid JSON.");
  }
  const fields = fieldsOf(value);
  if (fields === undefined) return problem("invalid_json_line", "This line is not a JSON object.");
  for (const name of ["custom_id", "method", "url", "body"]) {
    if (fields[name] === undefined || fields[name] === null)
      return problem("missing_required_parameter", `Missing required parameter: '${name}'.`, name);
  }
  const { custom_id: customId, method, url, body: given } = fields;
  if (typeof customId !== "string" || customId === "")
    return problem("invalid_type", "Invalid type for 'custom_id': expected a non-empty string.", "custom_id");
  if (method !== "POST") return problem("invalid_method", "The method of this request must be 'POST'.", "method");
  if (url !== endpoint)
    return problem("url_mismatch", `The URL provided for this request does not match the batch endpoint.`, "url");
  const body = fieldsOf(given);
  if (body === undefined) return problem("invalid_type", "Invalid type for 'body': expected an object.", "body");
  if (typeof body["model"] !== "string" || body["model"] === "")
    return problem("missing_required_parameter", "Missing required parameter: 'body.model'.", "body.model");
  return { customId, url, body };
}

export function isProblem(read: BatchRequest | LineProblem): read is LineProblem {
  return "code" in read;
}

/** A request as a line of an input file. */
export function requestLine(customId: string, body: object): string {
  return JSON.stringify({ custom_id: customId, method: "POST", url: chatEndpoint, body });
}

/** Names the answer to a request: another text of it has another name. */
export function answerId(seed: string, requestText: string): string {
  return `batch_req_${hash("sha1", seed + requestText, "hex").slice(0, 24)}`;
}

/** What Layout Lab notes beside an answer in files of its own; other readers pass over it. */
export interface OwnNote {
  /** Full id of the model that was asked. */
  readonly model: string;
  readonly latency_ms: number | null;
  readonly attempts: number;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  /** Memory in use on the fullest card then; absent where no local model was asked. */
  readonly vram_mb?: number;
  /** Whoever answered takes no money for it. */
  readonly free?: true;
}

/** An answer the model gave, or the error it was refused with. */
export function answerLine(
  id: string,
  customId: string,
  response: { readonly status: number; readonly requestId: string; readonly body: unknown },
  note?: OwnNote,
): string {
  const { status, requestId, body } = response;
  return JSON.stringify({
    id,
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body },
    error: null,
    ...(note === undefined ? {} : { layoutlab: note }),
  });
}

/** A request that was never sent, or never answered. */
export function unsentLine(id: string, customId: string, code: string, message: string): string {
  return JSON.stringify({ id, custom_id: customId, response: null, error: { code, message } });
}

/** A line of an output or error file, whoever wrote it. */
export interface BatchAnswer {
  readonly id: string;
  readonly customId: string;
  /** Undefined when it was not sent. */
  readonly status: number | undefined;
  /** The completion, when the status is 200. */
  readonly body: unknown;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly note: Partial<OwnNote> | undefined;
}

/** Undefined for a line that is no answer. */
export function readBatchAnswer(text: string): BatchAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const customId = textField(value, "custom_id");
  if (customId === undefined) return undefined;
  const status = numberField(value, "response", "status_code");
  const body = field(value, "response", "body");
  const trouble = fieldsOf(field(value, "error")) ?? fieldsOf(field(body, "error"));
  const failed = status !== 200 || trouble !== undefined;
  return {
    id: textField(value, "id") ?? "",
    customId,
    status,
    body,
    error: failed
      ? {
          code:
            textField(trouble, "code") ??
            textField(trouble, "type") ??
            (status === undefined ? "no_answer" : `status_${status}`),
          message: textField(trouble, "message") ?? "the line gives no reason",
        }
      : undefined,
    note: fieldsOf(field(value, "layoutlab")) as Partial<OwnNote> | undefined,
  };
}
