import type { Command } from "commander";
import { UserError } from "../base/errors.ts";
import type { RunOptions } from "../engine/api.ts";

/** What `run` and `estimate` take about the run itself. */
export interface RunFlags {
  readonly models?: string;
  readonly layouts?: string;
  readonly limit?: string;
  readonly sampling?: string;
  readonly queue?: string;
  readonly maxCalls?: string;
  readonly maxCost?: string;
  readonly concurrency?: string;
  /** False after `--no-cache`. */
  readonly cache?: boolean;
  readonly price?: readonly string[];
}

export function runFlags(command: Command): Command {
  return command
    .option("--models <ids>", "models instead of the file's, comma-separated")
    .option("--layouts <names>", "layouts instead of the file's, comma-separated")
    .option("--limit <n>", "use the first n examples")
    .option("--sampling <mode>", "adaptive, full, fixed, doubling, bandit, halving or bayes")
    .option("--queue <kind>", "smart, or sequential for comparison")
    .option("--max-calls <n>", "stop after so many calls")
    .option("--max-cost <dollars>", "stop before this is spent")
    .option("-j, --concurrency <n>", "requests in flight")
    .option("--no-cache", "ask again for what is known")
    .option("--price <model=prompt/completion>", "US dollars per million tokens, repeatable", collect);
}

export function runOptions(flags: RunFlags): RunOptions {
  const limit = number("--limit", flags.limit);
  const maxCalls = number("--max-calls", flags.maxCalls);
  const maxCost = number("--max-cost", flags.maxCost);
  const concurrency = number("--concurrency", flags.concurrency);
  if (flags.queue !== undefined && flags.queue !== "smart" && flags.queue !== "sequential") {
    throw new UserError("bad-flag", `--queue is "${flags.queue}"`, "use smart or sequential");
  }
  return {
    ...(flags.models === undefined ? {} : { models: list(flags.models) }),
    ...(flags.layouts === undefined ? {} : { layouts: list(flags.layouts) }),
    ...(limit === undefined ? {} : { limit }),
    ...(flags.sampling === undefined ? {} : { sampling: flags.sampling }),
    ...(flags.queue === undefined ? {} : { queue: flags.queue }),
    ...(maxCalls === undefined ? {} : { maxCalls }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(flags.cache === false ? { cache: false } : {}),
    ...(flags.price === undefined ? {} : { prices: Object.fromEntries(flags.price.map(price)) }),
  };
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function number(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UserError("bad-flag", `${flag} is "${text}"`, "give a number");
  return value;
}

function price(text: string) {
  const match = /^(.+)=([\d.]+)(?:\/([\d.]+))?\/([\d.]+)$/.exec(text);
  const [, model, prompt, cached, completion] = match ?? [];
  if (model === undefined) {
    throw new UserError(
      "bad-flag",
      `--price is "${text}"`,
      "write model=prompt/completion or model=prompt/cached/completion, in dollars per million tokens",
    );
  }
  return [
    model,
    {
      prompt: Number(prompt),
      completion: Number(completion),
      ...(cached === undefined ? {} : { cached: Number(cached) }),
    },
  ] as const;
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
