/**
 * The whole product on the work its peers were measured on: `node bench/engine.ts [--full]`. A server in a process of its own
 * answers; every program runs as a user would run it, start-up included, in turns, so that the ratios mean something on any
 * machine. Exits with 1 when a goal is missed. `--full` asks 170,000 requests instead of 20,000, gives every peer all 10,000,
 * and installs promptfoo (2.5 GB).
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSummary } from "../src/engine/runner/events.ts";
import { figure, heading, median, table, verdict } from "./engine/figures.ts";
import { type Lab, replayOf, writeLab } from "./engine/lab.ts";
import { measure } from "./engine/measure.ts";
import {
  lightest,
  type Measured,
  notRun,
  type Peer,
  promptfoo,
  sdkLoop,
  smallPeers,
  unavailable,
} from "./engine/peers.ts";
import { startServer, type Taken } from "./engine/server.ts";

const full = process.argv.includes("--full");
const requests = 10_000;
const many = full ? 170_000 : 20_000;
const rounds = full ? 5 : 3;
const inFlight = 64;
const root = fileURLToPath(new URL("..", import.meta.url));
const cli = path.join(root, "dist", "cli.js");

const perThousand = ({ usage, count }: Measured) => usage.cpuMs / count;
const rate = ({ spanMs, count }: Measured) => count / (spanMs / 1000);
const head = ["", "requests", "req/s", "CPU s/1,000", "peak MB", "stores"];
const row = (name: string, one: Measured, stores: boolean) => [
  name,
  String(one.count),
  String(Math.round(rate(one))),
  perThousand(one).toFixed(3),
  String(Math.round(one.usage.peakMb)),
  stores ? "yes" : "no",
];

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

async function withServer<T>(
  latencyMs: number,
  work: (env: Readonly<Record<string, string>>, take: () => Promise<Taken>) => Promise<T>,
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

async function startUp(): Promise<void> {
  heading("Start-up, median of 7");
  figure("layoutlab --version", await starts(["--version"]), { atMost: 100, unit: "ms" });
  await withLab(writeLab(10), (lab) =>
    withServer(0, async (env) => {
      await run(lab, env, 10);
      const args = ["run", lab.spec, "--json", "--quiet", "--store", path.join(lab.folder, "store.db")];
      figure("a cached run of 10 rows", await starts(args, env), { atMost: 700, unit: "ms" });
    }),
  );
}

/** In turns with the bare SDK; gives the last run. */
async function atOnce(): Promise<Measured> {
  heading(`${requests} requests, ${inFlight} in flight, answered at once`);
  const missing = unavailable(sdkLoop);
  if (missing !== undefined) throw new Error(`the baseline cannot be installed: ${missing}`);
  return withServer(0, async (env, take) => {
    const cpu: number[] = [];
    const rates: number[] = [];
    const rows: string[][] = [];
    let own: Measured | undefined;
    let cachedMs = Number.NaN;
    for (let round = 0; round < rounds; round++) {
      const bare = await sdkLoop.run(env, requests, inFlight);
      await take();
      own = await withLab(writeLab(requests), async (lab) => {
        const first = await run(lab, env, requests);
        const { count: sent } = await take();
        if (sent !== requests) throw new Error(`the server was asked ${sent} times`);
        if (round === 0) {
          cachedMs = (await run(lab, env, requests)).usage.wallMs;
          if ((await take()).count > 0) throw new Error("a cached run asked the server");
        }
        return first;
      });
      rows.push(row("openai SDK + p-limit", bare, false), row("layoutlab run", own, true));
      cpu.push(perThousand(own) / perThousand(bare));
      rates.push(rate(bare) / rate(own));
    }
    table(head, rows);
    figure("CPU, layoutlab / bare SDK, median of the rounds", median(cpu), { atMost: 1 });
    figure("rate, bare SDK / layoutlab, median of the rounds", median(rates), { atMost: 1 });
    figure("the same again, all from the cache", cachedMs, { atMost: 2000, unit: "ms" });
    if (own === undefined) throw new Error("nothing was measured");
    return own;
  });
}

async function peers(own: Measured): Promise<void> {
  heading("Peers on the same work");
  const rows: string[][] = [row("layoutlab run", own, true)];
  const missing: string[] = [];
  await withServer(0, async (env, take) => {
    const one = async (peer: Peer, count: number) => {
      const reason = unavailable(peer);
      if (reason !== undefined) {
        missing.push(`${peer.name}: not run: ${reason}`);
        return undefined;
      }
      await take();
      const measured = await peer.run(env, count, inFlight);
      const { count: answered } = await take();
      if (answered < count) throw new Error(`${peer.name} asked ${answered} of ${count}`);
      rows.push(row(peer.name, measured, peer.stores));
      return measured;
    };
    for (const peer of smallPeers) await one(peer, full ? requests : 2_000);
    if (!full) missing.push("promptfoo: not run: 2.5 GB to install, which --full does");
    const large = full ? await one(promptfoo, requests) : undefined;
    for (const [name, reason] of notRun) missing.push(`${name}: not run: ${reason}`);
    table(head, rows);
    for (const line of missing) process.stdout.write(`  ${line}\n`);
    if (large === undefined) return;
    figure("CPU, layoutlab / promptfoo", perThousand(own) / perThousand(large), { atMost: 0.1 });
    figure("memory, layoutlab / promptfoo", own.usage.peakMb / large.usage.peakMb, { atMost: 0.25 });
  });
}

async function ownShare(): Promise<void> {
  heading(`The engine's own share: ${requests} recorded outputs, no HTTP`);
  const cpuOf = (count: number) =>
    withLab(writeLab(count, ["replay:outputs.jsonl"]), async (lab) => {
      replayOf(lab, count);
      return (await run(lab, {}, count)).usage.cpuMs;
    });
  const shares: number[] = [];
  for (let round = 0; round < 3; round++) shares.push(((await cpuOf(requests)) - (await cpuOf(2))) / requests);
  figure("CPU per 1,000 trials, start-up taken off, median of 3", median(shares), { atMost: 0.15, unit: "s" });
}

async function afterFifty(): Promise<void> {
  heading(`${requests} requests, ${inFlight} in flight, answered after 50 ms; median of ${rounds} rounds in turns`);
  await withServer(50, async (env, take) => {
    const spans = new Map<string, number[]>();
    const note = async (name: string, spanMs: number) => {
      // What the server's own timer adds is no client's doing.
      const { lateMs } = await take();
      const ideal = (requests * (50 + lateMs)) / inFlight;
      spans.set(name, [...(spans.get(name) ?? []), spanMs / ideal]);
    };
    for (let round = 0; round < rounds; round++) {
      for (const peer of [lightest, sdkLoop]) await note(peer.name, (await peer.run(env, requests, inFlight)).spanMs);
      const { summary } = await withLab(writeLab(requests), (lab) => run(lab, env, requests));
      await note("layoutlab run", summary.queue.makespanMs);
    }
    table(
      ["", "span / ideal", "of all rounds"],
      [...spans].map(([name, all]) => [name, median(all).toFixed(3), all.map((one) => one.toFixed(3)).join(" ")]),
    );
    figure("span / ideal", median(spans.get("layoutlab run") ?? []), { atMost: 1.06 });
  });
}

async function flat(small: Measured): Promise<void> {
  heading(`${many} requests, answered at once`);
  await withServer(0, (env) =>
    withLab(writeLab(many), async (lab) => {
      const large = await run(lab, env, many);
      table(head, [row("layoutlab run", small, true), row("layoutlab run", large, true)]);
      const { memory, peakMb } = large.usage;
      const tenth = (n: number) => {
        const part = memory.slice(Math.floor((memory.length * (n - 1)) / 10), Math.floor((memory.length * n) / 10));
        return part.reduce((sum, one) => sum + one, 0) / Math.max(1, part.length);
      };
      figure("peak memory", peakMb, { atMost: 300, unit: "MB" });
      if (full) figure("memory, last tenth / second tenth", tenth(10) / tenth(2), { atMost: 1.1 });
      figure(`CPU per 1,000, against ${requests}`, perThousand(large) / perThousand(small), { atMost: 1.1 });
    }),
  );
}

spawnSync(process.execPath, ["esbuild.mjs", "--only=cli,bin"], { cwd: root, stdio: "inherit" });
await startUp();
const own = await atOnce();
await peers(own);
await ownShare();
await afterFifty();
await flat(own);
process.exitCode = verdict();
