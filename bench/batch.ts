/**
 * A table to answers and their analysis, as a user would do it: `node bench/batch.ts [--full]`. A trivial server in a process
 * of its own answers at once; 10,000 rows, with `--full` 170,000 as well. Exits with 1 when a figure is missed.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { measure } from "./engine/measure.ts";
import { startServer } from "./engine/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = path.join(root, "dist", "cli.js");
const inFlight = "64";
let missed = 0;

const template = {
  model: "m",
  messages: [
    { role: "system", content: `You label support tickets. ${"Read the whole ticket before you answer. ".repeat(24)}` },
    { role: "user", content: "Ticket {{id}} ({{channel}}): {{text}}\n\nWhat is it about?" },
  ],
};

function kept(value: number, limit: number, unit: string): string {
  if (value > limit) missed += 1;
  return `at most ${limit} ${unit}: ${value <= limit ? "yes" : "NO"}`;
}

async function lines(file: string): Promise<number> {
  let count = 0;
  for await (const _ of createInterface({ input: createReadStream(file) })) count += 1;
  return count;
}

async function bench(rows: number): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
  const at = (name: string) => path.join(folder, name);
  const server = await startServer(0);
  const env = { OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "none" };
  process.stdout.write(`\n${rows} rows, ${inFlight} in flight, answered at once\n`);
  const step = async (what: string, args: readonly string[]) => {
    const { usage, stdout } = await measure(cli, [...args, "--json", "--quiet"], { env, cwd: folder });
    const perThousand = usage.cpuMs / rows;
    const rate = Math.round(rows / (usage.wallMs / 1000));
    const figures = `${perThousand.toFixed(3)} CPU s/1,000, ${rate} rows/s, ${Math.round(usage.peakMb)} MB`;
    process.stdout.write(
      `  ${what.padEnd(26)} ${figures.padStart(44)}  ${kept(Math.round(usage.peakMb), 300, "MB")}\n`,
    );
    return { stdout, perThousand };
  };
  try {
    writeFileSync(at("template.json"), JSON.stringify(template));
    await step("batch sample", ["batch", "sample", "-n", String(rows), "-o", "rows.csv"]);
    const converted = await step("batch convert", [
      "batch",
      "convert",
      "rows.csv",
      "--template",
      "template.json",
      "-o",
      "in.jsonl",
    ]);
    const { written } = JSON.parse(converted.stdout) as { readonly written: number };
    const run = ["batch", "run", "in.jsonl", "-o", "out.jsonl", "--model", "openai:m", "-j", inFlight];
    const { perThousand } = await step("batch run", run);
    const { count: sent } = await server.take();
    if (sent !== written || (await lines(at("out.jsonl"))) !== written)
      throw new Error(`${written} requests, ${sent} sent, ${await lines(at("out.jsonl"))} answers`);
    await step("batch run, all known", run);
    if ((await server.take()).count > 0) throw new Error("a finished file was asked again");
    const analyze = ["batch", "analyze", "out.jsonl", "--expected", "rows.csv", "--rows", "1000000"];
    await step("batch analyze", analyze);
    process.stdout.write(
      `  in.jsonl ${Math.round(statSync(at("in.jsonl")).size / 1e6)} MB, out.jsonl ${Math.round(statSync(at("out.jsonl")).size / 1e6)} MB\n`,
    );
    return perThousand;
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

spawnSync(process.execPath, ["esbuild.mjs", "--only=cli,bin"], { cwd: root, stdio: "inherit" });
const small = await bench(10_000);
if (process.argv.includes("--full")) {
  const ratio = (await bench(170_000)) / small;
  process.stdout.write(
    `\n  CPU per 1,000 of batch run, 170,000 against 10,000: ${ratio.toFixed(2)}  ${kept(Number(ratio.toFixed(2)), 1.1, "")}\n`,
  );
}
process.exitCode = missed > 0 ? 1 : 0;
