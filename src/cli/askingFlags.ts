import type { Command } from "commander";
import type { AskingOptions } from "../engine/service/serving.ts";
import { collect, whole } from "./flags.ts";

/** What `serve` and `batch run` take about the models that answer. */
export interface AskingFlags {
  readonly model?: readonly string[];
  readonly concurrency?: number;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly context?: number;
}

export function askingFlags(command: Command): Command {
  return command
    .option(
      "--model <id>",
      "provider:model for names without a provider, or name=provider:model for one name; repeatable",
      collect((id) => id),
    )
    .option("-j, --concurrency <n>", "requests in flight (default: what the provider bears)", whole("--concurrency"))
    .option("--rpm <n>", "most requests a minute", whole("--rpm"))
    .option("--tpm <n>", "most tokens a minute", whole("--tpm"))
    .option("--context <tokens>", "context window to load local models with", whole("--context"));
}

export function askingOptions({ model, concurrency, rpm, tpm, context }: AskingFlags): AskingOptions {
  return {
    ...(model === undefined ? {} : { models: model }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rpm === undefined ? {} : { requestsPerMinute: rpm }),
    ...(tpm === undefined ? {} : { tokensPerMinute: tpm }),
    ...(context === undefined ? {} : { contextTokens: context }),
  };
}
