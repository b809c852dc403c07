import type { Clock } from "../../base/clock.ts";
import type { ReaderMessage, ReaderOptions, Reading } from "../reader/reading.ts";
import type { Outcome } from "../response/outcome.ts";
import type { ModelRequest, Provider } from "./provider.ts";
import { abortedOutcome } from "./trouble.ts";

/** Reads a prompt as the named reader would; undefined when there is no reader of that name. */
type Read = (model: string, messages: readonly ReaderMessage[], options: ReaderOptions) => Reading | undefined;

export interface BuiltinOptions {
  readonly clock: Clock;
  readonly read: Read;
  /** Names `read` knows. */
  readonly models: readonly string[];
}

/** The built-in offline model, in this process: no key, no network, the same answer every time. */
export function openBuiltin(options: BuiltinOptions): Provider {
  const { clock } = options;
  return {
    name: "builtin",
    facts: () => ({
      scope: "builtin",
      local: false,
      replayed: false,
      systemRole: true,
      exploratory: false,
      free: true,
      maxConcurrency: undefined,
    }),
    async send(request, { signal, onText }) {
      if (signal.aborted) return { outcome: abortedOutcome(signal) };
      const startedAt = clock.monotonic();
      const reading = options.read(request.model, request.messages, readerOptions(request));
      if (reading === undefined) {
        return { outcome: unknownModel(request.model, options.models) };
      }
      onText?.(reading.text);
      const latencyMs = clock.monotonic() - startedAt;
      return {
        outcome: {
          kind: "answered",
          text: reading.text,
          toolCalls: [],
          usage: {
            promptTokens: reading.usage.promptTokens,
            completionTokens: reading.usage.completionTokens,
            cachedTokens: undefined,
          },
          timing: { latencyMs, firstTokenMs: onText === undefined ? undefined : latencyMs, loadMs: undefined },
          finish: "stop",
          servedModel: undefined,
          tokenConfidence: reading.confidence,
        },
      };
    },
    models: async (signal) => {
      signal.throwIfAborted();
      return options.models.map((id) => ({ id, contextTokens: undefined, detail: "built-in offline model" }));
    },
    close: async () => {},
  };
}

function readerOptions(request: ModelRequest): ReaderOptions {
  const { temperature, seed } = request.parameters;
  return {
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof seed === "number" ? { seed } : {}),
    ...(request.responseSchema === undefined ? {} : { schema: request.responseSchema }),
  };
}

function unknownModel(model: string, models: readonly string[]): Outcome {
  return {
    kind: "rejected",
    reason: "notFound",
    status: undefined,
    message: `there is no built-in model ${model}; there are ${models.join(", ")}`,
  };
}
