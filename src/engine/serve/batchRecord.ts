import { randomBytes } from "node:crypto";
import { type Fields, fieldsOf, textField } from "../../base/untyped.ts";
import { chatEndpoint, type LineProblem } from "../batch/lines.ts";
import { refuse } from "./refusals.ts";
import { newFileId } from "./shelf.ts";
import { lifetimeOf } from "./upload.ts";

export type BatchStatus =
  | "validating"
  | "failed"
  | "in_progress"
  | "finalizing"
  | "completed"
  | "expired"
  | "cancelling"
  | "cancelled";

/** Moments in the life of a batch, as OpenAI names them, in ms since the epoch. */
type Moments = Partial<
  Record<"in_progress" | "finalizing" | "completed" | "failed" | "expired" | "cancelling" | "cancelled", number>
>;

/** A batch as the store keeps it. */
export interface BatchRecord {
  readonly id: string;
  readonly sequence: number;
  readonly status: BatchStatus;
  readonly endpoint: string;
  readonly input: string;
  /** Ids of the files that answers and failures are written to from the start; they are on the shelf when the batch has ended. */
  readonly output: string;
  readonly failures: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly moments: Moments;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** How long output files last, in ms. */
  readonly outputLastsMs: number | undefined;
  /** How it is to end once everything under way is written. */
  readonly ending: "completed" | "expired" | "cancelled";
  readonly problems: readonly LineProblem[];
  readonly model: string | undefined;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly usage: { readonly prompt: number; readonly cached: number; readonly completion: number };
  readonly hasOutput: boolean;
  readonly hasFailures: boolean;
}

const windowMs = 86_400_000;

/** A new batch from the body of its request. @throws Rejection for what OpenAI refuses at once; the input file is read later. */
export function newBatch(body: Fields, sequence: number, now: number): BatchRecord {
  const input = body["input_file_id"];
  if (typeof input !== "string")
    refuse(400, "Missing required parameter: 'input_file_id'.", "input_file_id", "missing_required_parameter");
  const { endpoint } = body;
  if (endpoint === undefined)
    refuse(400, "Missing required parameter: 'endpoint'.", "endpoint", "missing_required_parameter");
  if (endpoint !== chatEndpoint)
    refuse(
      400,
      `Invalid value: '${String(endpoint)}'. This server supports '${chatEndpoint}'.`,
      "endpoint",
      "invalid_value",
    );
  if (body["completion_window"] === undefined)
    refuse(400, "Missing required parameter: 'completion_window'.", "completion_window", "missing_required_parameter");
  if (body["completion_window"] !== "24h")
    refuse(
      400,
      `Invalid value: '${String(body["completion_window"])}'. Supported values are: '24h'.`,
      "completion_window",
      "invalid_value",
    );
  const expiry = fieldsOf(body["output_expires_after"]);
  return {
    id: `batch_${randomBytes(16).toString("hex")}`,
    sequence,
    status: "validating",
    endpoint,
    input,
    output: newFileId(),
    failures: newFileId(),
    createdAt: now,
    expiresAt: now + windowMs,
    moments: {},
    metadata: metadataOf(body["metadata"] ?? null),
    outputLastsMs:
      expiry === undefined ? undefined : lifetimeOf(expiry["anchor"], expiry["seconds"], "output_expires_after"),
    ending: "completed",
    problems: [],
    model: undefined,
    counts: { total: 0, completed: 0, failed: 0 },
    usage: { prompt: 0, cached: 0, completion: 0 },
    hasOutput: false,
    hasFailures: false,
  };
}

function metadataOf(given: unknown): BatchRecord["metadata"] {
  if (given === null) return null;
  const fields = fieldsOf(given);
  if (fields === undefined) refuse(400, "Invalid type for 'metadata': expected an object.", "metadata", "invalid_type");
  const names = Object.keys(fields);
  if (names.length > 16)
    refuse(
      400,
      `Invalid 'metadata': too many properties. Expected at most 16, but got ${names.length}.`,
      "metadata",
      "object_above_max_properties",
    );
  const checked: Record<string, string> = {};
  for (const name of names) {
    const value = textField(fields, name);
    if (value === undefined)
      refuse(400, `Invalid type for 'metadata.${name}': expected a string.`, `metadata.${name}`, "invalid_type");
    if (name.length > 64 || value.length > 512)
      refuse(400, `Invalid 'metadata.${name}': string too long.`, `metadata.${name}`, "string_above_max_length");
    checked[name] = value;
  }
  return checked;
}

/** As OpenAI's API shows it. */
export function wireBatch(batch: BatchRecord): object {
  const at = (name: keyof Moments) => secondsOf(batch.moments[name]);
  const { counts, usage } = batch;
  return {
    id: batch.id,
    object: "batch",
    endpoint: batch.endpoint,
    model: batch.model ?? null,
    errors:
      batch.problems.length === 0
        ? null
        : {
            object: "list",
            data: batch.problems.map(({ code, message, param, line }) => ({ code, message, param, line })),
          },
    input_file_id: batch.input,
    completion_window: "24h",
    status: batch.status,
    output_file_id: batch.hasOutput ? batch.output : null,
    error_file_id: batch.hasFailures ? batch.failures : null,
    created_at: secondsOf(batch.createdAt),
    in_progress_at: at("in_progress"),
    expires_at: secondsOf(batch.expiresAt),
    finalizing_at: at("finalizing"),
    completed_at: at("completed"),
    failed_at: at("failed"),
    expired_at: at("expired"),
    cancelling_at: at("cancelling"),
    cancelled_at: at("cancelled"),
    request_counts: counts,
    usage: {
      input_tokens: usage.prompt,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.completion,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.prompt + usage.completion,
    },
    metadata: batch.metadata,
  };
}

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}
