/**
 * Schedules over real HTTP: `node bench/schedules.ts [--full]`. The server's own books say when requests came and which it refused;
 * the lower bound is exact for the windows it counted in. Windows are short, so the delays of this machine weigh thirty times
 * as much as in windows of a minute. Exits with 1 when a goal is missed.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { SimulatorStats } from "../src/engine/simulator/options.ts";
import { figure, heading, table, verdict } from "./engine/figures.ts";
import { writeLab } from "./engine/lab.ts";
import { startLimited } from "./engine/limitedServer.ts";
import { measure } from "./engine/measure.ts";
import { sdkLoop, unavailable } from "./engine/peers.ts";

const full = process.argv.includes("--full");
const windowMs = full ? 4_000 : 2_000;
const windows = full ? 10 : 5;
const latencyMs = 100;
/** Requests of each model. */
const each = full ? 500 : 100;
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = path.join(root, "dist", "cli.js");

interface Scenario {
  readonly kind: "fixed" | "sliding" | "bucket";
  readonly perModel: boolean;
  /** Requests of each model: the same even number. */
  readonly counts: readonly number[];
  /** Per window. */
  readonly requests: number;
}

interface Result {
  readonly ratio: number;
  readonly refused: number;
}

const scenarios = [false, true].flatMap((perModel) =>
  (["fixed", "sliding", "bucket"] as const).map(
    (kind): Scenario => ({
      kind,
      perModel,
      counts: [each, each, each],
      requests: perModel ? each / windows : (3 * each) / windows,
    }),
  ),
);

/** From the first arrival to the last answer, over the shortest time that the windows allow. */
function resultOf({ kind, perModel, counts, requests }: Scenario, stats: SimulatorStats): Result {
  const loads = perModel ? counts : [counts.reduce((sum, count) => sum + count, 0)];
  const most = Math.max(...loads);
  const first = stats.acceptedAt[0] ?? 0;
  // The server's windows do not begin with the first request: what is left of that one is not waited for.
  const into = kind === "fixed" ? first % windowMs : 0;
  const waits = kind === "bucket" ? (most - requests) / requests : Math.ceil(most / requests) - 1;
  const bound = Math.max(0, waits * windowMs - into) + latencyMs;
  return { ratio: ((stats.acceptedAt.at(-1) ?? 0) - first + latencyMs) / bound, refused: stats.refused };
}

async function served(
  scenario: Scenario,
  work: (env: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<Result> {
  const { kind, perModel, requests } = scenario;
  const server = await startLimited({
    latency: { first: { kind: "fixed", ms: latencyMs } },
    limits: [{ kind, perModel, requests, windowMs }],
  });
  try {
    await work({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "none" });
    const stats = await server.stats();
    const total = scenario.counts.reduce((sum, count) => sum + count, 0);
    if (stats.answered !== total) throw new Error(`${stats.answered} of ${total} requests were answered`);
    return resultOf(scenario, stats);
  } finally {
    server.close();
  }
}

function layoutlab(told: boolean): (scenario: Scenario) => Promise<Result> {
  return (scenario) =>
    served(scenario, async (env) => {
      const { kind, perModel, counts, requests } = scenario;
      const perMinute = (requests * 60_000) / windowMs;
      const models = counts.map((_, i) => `openai:m${i}`);
      const pool = (globs: string) =>
        `{ models: ["${globs}"], requestsPerMinute: ${perMinute}, window: ${windowMs}ms, kind: ${kind}, concurrency: 200 }`;
      const pools = perModel ? models.map(pool) : [pool("openai:*")];
      const limits = told ? `limits: { pools: [${pools.join(", ")}] }` : "limits: { preset: aggressive }";
      const lab = writeLab(counts[0] ?? 0, models, limits);
      try {
        const store = path.join(lab.folder, "store.db");
        await measure(cli, ["run", lab.spec, "--json", "--quiet", "--store", store], { env, cwd: lab.folder });
      } finally {
        lab.close();
      }
    });
}

const peer = (name: string) => (scenario: Scenario) =>
  served(scenario, (env) =>
    measure(path.join(root, "bench/peers/schedule.mjs"), [name, JSON.stringify({ ...scenario, windowMs })], { env }),
  );

const nameOf = ({ kind, perModel }: Scenario) => `${perModel ? "per model" : "shared"}, ${kind}`;

async function compare(): Promise<void> {
  heading(
    `${3 * each} requests of 3 models, ${windows} windows of ${windowMs / 1000} s: makespan / lower bound, requests refused`,
  );
  const missing = unavailable(sdkLoop);
  const schedulers: Readonly<Record<string, (scenario: Scenario) => Promise<Result>>> = {
    "layoutlab, limit told": layoutlab(true),
    ...(full ? { "layoutlab, nothing told": layoutlab(false) } : {}),
    ...(full && missing === undefined
      ? { "p-queue strict": peer("p-queue strict"), bottleneck: peer("bottleneck") }
      : {}),
  };
  const results = new Map<string, readonly Result[]>();
  for (const [name, scheduler] of Object.entries(schedulers)) {
    const done: Result[] = [];
    // One at a time: a neighbour's work would be part of the delays.
    for (const scenario of scenarios) done.push(await scheduler(scenario));
    results.set(name, done);
  }
  table(
    ["", ...results.keys()],
    scenarios.map((scenario, i) => [
      nameOf(scenario),
      ...[...results.values()].map((done) => `${done[i]?.ratio.toFixed(3)}, ${done[i]?.refused}`),
    ]),
  );
  if (missing !== undefined) process.stdout.write(`  p-queue, bottleneck: not run: ${missing}\n`);
  else if (!full)
    process.stdout.write("  p-queue, bottleneck: not run: each takes as long as the slowest limit; --full does\n");
  for (const [i, scenario] of scenarios.entries()) {
    const own = results.get("layoutlab, limit told")?.[i];
    if (own === undefined) throw new Error(`${nameOf(scenario)} was not measured`);
    figure(`${nameOf(scenario)}: makespan / lower bound`, own.ratio, { atMost: 1.02 });
    figure(`${nameOf(scenario)}: refused`, own.refused, { atMost: 0 });
  }
}

await compare();
process.exitCode = verdict();
