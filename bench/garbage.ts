/**
 * How much of each request the collector of young objects takes for alive: `node bench/garbage.ts [requests]`. What belongs to a
 * request is garbage once it is answered, and costs next to nothing while nobody holds on to it. Two things do without showing in
 * any profile of memory: a function literal assigned to a property, which V8 puts among old objects at once, and a Set or Map
 * that things pass through, whose old tables lead to the new ones. Either makes each pause several times as long.
 */
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { Agent } from "undici";
import { systemClock } from "../src/base/clock.ts";
import { seededRandom } from "../src/base/random.ts";
import { openHttp } from "../src/engine/provider/http.ts";
import { openOpenAI } from "../src/engine/provider/openai.ts";
import { readCompletion } from "../src/engine/provider/openaiAnswer.ts";
import { openQueue } from "../src/engine/queue/smartQueue.ts";
import type { Outcome } from "../src/engine/response/outcome.ts";
import { figure, heading, median, table, verdict } from "./engine/figures.ts";
import { startServer } from "./engine/server.ts";

const latencyMs = 50;
const inFlight = 64;

type Call = () => Promise<unknown>;

const ways: Readonly<Record<string, (baseUrl: string) => Call>> = {
  "bare undici": (baseUrl) => {
    const agent = new Agent({ connections: inFlight });
    const url = new URL(`${baseUrl}/chat/completions`);
    const headers = ["content-type", "application/json"];
    return () =>
      new Promise<void>((resolve, reject) => {
        agent.dispatch(
          { origin: url.origin, path: url.pathname, method: "POST", headers, body: body() },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData() {},
            onResponseEnd: () => resolve(),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      });
  },
  "our fetch": (baseUrl) => {
    const http = openHttp({ env: {}, connections: inFlight });
    const headers = { "content-type": "application/json" };
    return async () =>
      (await http.fetch(`${baseUrl}/chat/completions`, { method: "POST", headers, body: body() })).text();
  },
  "our provider": (baseUrl) => {
    const provider = openOpenAI({
      env: { OPENAI_BASE_URL: baseUrl },
      clock: systemClock,
      key: async () => "none",
      concurrency: inFlight,
    });
    return () =>
      provider.send(
        {
          model: "m",
          messages: [{ role: "user", content: words() }],
          parameters: {},
          responseSchema: undefined,
          tools: [],
          contextTokens: undefined,
        },
        { signal: new AbortController().signal },
      );
  },
  "our queue": () => {
    const queue = openQueue({ clock: systemClock, random: seededRandom("bench", 1) });
    return () => {
      const asked = body();
      const send = async () => {
        await setTimeout(latencyMs);
        return { outcome: answered(asked) };
      };
      const task = { model: "m", run: "r", variant: "v", tokens: 10, send };
      return queue.add(task, new AbortController().signal);
    };
  },
};

if (process.argv[2] === "--way") await walk(process.argv[3] ?? "", process.argv[4] ?? "", Number(process.argv[5]));
else await measure(Number(process.argv[2] ?? 8000));

function words(): string {
  return `${"word ".repeat(240)}${performance.now()}`;
}

function body(): string {
  return JSON.stringify({ model: "m", messages: [{ role: "user", content: words() }] });
}

function answered(content: string): Outcome {
  const completion = { choices: [{ finish_reason: "stop", message: { role: "assistant", content } }] };
  const outcome = readCompletion(completion, "m", { latencyMs, firstTokenMs: undefined, loadMs: undefined });
  if (outcome === undefined) throw new Error("no completion");
  return outcome;
}

async function walk(name: string, baseUrl: string, requests: number): Promise<never> {
  const call = ways[name]?.(baseUrl);
  let left = requests;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await call?.();
    }),
  );
  process.exit(0);
}

async function measure(requests: number): Promise<void> {
  const server = await startServer(latencyMs);
  const rows: string[][] = [];
  const shares = new Map<string, number>();
  for (const name of Object.keys(ways)) {
    const args = ["--trace-gc-nvp", import.meta.filename, "--way", name, server.baseUrl, String(requests)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    await new Promise((resolve) => child.once("close", resolve));
    const young = text.split("\n").filter((line) => line.includes("gc=s "));
    // The first half is start-up: code and what stays for good.
    const steady = young.slice(young.length / 2);
    const each = (field: string) => steady.map((line) => Number(new RegExp(`\\b${field}=([\\d.]+)`).exec(line)?.[1]));
    const allocated = median(each("allocated"));
    const promoted = median(each("promoted"));
    shares.set(name, promoted / allocated);
    const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
    rows.push([
      name,
      median(each("pause")).toFixed(1),
      mb(allocated),
      mb(median(each("new_space_survived"))),
      mb(promoted),
    ]);
  }
  server.close();
  heading(`Collections of young objects, ${requests} requests of ${latencyMs} ms, ${inFlight} in flight`);
  table(["", "pause ms", "allocated MB", "survived MB", "grown old MB"], rows);
  for (const [name, share] of shares) figure(`${name}: part that grows old`, share, { atMost: 0.05 });
  process.exitCode = verdict();
}
