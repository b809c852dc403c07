/** A message as it arrived, content parts joined to one text. */
export interface WireMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content: string;
}

/** A completion request, whichever protocol brought it. */
export interface Asked {
  readonly model: string;
  readonly messages: readonly WireMessage[];
  readonly stream: boolean;
  /** Undefined when the request names none: then the reader answers the same every time. */
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
  readonly schema: unknown;
  /** True when some JSON must come back. */
  readonly json: boolean;
  readonly maxTokens: number | undefined;
  readonly stops: readonly string[];
  readonly logprobs: boolean;
  /** The tool to call, when tools may be called at all. */
  readonly tool: { readonly name: string; readonly parameters: unknown } | undefined;
  /** OpenAI: whether a stream ends with usage. */
  readonly includeUsage: boolean;
  /** Ollama's settings; undefined on the OpenAI side. */
  readonly local: LocalSettings | undefined;
}

interface LocalSettings {
  readonly endpoint: "chat" | "generate";
  readonly context: number | undefined;
  readonly truncate: boolean;
  readonly shift: boolean;
  /** Milliseconds to stay loaded; infinite for ever. */
  readonly keepAliveMs: number;
}

export interface Reply {
  readonly id: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly text: string;
  readonly pieces: readonly string[];
  readonly finish: "stop" | "length" | "tool_calls";
  readonly toolArguments: unknown;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  /** In (0, 1]; shows in logprobs. */
  readonly confidence: number;
  readonly loadMs: number;
  readonly totalMs: number;
}

/** Something a request is told instead of an answer. */
export interface Trouble {
  readonly status: number;
  readonly message: string;
  /** OpenAI's `type`, `param` and `code`. */
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** Thrown while a request is read; becomes the response. */
export class Rejection extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

/** How one protocol reads and writes. Pure: strings in, strings out. */
export interface Dialect {
  readonly name: "openai" | "ollama";
  readonly streamType: string;
  /** Throws a `Rejection` for what the real server would refuse. */
  read(body: unknown): Asked;
  trouble(trouble: Trouble): string;
  /** A body that is no JSON at all. */
  unparsable(body: string, error: unknown): Trouble;
  unknownModel(model: string): Trouble;
  whole(asked: Asked, reply: Reply): string;
  /** One chunk a token, then what ends the stream. */
  stream(asked: Asked, reply: Reply): readonly string[];
  /** A line as it travels in a stream. */
  streamed(line: string): string;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Log-probabilities by token: the first carries the confidence of the whole. */
export function logprobOf(index: number, confidence: number): number {
  return index === 0 ? Number(Math.log(Math.max(1e-9, confidence)).toFixed(6)) : -0.0001;
}
