import { UserError } from "../../base/errors.ts";
import type { Faults, RateLimit, SimulatorOptions } from "../../engine/simulator/options.ts";
import { startSimulator } from "../../engine/simulator/simulator.ts";
import { parseDuration } from "../../engine/spec/units.ts";
import type { CommonFlags } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly port?: string;
  readonly host?: string;
  readonly models?: string;
  readonly latency?: string;
  readonly rpm?: string;
  readonly tpm?: string;
  readonly window?: string;
  readonly limitKind?: string;
  readonly perModel?: boolean;
  readonly retryAfter?: boolean;
  readonly concurrency?: string;
  readonly fault?: readonly string[];
  readonly dead?: readonly string[];
  readonly context?: string;
  readonly key?: string;
  readonly seed?: string;
}

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
    .option("--port <n>", "port to listen on (default: any free one)")
    .option("--host <address>", "address to listen on (default 127.0.0.1: this machine only)")
    .option("--models <names>", 'names it serves, comma-separated; "*" for any')
    .option("--latency <time>", "50ms, 20ms-80ms (uniform), or 50ms~0.5 (lognormal: median and spread)")
    .option("--rpm <n>", "requests a window before it refuses")
    .option("--tpm <n>", "tokens a window before it refuses")
    .option("--window <time>", "length of the window (default 60s)")
    .option("--limit-kind <kind>", "fixed, sliding or bucket")
    .option("--per-model", "give each model a limit of its own")
    .option("--no-retry-after", "refuse without saying when to come back")
    .option("-j, --concurrency <n>", "requests answered at once")
    .option("--fault <name=share>", `share of requests that go wrong: ${faultNames.join(", ")}; repeatable`, collect)
    .option("--dead <model[=how]>", "a model that is down: refuse, unavailable or hang; repeatable", collect)
    .option("--context <tokens>", "context window")
    .option("--key <key>", "bearer key that /v1 requires")
    .option("--seed <n>", "of faults and latency", "1")
    .action(async (flags: Flags) => {
      const simulator = await startSimulator(simulatorOptions(flags));
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
      await new Promise<void>((resolve) => {
        const release = context.onInterrupt(() => {
          release();
          resolve();
        });
      });
      await simulator.close();
      done(exitCodes.done);
    });
};

function simulatorOptions(flags: Flags): SimulatorOptions {
  const requests = count("--rpm", flags.rpm);
  const tokens = count("--tpm", flags.tpm);
  const port = count("--port", flags.port);
  const concurrency = count("--concurrency", flags.concurrency);
  const contextTokens = count("--context", flags.context);
  const limit: RateLimit = {
    ...(requests === undefined ? {} : { requests }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(flags.window === undefined ? {} : { windowMs: time("--window", flags.window) }),
    ...(flags.limitKind === undefined ? {} : { kind: limitKind(flags.limitKind) }),
    ...(flags.perModel ? { perModel: true } : {}),
    ...(flags.retryAfter === false ? { retryAfter: false } : {}),
  };
  return {
    ...(port === undefined ? {} : { port }),
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.models === undefined ? {} : { models: flags.models === "*" ? "*" : flags.models.split(",") }),
    ...(flags.latency === undefined ? {} : { latency: { first: latency(flags.latency) } }),
    ...(requests === undefined && tokens === undefined ? {} : { limits: [limit] }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(flags.fault === undefined ? {} : { faults: Object.fromEntries(flags.fault.map(fault)) }),
    ...(flags.dead === undefined ? {} : { deadModels: flags.dead.map(dead) }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(flags.key === undefined ? {} : { apiKey: flags.key }),
    seed: count("--seed", flags.seed) ?? 1,
  };
}

function latency(text: string): NonNullable<NonNullable<SimulatorOptions["latency"]>["first"]> {
  const [low, high] = text.split("-");
  if (low !== undefined && high !== undefined) {
    return { kind: "uniform", minMs: time("--latency", low), maxMs: time("--latency", high) };
  }
  const [median, sigma] = text.split("~");
  if (median !== undefined && sigma !== undefined) {
    return { kind: "lognormal", medianMs: time("--latency", median), sigma: Number(sigma) };
  }
  return { kind: "fixed", ms: time("--latency", text) };
}

function limitKind(text: string): NonNullable<RateLimit["kind"]> {
  if (text === "fixed" || text === "sliding" || text === "bucket") return text;
  throw new UserError("bad-flag", `--limit-kind is "${text}"`, "use fixed, sliding or bucket");
}

function fault(text: string): readonly [string, number] {
  const [name, share] = text.split("=");
  const value = Number(share);
  if (!faultNames.some((known) => known === name) || !(value >= 0 && value <= 1)) {
    throw new UserError(
      "bad-flag",
      `--fault is "${text}"`,
      `write name=share with a share from 0 to 1; names: ${faultNames.join(", ")}`,
    );
  }
  return [String(name), value];
}

function dead(text: string): NonNullable<SimulatorOptions["deadModels"]>[number] {
  const [model, how = "unavailable"] = text.split("=");
  if (model === undefined || (how !== "refuse" && how !== "unavailable" && how !== "hang")) {
    throw new UserError(
      "bad-flag",
      `--dead is "${text}"`,
      "write model, or model=refuse, model=unavailable, model=hang",
    );
  }
  return { model, how };
}

function time(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UserError("bad-flag", `${flag} is "${text}"`, "write a time such as 50ms or 1s");
  return ms;
}

function count(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0)
    throw new UserError("bad-flag", `${flag} is "${text}"`, "give a whole number");
  return value;
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
