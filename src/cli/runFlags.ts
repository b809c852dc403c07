import type { Command } from "commander";
import { type AlertKind, alertKinds } from "../engine/analysis/alerts.ts";
import type { RunOptions } from "../engine/api.ts";
import { amount, badFlag, collect, names, whole, word } from "./flags.ts";

/** What `run`, `estimate` and `cache warm` take about the run itself. */
export interface RunFlags {
  readonly models?: readonly string[];
  readonly layouts?: readonly string[];
  readonly limit?: number;
  readonly sampling?: (typeof samplings)[number];
  readonly aa?: boolean;
  readonly queue?: "smart" | "sequential";
  readonly maxCalls?: number;
  readonly maxCost?: number;
  readonly concurrency?: number;
  /** False after `--no-cache`. */
  readonly cache?: boolean;
  readonly price?: readonly Price[];
  readonly alert?: readonly AlertChoice[];
}

const samplings = ["adaptive", "full", "fixed", "doubling", "bandit", "halving", "bayes"] as const;

type AlertChoice = readonly [AlertKind, number | null];

type Price = readonly [string, NonNullable<RunOptions["prices"]>[string]];

export function runFlags(command: Command): Command {
  return scopeFlags(command)
    .option("--sampling <mode>", samplings.join(", "), word("--sampling", samplings))
    .option("--aa", "ask every trial twice, over fixed rows, to measure how much answers change by themselves")
    .option("--no-cache", "ask again for what is known");
}

/** Those of them that say what is asked. */
export function whatFlags(command: Command): Command {
  return command
    .option("--models <ids>", "models instead of the file's, comma-separated", names("--models"))
    .option("--layouts <names>", "layouts instead of the file's, comma-separated", names("--layouts"))
    .option("--limit <n>", "use the first n examples", whole("--limit"));
}

/** Those of them that say what is asked and how fast. */
export function scopeFlags(command: Command): Command {
  return whatFlags(command)
    .option("--queue <kind>", "smart, or sequential for comparison", word("--queue", ["smart", "sequential"]))
    .option("--max-calls <n>", "stop after so many calls", whole("--max-calls"))
    .option("--max-cost <dollars>", "stop before more than this is spent", amount("--max-cost"))
    .option("-j, --concurrency <n>", "requests in flight", whole("--concurrency"))
    .option(
      "--price <model=prompt/completion>",
      "US dollars per million tokens; model=prompt/cached/completion too; repeatable",
      collect(price),
    )
    .option(
      "--alert <name=value>",
      `from where on to warn, or off: ${alertKinds.join(", ")}; repeatable`,
      collect(alertChoice),
    );
}

export function runOptions(flags: RunFlags): RunOptions {
  const { models, layouts, limit, sampling, queue, maxCalls, maxCost, concurrency } = flags;
  return {
    ...(models === undefined ? {} : { models }),
    ...(layouts === undefined ? {} : { layouts }),
    ...(limit === undefined ? {} : { limit }),
    ...(sampling === undefined ? {} : { sampling }),
    ...(flags.aa === true ? { aa: true } : {}),
    ...(queue === undefined ? {} : { queue }),
    ...(maxCalls === undefined ? {} : { maxCalls }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(flags.cache === false ? { cache: false } : {}),
    ...(flags.price === undefined ? {} : { prices: Object.fromEntries(flags.price) }),
    ...(flags.alert === undefined ? {} : { alerts: Object.fromEntries(flags.alert) }),
  };
}

function price(text: string): Price {
  const [, model, prompt, cached, completion] = /^(.+)=([\d.]+)(?:\/([\d.]+))?\/([\d.]+)$/.exec(text) ?? [];
  const amounts = [prompt, cached, completion].filter((one) => one !== undefined).map(Number);
  if (model === undefined || !amounts.every(Number.isFinite)) {
    throw badFlag(
      "--price",
      text,
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
  ];
}

function alertChoice(text: string): AlertChoice {
  const [name = "", value = ""] = text.split("=");
  const kind = alertKinds.find((one) => one === name);
  const threshold = value === "off" ? null : Number(value);
  if (kind === undefined || value === "" || (threshold !== null && !(threshold > 0)))
    throw badFlag("--alert", text, `write name=number or name=off, where name is one of ${alertKinds.join(", ")}`);
  return [kind, threshold];
}
