import type { Clock } from "../../base/clock.ts";
import type { WireMessage } from "../wire/dialect.ts";

/** What an answer function may know of the request beside its messages. */
interface AnswerContext {
  readonly model: string;
  /** 0 when the request names none. */
  readonly temperature: number;
  readonly seed: number | undefined;
  /** The JSON Schema the answer should satisfy, when the request gave one. */
  readonly schema: unknown;
}

export type Answer = (messages: readonly WireMessage[], context: AnswerContext) => string | Promise<string>;

/** Time from accepting a request to its first byte, in milliseconds. */
export type LatencyDistribution =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  /** `median` with a multiplicative spread: sigma 0.5 puts 95 % of draws between 0.38 and 2.7 medians. */
  | { readonly kind: "lognormal"; readonly medianMs: number; readonly sigma: number };

export interface Latency {
  /** Default: fixed, 0 ms. */
  readonly first?: LatencyDistribution;
  /** Added for each thousand prompt tokens that the prefix cache did not serve. Default 0. */
  readonly perThousandPromptTokensMs?: number;
  /** Between streamed tokens; a whole response waits for all of them. Default 0. */
  readonly perTokenMs?: number;
}

/**
 * A limit over one window. `fixed` windows begin at `startSimulator` and every `windowMs` after; `sliding` looks back
 * over the last `windowMs`; a `bucket` refills evenly and holds at most one window's worth.
 */
export interface RateLimit {
  /** The models that share this limit; `"*"` or absent means all of them together. */
  readonly models?: readonly string[] | "*";
  /** True gives each of the models a limit of its own. Default false. */
  readonly perModel?: boolean;
  readonly kind?: "fixed" | "sliding" | "bucket";
  readonly requests?: number;
  readonly tokens?: number;
  /** Default 60,000. Smaller windows make rehearsals quick. */
  readonly windowMs?: number;
  /** For `bucket` only: the most requests held, when less than a window's worth. */
  readonly burst?: number;
  /** Whether a refusal says when to come back. Default true. */
  readonly retryAfter?: boolean;
}

/** Probabilities in [0, 1], decided for each request from the seed, its body and how often that body had come; tried in this order. */
export interface Faults {
  /** 429 with `Retry-After` although no limit was reached. */
  readonly rateLimited?: number;
  /** 500 in the provider's error shape. */
  readonly serverError?: number;
  /** 503 in the provider's error shape. */
  readonly unavailable?: number;
  /** Accepts the request and never answers. */
  readonly hang?: number;
  /** Closes the socket in the middle of the body or stream. */
  readonly cut?: number;
  /** A 200 whose body is not valid JSON. */
  readonly malformedJson?: number;
  /** A 200 with valid JSON of another shape. */
  readonly wrongSchema?: number;
  /** A 200 with an HTML page. */
  readonly wrongContentType?: number;
  /** A well-formed answer of ten megabytes. */
  readonly huge?: number;
  /** A 200 with no body. */
  readonly empty?: number;
  /** The answer's own text is malformed JSON when JSON was asked for, prose otherwise. The envelope stays sound. */
  readonly badAnswer?: number;
  /** Seconds announced by `rateLimited`. Default 1. */
  readonly retryAfterSeconds?: number;
}

export interface DeadModel {
  readonly model: string;
  /** `refuse` drops the connection without an answer, `unavailable` says 503, `hang` never answers. */
  readonly how: "refuse" | "unavailable" | "hang";
}

/** Memory of the card behind the Ollama side; a loaded model takes `modelBytes + num_ctx * bytesPerToken`. */
export interface SimulatedGpu {
  /** Default 16 GiB. */
  readonly totalBytes?: number;
  /** Default 8 GiB. */
  readonly modelBytes?: number;
  /** Key-value cache per context token. Default 128 KiB. */
  readonly bytesPerToken?: number;
  /** Taken by the desktop and others. Default 512 MiB. */
  readonly reservedBytes?: number;
  /** Kept after each answered request until the model is unloaded, as a fragmented card would. Default 0. */
  readonly leakBytesPerRequest?: number;
}

interface OllamaSide {
  /** `num_ctx` where a request gives none. Default 4,096. */
  readonly defaultContext?: number;
  /** Time to load a model that is not in memory. Default 0. */
  readonly loadMs?: number;
  /** The body of a refusal for length: `plain` as 0.12 wrote it, `nested` as 0.34 and later. Default `nested`. */
  readonly contextError?: "plain" | "nested";
  /** False ignores `truncate` and `shift`, as releases before 0.12.6 do. Default true. */
  readonly honoursTruncate?: boolean;
  readonly gpu?: SimulatedGpu;
}

/** Everything that can be dialled. Each default gives the quiet server: no waiting, no limit, no fault. */
export interface SimulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Names served; `"*"` accepts any. Default: the built-in readers (`reader`, `reader-attentive`, `reader-forgetful`). */
  readonly models?: readonly string[] | "*";
  /** Who answers. Default: the built-in reader. */
  readonly answer?: Answer;
  /** Governs faults and latency. Default 1. */
  readonly seed?: number;
  readonly latency?: Latency;
  readonly limits?: readonly RateLimit[];
  /** Requests answered at once; more are refused with 429. Default: no limit. */
  readonly concurrency?: number;
  readonly faults?: Faults;
  readonly deadModels?: readonly DeadModel[];
  /** Context window in tokens of the OpenAI side, and the most the Ollama side allows. Default 128,000. */
  readonly contextTokens?: number;
  /** When given, requests to `/v1` must carry it as a bearer token. */
  readonly apiKey?: string;
  /** Whether long prefixes seen before are reported as cached tokens. Default true. */
  readonly prefixCache?: boolean;
  /** Whether a request with tools is answered by a call of the first one. Default false. */
  readonly echoTools?: boolean;
  readonly ollama?: OllamaSide;
  /** How many tokens a text has. Default: the reader's estimate. */
  readonly tokens?: (text: string) => number;
  /** Whether to remember a hash of every body, which lets tests prove that nothing was sent twice. Default true. */
  readonly hashBodies?: boolean;
  readonly clock?: Clock;
}

/** One window of refusals and arrivals can be checked from these; times are milliseconds since the server started. */
export interface SimulatorStats {
  /** Completion requests that arrived, whatever became of them. */
  readonly requests: number;
  readonly answered: number;
  /** Refused by a rate limit or the concurrency limit. */
  readonly refused: number;
  /** Refused as malformed, unknown, unauthorised or too long. */
  readonly rejected: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly perModel: Readonly<
    Record<string, { readonly requests: number; readonly answered: number; readonly refused: number }>
  >;
  /** Requests that ended because the client went away. */
  readonly aborted: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  readonly connections: number;
  /** Times at which requests were accepted, in order; the last 100,000. */
  readonly acceptedAt: readonly number[];
  readonly refusedAt: readonly number[];
  /** How often each request body (by hash) was answered in full. A value above 1 was paid for twice. */
  readonly answeredBodies: Readonly<Record<string, number>>;
  /** Bodies that arrived, by hash, whatever became of them. */
  readonly bodies: Readonly<Record<string, number>>;
  readonly gpu: { readonly usedBytes: number; readonly totalBytes: number; readonly loaded: readonly string[] };
}

export interface Simulator {
  /** `http://host:port`, without a trailing slash; OpenAI clients take `${url}/v1`, Ollama clients `url`. */
  readonly url: string;
  readonly port: number;
  stats(): SimulatorStats;
  /** Forgets counts, windows, caches and loaded models. */
  reset(): void;
  /** Ends open requests and stops listening. */
  close(): Promise<void>;
}
