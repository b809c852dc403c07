import type { ToolCall } from "../prompt/prompt.ts";

/** Tokens as the provider reported them; undefined where it did not. */
export interface Usage {
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  /** The part of the prompt tokens that was served from the provider's prefix cache. */
  readonly cachedTokens: number | undefined;
}

/** Facts that came with a recorded output; absent where the line had none. */
export interface Recorded {
  /** In [0, 1]. */
  readonly confidence?: number;
  /** The right answer, for lines that travel without their task. */
  readonly expected?: string;
  /** The score in [0, 1], already known. */
  readonly correct?: number;
}

/** Milliseconds of one physical call; queue wait is never part of it. */
export interface Timing {
  readonly latencyMs: number;
  /** Undefined when the answer was not streamed. */
  readonly firstTokenMs: number | undefined;
  /** Time a local model took to load, already taken out of `latencyMs`. */
  readonly loadMs: number | undefined;
}

/** What one send led to. Data for every case: stored, counted, shown. */
export type Outcome =
  | {
      readonly kind: "answered";
      readonly text: string;
      readonly toolCalls: readonly ToolCall[];
      readonly usage: Usage;
      readonly timing: Timing;
      readonly finish: "stop" | "length" | "toolCalls" | "filter" | "other";
      /** The model's own name for what answered, when it differs or is more exact. */
      readonly servedModel: string | undefined;
      /** Mean probability of the answer's tokens in (0, 1], when the provider gives log-probabilities. */
      readonly tokenConfidence: number | undefined;
      /** The provider's name for the exact software behind the model, when it gives one: answers with different ones need not agree. */
      readonly fingerprint?: string;
      /** What a recorded line said beside the output. */
      readonly recorded?: Recorded;
    }
  | { readonly kind: "rateLimited"; readonly message: string; readonly retryAfterMs: number | undefined }
  | {
      readonly kind: "unavailable";
      readonly reason: "timeout" | "connection" | "server" | "malformed" | "outOfMemory";
      readonly status: number | undefined;
      readonly message: string;
      readonly retryAfterMs: number | undefined;
      /** What did arrive, kept for the record. */
      readonly body: string | undefined;
    }
  | { readonly kind: "tooLong"; readonly message: string; readonly limitTokens: number | undefined }
  | { readonly kind: "filtered"; readonly message: string }
  /** The request itself will never work: key, model name, parameters. */
  | {
      readonly kind: "rejected";
      readonly reason: "auth" | "notFound" | "badRequest" | "quota";
      readonly status: number | undefined;
      readonly message: string;
    }
  | { readonly kind: "cancelled" };

/** PRODUCT's failure classes. Only `unavailable` is retried as it is. */
export type FailureClass = "unavailable" | "invalid" | "exception";

/** What a reply's headers said about limits; each field undefined when the header was absent. */
export interface LimitReport {
  readonly requestsLimit?: number;
  readonly requestsRemaining?: number;
  /** Milliseconds until the request allowance is full again. */
  readonly requestsResetMs?: number;
  readonly tokensLimit?: number;
  readonly tokensRemaining?: number;
  readonly tokensResetMs?: number;
}

/** An outcome with what the transport said beside it. */
export interface Reply {
  readonly outcome: Outcome;
  readonly limits?: LimitReport;
  /** What was done differently from what was asked, for people: a parameter's other name, a schema the server does not enforce. */
  readonly notes?: readonly string[];
}
