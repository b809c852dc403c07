/**
 * The programs that the engine is measured beside. Each is installed from its own lock file when it is first needed, and one
 * that cannot be had says why instead of a number.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { measure, type Usage } from "./measure.ts";

export interface Measured {
  readonly usage: Usage;
  /** From the first request to the end, start-up excluded. */
  readonly spanMs: number;
  readonly count: number;
}

export interface Peer {
  readonly name: string;
  readonly stores: boolean;
  /** Folder under `bench/peers` that is installed for it. */
  readonly folder: "." | "plainjob" | "promptfoo";
  run(env: Readonly<Record<string, string>>, count: number, inFlight: number): Promise<Measured>;
}

const root = fileURLToPath(new URL("../peers", import.meta.url));
const installed = new Map<string, string | undefined>();

/** Why a peer cannot be run; undefined when it can. */
export function unavailable({ folder }: Peer): string | undefined {
  if (!installed.has(folder)) installed.set(folder, install(path.join(root, folder)));
  return installed.get(folder);
}

function install(folder: string): string | undefined {
  const lock = path.join(folder, "package-lock.json");
  const done = path.join(folder, "node_modules", ".package-lock.json");
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return undefined;
  process.stdout.write(`  installing ${path.relative(process.cwd(), folder)}\n`);
  const failure = npm(folder, ["ci"]);
  if (failure !== "npm error code EUSAGE") return failure;
  // npm refuses a lock file that lacks packages for other systems, which some registries do not have.
  process.stdout.write("  its lock file is incomplete: what its package.json names is installed\n");
  return npm(folder, ["install", "--no-package-lock"]);
}

/** What went wrong, in a line. */
function npm(folder: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync("npm", [...args, "--no-audit", "--no-fund"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 600_000,
  });
  if (status === 0) return undefined;
  const lines = (stderr ?? "").trim().split("\n");
  return error?.message ?? lines.find((line) => line.startsWith("npm error")) ?? lines.at(-1) ?? "npm failed";
}

function loop(name: string, folder: "." | "plainjob" = ".", stores = false): Peer {
  return {
    name,
    folder,
    stores,
    async run(env, count, inFlight) {
      const program = path.join(root, folder, "loop.mjs");
      const { usage, stdout } = await measure(program, [name, String(count), String(inFlight)], { env });
      const { answers, spanMs } = JSON.parse(stdout) as { readonly answers: number; readonly spanMs: number };
      if (answers !== count) throw new Error(`${name} had ${answers} of ${count} answers`);
      return { usage, spanMs, count };
    },
  };
}

export const sdkLoop = loop("sdk p-limit");

/** What the least client takes. */
export const lightest: Peer = loop("undici p-limit");

export const smallPeers: readonly Peer[] = [
  lightest,
  loop("fetch p-limit"),
  loop("sdk p-queue"),
  loop("fetch bottleneck"),
  loop("plainjob", "plainjob", true),
];

/** Whole runs of promptfoo over the same work; its span includes its start, as it tells no other. */
export const promptfoo: Peer = {
  name: "promptfoo",
  stores: true,
  folder: "promptfoo",
  async run(env, count, inFlight) {
    const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
    try {
      const shared = "my card has not arrived yet please tell me what to do about it ".repeat(20).trim();
      const rows = Array.from({ length: count }, (_, i) => `${shared},${i},equals:card_arrival`);
      writeFileSync(path.join(folder, "tests.csv"), `shared,i,__expected\n${rows.join("\n")}\n`);
      const config = { prompts: ["{{shared}} message number {{i}}"], providers: ["openai:chat:m"], tests: "tests.csv" };
      writeFileSync(path.join(folder, "promptfooconfig.json"), JSON.stringify(config));
      const program = path.join(root, "promptfoo/node_modules/promptfoo/dist/src/entrypoint.js");
      const quiet = ["--no-cache", "--no-table", "--no-progress-bar", "--no-share"];
      const own = {
        PROMPTFOO_CONFIG_DIR: path.join(folder, "home"),
        PROMPTFOO_DISABLE_TELEMETRY: "1",
        PROMPTFOO_DISABLE_UPDATE: "1",
        PROMPTFOO_DISABLE_REMOTE_GENERATION: "1",
      };
      const args = ["eval", "-c", "promptfooconfig.json", "-j", String(inFlight), ...quiet];
      // It writes to its log files after it closed them, which may end it as a failure once all is done.
      const { usage } = await measure(program, args, { env: { ...env, ...own }, cwd: folder, codes: [0, 1] });
      return { usage, spanMs: usage.wallMs, count };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** PERF's other peers, and what running them here would take. */
export const notRun: readonly (readonly [name: string, reason: string])[] = [
  ["pg-boss", "needs a PostgreSQL server"],
  ["evalite", "38 CPU s per 1,000 requests where it was measured: more than this bench may take"],
];
