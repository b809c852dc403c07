/**
 * The whole product on the work its peers were measured on: `node bench/engine.ts [--full]`. A trivial server in a process of
 * its own answers; every measured program runs as a user would run it, start-up included, in turns, so that the ratios mean
 * something on any machine. Exits with 1 when a figure is missed. `--full` asks 170,000 requests instead of 20,000.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSummary } from "../src/engine/runner/events.ts";
import { type Lab, replayOf, writeLab } from "./engine/lab.ts";
import { measure, type Usage } from "./engine/measure.ts";
import { startServer } from "./engine/server.ts";

const full = process.argv.includes("--full");
const requests = 10_000;
const many = full ? 170_000 : 20_000;
const inFlight = 64;
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = path.join(root, "dist", "cli.js");
const sdkLoop = fileURLToPath(new URL("engine/sdkLoop.ts", import.meta.url));
let missed = 0;

interface Measured {
  readonly usage: Usage;
  /** From the first request to the end, start-up excluded. */
  readonly spanMs: number;
  readonly count: number;
}

function report(what: string, value: string, beside = ""): void {
  process.stdout.write(`${what.padEnd(44)} ${value.padStart(34)}  ${beside}\n`);
}

function kept(value: number, limit: number, unit: string): string {
  if (value > limit) missed += 1;
  return `at most ${limit} ${unit}: ${value <= limit ? "yes" : "NO"}`;
}

const perThousand = ({ usage, count }: Measured) => usage.cpuMs / count;
const show = (one: Measured) =>
  `${perThousand(one).toFixed(3)} CPU s/1,000, ${Math.round(one.count / (one.spanMs / 1000))}/s, ${Math.round(one.usage.peakMb)} MB`;

/** `layoutlab run` over the lab's experiment; the store lies beside it, so a second run finds the answers. */
async function run(
  lab: Lab,
  env: Readonly<Record<string, string>>,
  count: number,
): Promise<Measured & { summary: RunSummary }> {
  const store = path.join(lab.folder, "store.db");
  const args = ["run", lab.spec, "-j", String(inFlight), "--json", "--quiet", "--store", store];
  const { usage, stdout } = await measure(cli, args, { env, cwd: lab.folder });
  const summary = JSON.parse(stdout) as RunSummary;
  const answered = summary.requests.succeeded + summary.requests.cached;
  if (answered !== count) throw new Error(`${answered} of ${count} requests were answered: ${summary.stopped.reason}`);
  return { usage, spanMs: summary.durationMs, count, summary };
}

async function sdk(env: Readonly<Record<string, string>>, count: number): Promise<Measured> {
  const { usage, stdout } = await measure(sdkLoop, [String(count), String(inFlight)], { env });
  return { usage, spanMs: (JSON.parse(stdout) as { readonly spanMs: number }).spanMs, count };
}

async function withServer<T>(
  latencyMs: number,
  work: (env: Readonly<Record<string, string>>, take: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const server = await startServer(latencyMs);
  try {
    return await work({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "none" }, () => server.take());
  } finally {
    server.close();
  }
}

async function withLab<T>(lab: Lab, work: (lab: Lab) => Promise<T>): Promise<T> {
  try {
    return await work(lab);
  } finally {
    lab.close();
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

spawnSync(process.execPath, ["esbuild.mjs", "--only=cli,bin"], { cwd: root, stdio: "inherit" });

report("start-up", "median of 7");
const version = await starts(["--version"]);
report("  layoutlab --version", `${Math.round(version)} ms`, kept(Math.round(version), 100, "ms"));
await withLab(writeLab(10), (lab) =>
  withServer(0, async (env) => {
    await run(lab, env, 10);
    const args = ["run", lab.spec, "--json", "--quiet", "--store", path.join(lab.folder, "store.db")];
    const took = await starts(args, { ...env });
    report("  a cached run of 10 rows", `${Math.round(took)} ms`, kept(Math.round(took), 700, "ms"));
  }),
);

async function starts(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    const { status } = spawnSync(process.execPath, [cli, ...args], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    if (status !== 0 && status !== 3) throw new Error(`layoutlab ${args.join(" ")} ended with ${String(status)}`);
    times.push(performance.now() - start);
  }
  return median(times);
}

report(`\n${requests} requests, ${inFlight} in flight, answered at once`, "");
let small: Measured | undefined;
await withServer(0, async (env, take) => {
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < (full ? 3 : 2); round++) {
    const bare = await sdk(env, requests);
    await take();
    await withLab(writeLab(requests), async (lab) => {
      small = await run(lab, env, requests);
      const sent = await take();
      if (sent !== requests) throw new Error(`the server was asked ${sent} times`);
      report("  openai SDK + p-limit, nothing stored", show(bare));
      report("  layoutlab run", show(small));
      ratios.push(perThousand(small) / perThousand(bare));
      rates.push(bare.count / bare.spanMs / (small.count / small.spanMs));
      if (round > 0) return;
      const again = await run(lab, env, requests);
      report(
        "  the same again, all from the cache",
        `${Math.round(again.usage.wallMs)} ms`,
        kept(Math.round(again.usage.wallMs), 2000, "ms"),
      );
      if ((await take()) > 0) throw new Error("a cached run asked the server");
    });
  }
  report("  CPU, layoutlab / bare SDK", median(ratios).toFixed(2), kept(Number(median(ratios).toFixed(2)), 1, ""));
  report("  rate, bare SDK / layoutlab", median(rates).toFixed(2), kept(Number(median(rates).toFixed(2)), 1, ""));
});

report("\nthe engine's own share: recorded outputs, no HTTP", "");
{
  const one = await withLab(writeLab(2, "replay:outputs.jsonl"), (lab) => {
    replayOf(lab, 2);
    return run(lab, {}, 2);
  });
  const all = await withLab(writeLab(requests, "replay:outputs.jsonl"), (lab) => {
    replayOf(lab, requests);
    return run(lab, {}, requests);
  });
  const own = (all.usage.cpuMs - one.usage.cpuMs) / requests;
  report("  per 1,000 trials, start-up taken off", `${own.toFixed(3)} CPU s`, kept(Number(own.toFixed(3)), 0.15, "s"));
}

report(`\n${requests} requests, ${inFlight} in flight, answered after 50 ms`, "");
await withServer(50, (env) =>
  withLab(writeLab(requests), async (lab) => {
    const ideal = (requests * 50) / inFlight;
    const bare = await sdk(env, requests);
    report("  openai SDK + p-limit, span / ideal", (bare.spanMs / ideal).toFixed(3));
    const { summary } = await run(lab, env, requests);
    const ratio = Number((summary.queue.makespanMs / ideal).toFixed(3));
    report("  layoutlab run, span / ideal", `${ratio}`, kept(ratio, 1.06, ""));
  }),
);

report(`\n${many} requests`, "");
await withServer(0, (env) =>
  withLab(writeLab(many), async (lab) => {
    const large = await run(lab, env, many);
    const { memory, peakMb } = large.usage;
    const tenth = (n: number) => {
      const part = memory.slice(Math.floor((memory.length * (n - 1)) / 10), Math.floor((memory.length * n) / 10));
      return part.reduce((sum, one) => sum + one, 0) / Math.max(1, part.length);
    };
    report("  layoutlab run", show(large), kept(Math.round(peakMb), 300, "MB"));
    const growth = tenth(10) / tenth(2);
    report(
      "  memory, last tenth / second tenth",
      growth.toFixed(2),
      full ? kept(Number(growth.toFixed(2)), 1.1, "") : "",
    );
    const cpu = perThousand(large) / (small === undefined ? Number.NaN : perThousand(small));
    report(`  CPU per 1,000, against ${requests}`, cpu.toFixed(2), kept(Number(cpu.toFixed(2)), 1.1, ""));
  }),
);
process.exitCode = missed > 0 ? 1 : 0;
