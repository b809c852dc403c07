import type { Outcome, Reply } from "../response/outcome.ts";
import { unknownUsage } from "./openaiAnswer.ts";
import type { ModelInfo, ModelRequest, Provider, ProviderFacts, SendOptions } from "./provider.ts";
import { abortedOutcome, orAborted } from "./trouble.ts";

/** What to answer: the answer's text, or a whole outcome. `call` counts the calls from 0. */
export type Script = (
  request: ModelRequest,
  options: SendOptions,
  call: number,
) => string | Outcome | Reply | Promise<string | Outcome | Reply>;

export interface ScriptedOptions {
  readonly name?: string;
  readonly script: Script;
  readonly facts?: Partial<ProviderFacts>;
  readonly models?: readonly ModelInfo[];
}

/** A provider that says what it is told to: for tests, and for scripts that try a layout on a function. */
export function scriptedProvider(options: ScriptedOptions): Provider & { readonly calls: readonly ModelRequest[] } {
  const name = options.name ?? "scripted";
  const calls: ModelRequest[] = [];
  return {
    name,
    calls,
    facts: () => ({
      scope: name,
      local: false,
      replayed: false,
      systemRole: true,
      exploratory: false,
      free: true,
      maxConcurrency: undefined,
      ...options.facts,
    }),
    async send(request, sendOptions) {
      const { signal, onText } = sendOptions;
      if (signal.aborted) return { outcome: abortedOutcome(signal) };
      calls.push(request);
      const said = await orAborted(options.script(request, sendOptions, calls.length - 1), signal);
      if (said === undefined) return { outcome: abortedOutcome(signal) };
      if (typeof said !== "string") return "outcome" in said ? said : { outcome: said };
      onText?.(said);
      return { outcome: answered(said) };
    },
    models: async (signal) => {
      signal.throwIfAborted();
      return options.models ?? [];
    },
    close: async () => {},
  };
}

/** An answer with nothing known but its text. */
export function answered(text: string, more: Partial<Extract<Outcome, { kind: "answered" }>> = {}): Outcome {
  return {
    kind: "answered",
    text,
    toolCalls: [],
    usage: unknownUsage,
    timing: { latencyMs: 0, firstTokenMs: undefined, loadMs: undefined },
    finish: "stop",
    servedModel: undefined,
    tokenConfidence: undefined,
    ...more,
  };
}
