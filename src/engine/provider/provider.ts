import type { ModelMemory } from "../gpu/fit.ts";
import type { LoadedModel } from "../gpu/gpu.ts";
import type { Message } from "../prompt/prompt.ts";
import type { Reply } from "../response/outcome.ts";
import type { Scalar } from "../spec/experiment.ts";

/** What is sent. Everything in it changes the answer, so all of it is in the cache key. */
export interface ModelRequest {
  /** Without the provider's prefix. */
  readonly model: string;
  readonly messages: readonly Message[];
  /** Request parameters by the field's own names: temperature, max_tokens, top_p, seed, stop, … */
  readonly parameters: Readonly<Record<string, Scalar>>;
  /** JSON Schema the answer must meet, enforced by the provider where it can. */
  readonly responseSchema: Readonly<Record<string, unknown>> | undefined;
  readonly tools: readonly ToolSpec[];
  /** Context window to ask a local model for, in tokens; the same for a whole run, as a change reloads the model. */
  readonly contextTokens: number | undefined;
  /** Further fields of an OpenAI request, for a provider that `passesMore`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Which trial a request serves. Recorded outputs are found by it; it never reaches a model and is in no cache key. */
export interface TrialRef {
  /** The example's id. */
  readonly example: string;
  /** The layout's name. */
  readonly layout: string;
  /** 0 for the first answer to a prompt, 1 for its first repetition, … */
  readonly repeat: number;
  /** All parameters of the variant, those of the prompt included, where one layout runs under several. */
  readonly parameters?: Readonly<Record<string, Scalar>>;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  /** Called when the request goes out on the line, by providers that see it go. */
  readonly onLeft?: () => void;
  /** Needed by providers whose facts say `replayed` with recorded outputs; others ignore it. */
  readonly trial?: TrialRef;
  /**
   * Called with the text so far while it streams; returning true says that the answer is complete, and the rest is not read.
   * Its presence asks for streaming.
   */
  readonly onText?: (textSoFar: string) => boolean;
}

/** Scheduling facts a provider declares and the queue acts on. */
export interface ProviderFacts {
  /** Models with the same scope share an account's limits. */
  readonly scope: string;
  /** One model in memory at a time: the queue groups its work. */
  readonly local: boolean;
  /** Answers come from a file or this process: no limits, no latency, no cost. */
  readonly replayed: boolean;
  readonly systemRole: boolean;
  /** Results are labelled and kept out of pooled claims (the host adds its own text, no usage numbers). */
  readonly exploratory: boolean;
  /** False when the words of an answer are priced; true when a call costs nothing. */
  readonly free: boolean;
  /** Upper limit on calls in flight, when the provider has one. */
  readonly maxConcurrency: number | undefined;
  /** Calls in flight where nobody asks for more: a server that answers one at a time only lets the others wait. */
  readonly usualConcurrency?: number | undefined;
  /** Largest prompt in tokens, where the provider says so itself. */
  readonly windowTokens?: number | undefined;
}

export interface ModelInfo {
  readonly id: string;
  /** Largest prompt plus answer, in tokens. */
  readonly contextTokens: number | undefined;
  readonly detail: string | undefined;
}

/** Who answers. Implementations never retry: the queue is the only layer that does. */
export interface Provider {
  /** The prefix of its model ids. */
  readonly name: string;
  /** Whether a request's `more` reaches the model. */
  readonly passesMore?: boolean;
  facts(model: string): ProviderFacts;
  /** Never rejects for what a model or network did; that is an outcome. Aborting the signal gives `cancelled`, a timeout's abort `unavailable`. */
  send(request: ModelRequest, options: SendOptions): Promise<Reply>;
  /** What can be asked for; rejects with a `UserError` when the provider cannot be reached. */
  models(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** What a local model takes, as its server describes it. */
  memory?(model: string, signal: AbortSignal): Promise<ModelMemory>;
  /** What is in a local server's memory; rejects with a `UserError` when it cannot be reached. */
  running?(signal: AbortSignal): Promise<readonly LoadedModel[]>;
  /** Lets go of a local model's memory. */
  unload?(model: string): Promise<void>;
  close(): Promise<void>;
}

/** `provider:model` or `provider/model` taken apart; a model name may itself hold both signs. */
export function splitModelId(id: string): { readonly provider: string; readonly model: string } | undefined {
  const at = id.search(/[:/]/);
  if (at <= 0 || at === id.length - 1) return undefined;
  return { provider: id.slice(0, at), model: id.slice(at + 1) };
}
