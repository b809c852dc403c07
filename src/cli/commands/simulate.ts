import type {
  DeadModel,
  Faults,
  LatencyDistribution,
  RateLimit,
  SimulatorOptions,
} from "../../engine/simulator/options.ts";
import type { CommonFlags } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { amount, badFlag, collect, duration, names, port, whole, word } from "../flags.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly port?: number;
  readonly host?: string;
  readonly models?: readonly string[];
  readonly latency?: LatencyDistribution;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly window?: number;
  readonly limitKind?: (typeof limitKinds)[number];
  readonly perModel?: boolean;
  /** False after `--no-retry-after`. */
  readonly retryAfter?: boolean;
  readonly concurrency?: number;
  readonly fault?: readonly (readonly [string, number])[];
  readonly dead?: readonly DeadModel[];
  readonly context?: number;
  readonly key?: string;
  readonly seed: number;
}

const limitKinds = ["fixed", "sliding", "bucket"] as const;

const faultNames: readonly (keyof Faults)[] = [
  "rateLimited",
  "serverError",
  "unavailable",
  "hang",
  "cut",
  "malformedJson",
  "wrongSchema",
  "wrongContentType",
  "huge",
  "empty",
  "badAnswer",
];

export const registerSimulate: Register = (program, context, done) => {
  program
    .command("simulate")
    .description("a local server that speaks OpenAI's and Ollama's protocols, answered by the built-in model")
    .option("--port <n>", "port to listen on (default: any free one)", port("--port"))
    .option("--host <address>", "address to listen on (default 127.0.0.1: this machine only)")
    .option("--models <names>", 'names it serves, comma-separated; "*" for any', names("--models"))
    .option("--latency <time>", "50ms, 20ms-80ms (uniform), or 50ms~0.5 (lognormal: median and spread)", latency)
    .option("--rpm <n>", "requests a window before it refuses", whole("--rpm"))
    .option("--tpm <n>", "tokens a window before it refuses", whole("--tpm"))
    .option("--window <time>", "length of the window (default 60s)", duration("--window"))
    .option("--limit-kind <kind>", "fixed, sliding or bucket", word("--limit-kind", limitKinds))
    .option("--per-model", "give each model a limit of its own")
    .option("--no-retry-after", "refuse without saying when to come back")
    .option("-j, --concurrency <n>", "requests answered at once", whole("--concurrency"))
    .option(
      "--fault <name=share>",
      `share of requests that go wrong: ${faultNames.join(", ")}; repeatable`,
      collect(fault),
    )
    .option("--dead <model[=how]>", "a model that is down: refuse, unavailable or hang; repeatable", collect(dead))
    .option("--context <tokens>", "context window", whole("--context"))
    .option("--key <key>", "bearer key that /v1 requires")
    .option("--seed <n>", "of faults and latency", whole("--seed", 0), 1)
    .action(async (flags: Flags) => {
      const { startSimulator } = await import("../../engine/simulator/simulator.ts");
      const simulator = await startSimulator(simulatorOptions(flags));
      // Listened for before the address is told: whoever reads it may stop the server at once.
      const interrupted = new Promise<void>((resolve) => {
        const release = context.onInterrupt(() => {
          release();
          resolve();
        });
      });
      const facts = { schema: "layoutlab/simulate@1", url: simulator.url, port: simulator.port, pid: process.pid };
      if (flags.json) context.print(`${JSON.stringify(facts)}\n`);
      else {
        context.print(
          [
            `simulator at ${simulator.url} (a simulation: its answers come from the built-in model)`,
            `  OpenAI:  OPENAI_BASE_URL=${simulator.url}/v1`,
            `  Ollama:  OLLAMA_HOST=${simulator.url}`,
            `  counts:  ${simulator.url}/simulator/stats`,
            "Ctrl-C ends it.",
            "",
          ].join("\n"),
        );
      }
      await interrupted;
      await simulator.close();
      done(exitCodes.done);
    });
};

function simulatorOptions(flags: Flags): SimulatorOptions {
  const { rpm, tpm, window, limitKind, models } = flags;
  const limit: RateLimit = {
    ...(rpm === undefined ? {} : { requests: rpm }),
    ...(tpm === undefined ? {} : { tokens: tpm }),
    ...(window === undefined ? {} : { windowMs: window }),
    ...(limitKind === undefined ? {} : { kind: limitKind }),
    ...(flags.perModel ? { perModel: true } : {}),
    ...(flags.retryAfter === false ? { retryAfter: false } : {}),
  };
  return {
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(models === undefined ? {} : { models: models.includes("*") ? "*" : models }),
    ...(flags.latency === undefined ? {} : { latency: { first: flags.latency } }),
    ...(rpm === undefined && tpm === undefined ? {} : { limits: [limit] }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.fault === undefined ? {} : { faults: Object.fromEntries(flags.fault) }),
    ...(flags.dead === undefined ? {} : { deadModels: flags.dead }),
    ...(flags.context === undefined ? {} : { contextTokens: flags.context }),
    ...(flags.key === undefined ? {} : { apiKey: flags.key }),
    seed: flags.seed,
  };
}

function latency(text: string): LatencyDistribution {
  const time = duration("--latency");
  const [low, high] = text.split("-");
  if (low !== undefined && high !== undefined) return { kind: "uniform", minMs: time(low), maxMs: time(high) };
  const [median, sigma] = text.split("~");
  if (median !== undefined && sigma !== undefined)
    return { kind: "lognormal", medianMs: time(median), sigma: amount("--latency")(sigma) };
  return { kind: "fixed", ms: time(text) };
}

function fault(text: string): readonly [string, number] {
  const [name, share] = text.split("=");
  const value = Number(share);
  if (!faultNames.some((known) => known === name) || !(value >= 0 && value <= 1))
    throw badFlag("--fault", text, `write name=share with a share from 0 to 1; names: ${faultNames.join(", ")}`);
  return [String(name), value];
}

function dead(text: string): DeadModel {
  const [model, how = "unavailable"] = text.split("=");
  if (model === undefined || (how !== "refuse" && how !== "unavailable" && how !== "hang"))
    throw badFlag("--dead", text, "write model, or model=refuse, model=unavailable, model=hang");
  return { model, how };
}
