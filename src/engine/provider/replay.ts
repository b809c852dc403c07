import { resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import type { Outcome, Recorded, Reply } from "../response/outcome.ts";
import type { ModelInfo, ModelRequest, Provider, SendOptions } from "./provider.ts";
import { openReplayIndex, type ReplayIndex, type ReplayLine } from "./replayIndex.ts";
import { abortedOutcome } from "./trouble.ts";

export interface ReplayOptions {
  /** What relative paths are relative to: the folder of the experiment file. */
  readonly directory: string;
}

/**
 * Recorded outputs in place of calls. Its models are `replay:FILE` and, where a file holds several models, `replay:FILE#MODEL`.
 * The request needs its `trial`, by which the line is found; the prompt is not looked at.
 */
export function openReplay(options: ReplayOptions): Provider {
  const indexes = new Map<string, Promise<ReplayIndex>>();

  const indexOf = (file: string): Promise<ReplayIndex> => {
    let index = indexes.get(file);
    if (index === undefined) {
      index = openReplayIndex(resolve(options.directory, file), file);
      indexes.set(file, index);
      // A file that is mended may be tried again.
      index.catch(() => indexes.delete(file));
    }
    return index;
  };

  async function send(request: ModelRequest, { signal, trial }: SendOptions): Promise<Reply> {
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    const { file, only } = splitReplayModel(request.model);
    if (trial === undefined)
      return { outcome: refused("badRequest", `${file}: recorded outputs answer trials of a run only`) };
    let index: ReplayIndex;
    try {
      index = await indexOf(file);
    } catch (error) {
      if (error instanceof UserError) return { outcome: refused("notFound", error.line) };
      throw error;
    }
    const model = only ?? (index.models.length === 1 ? index.models[0] : undefined);
    if (model === undefined) {
      return {
        outcome: refused(
          "badRequest",
          `${file} holds ${index.models.length} models: name one as replay:${file}#${index.models[0]}`,
        ),
      };
    }
    const line = await index.find({ ...trial, model, parameters: trial.parameters });
    if (signal.aborted) return { outcome: abortedOutcome(signal) };
    if (line !== undefined) return { outcome: replayed(line, model) };
    const repeat = trial.repeat === 0 ? "" : `, repeat ${trial.repeat}`;
    return {
      outcome: refused(
        "notFound",
        `${file} has no line for example ${trial.example}, layout ${trial.layout}, model ${model}${repeat}`,
      ),
    };
  }

  return {
    name: "replay",
    facts: (model) => ({
      scope: `replay:${model}`,
      local: false,
      replayed: true,
      systemRole: true,
      exploratory: false,
      free: true,
      maxConcurrency: undefined,
    }),
    send,
    async models(signal) {
      signal.throwIfAborted();
      const known = await Promise.all([...indexes].map(async ([file, index]) => modelsIn(file, await index)));
      return known.flat();
    },
    async close() {
      const opened = await Promise.allSettled(indexes.values());
      indexes.clear();
      for (const index of opened) if (index.status === "fulfilled") await index.value.close();
    },
  };
}

/** What a replay model names: the file, and which of its models when it says so. */
export function splitReplayModel(model: string): { readonly file: string; readonly only: string | undefined } {
  const at = model.indexOf("#");
  return at === -1 ? { file: model, only: undefined } : { file: model.slice(0, at), only: model.slice(at + 1) };
}

function modelsIn(file: string, index: ReplayIndex): ModelInfo[] {
  return index.models.map((model) => ({
    id: index.models.length === 1 ? file : `${file}#${model}`,
    contextTokens: undefined,
    detail: `recorded outputs of ${model}`,
  }));
}

function replayed(line: ReplayLine, model: string): Outcome {
  const recorded: Recorded = {
    ...(line.confidence === undefined ? {} : { confidence: line.confidence }),
    ...(line.expected === undefined ? {} : { expected: line.expected }),
    ...(line.correct === undefined ? {} : { correct: line.correct }),
  };
  return {
    kind: "answered",
    text: line.output ?? "",
    toolCalls: [],
    usage: {
      promptTokens: line.promptTokens,
      completionTokens: line.completionTokens,
      cachedTokens: line.cachedTokens,
    },
    timing: { latencyMs: line.latencyMs ?? 0, firstTokenMs: undefined, loadMs: undefined },
    finish: "stop",
    servedModel: model,
    tokenConfidence: undefined,
    recorded,
  };
}

function refused(reason: "notFound" | "badRequest", message: string): Outcome {
  return { kind: "rejected", reason, status: undefined, message };
}
