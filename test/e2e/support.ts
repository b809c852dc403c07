import { type ChildProcess, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import type { Answer } from "../../src/engine/simulator/options.ts";
import { type Ended, openProcessFolder, type ProcessFolder, type Running } from "../support/process.ts";

export const spec = "tickets.layout.yaml";

const labels = ["billing", "delivery", "account", "damage"];

/**
 * The simulated model of these tests: right on some rows, a little oftener where the question stands last. It looks at the
 * prompt alone, so an answer is the same whenever it is asked for.
 */
export const answer: Answer = (messages) => {
  const text = messages.map((message) => message.content).join("\n");
  const row = Number(/ticket number (\d+)/.exec(text)?.[1]);
  const byPrompt = createHash("sha1").update(text).digest().readUInt32LE(0) / 2 ** 32;
  const right = labels[row % labels.length] ?? "";
  return byPrompt < (text.trimEnd().endsWith("?") ? 0.8 : 0.6) ? right : (labels[(row + 1) % labels.length] ?? "");
};

/** An experiment over `rows` tickets and five layouts. */
export async function ticketFolder(options: {
  readonly rows: number;
  readonly models: readonly string[];
  readonly more?: string;
}): Promise<ProcessFolder> {
  const folder = await openProcessFolder();
  const rows = Array.from({ length: options.rows }, (_, i) => `t${i},ticket number ${i},${labels[i % labels.length]}`);
  await folder.write("tickets.csv", `id,text,label\n${rows.join("\n")}\n`);
  await folder.write(
    spec,
    `name: tickets
dataset: tickets.csv
models: [${options.models.map((model) => JSON.stringify(model)).join(", ")}]
prompt:
  role: You sort tickets.
  instructions: Answer with one label.
  segment: "{{text}}"
  question: What is it about?
  quickCheck: One label.
  output: { type: label, labels: [${labels.join(", ")}] }
layouts: [standard, recency, sandwich, minimal-system, question-first]
sampling: { mode: full }
${options.more ?? ""}`,
  );
  return folder;
}

/** The environment in which both SDKs find the simulator. */
export function environment(url: string): Record<string, string> {
  return { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: `${url}/v1`, OLLAMA_HOST: url };
}

/** A batch server of the folder, in a process of its own, once it can be asked; rejects with what it says when it cannot start. */
export async function startServing(
  folder: ProcessFolder,
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<Running & { readonly url: string }> {
  const running = folder.start(["serve", "--json", "--model", "openai:small", ...flags], env);
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    running.child.stdout?.on("data", (text: string) => {
      said += text;
      if (said.endsWith("\n")) resolve((JSON.parse(said) as { url: string }).url);
    });
    running.ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return { ...running, url };
}

/** The path of the built command line. `npm test` has built it; a test that is run alone builds what it needs. */
export function buildCli(): string {
  const root = path.join(import.meta.dirname, "..", "..");
  const dist = path.join(root, "dist");
  if (!existsSync(path.join(dist, "cli-main.js")))
    spawnSync(process.execPath, ["esbuild.mjs", "--only=cli,bin"], { cwd: root, stdio: "inherit" });
  return path.join(dist, "cli.js");
}

/**
 * Answers as `then` does, and kills a process with -9 as request number `at` comes in: it cannot have ended before, however busy the
 * machine is.
 */
export function killing(then: Answer, at: number): { readonly answer: Answer; aim(process: ChildProcess): void } {
  let asked = 0;
  let victim: ChildProcess | undefined;
  return {
    answer(messages, context) {
      asked += 1;
      if (asked === at) victim?.kill("SIGKILL");
      return then(messages, context);
    },
    aim(process) {
      victim = process;
    },
  };
}

/** The document of `--json`; a failure shows what the process said. */
export function summaryOf(ended: Ended): RunSummary {
  try {
    return JSON.parse(ended.stdout) as RunSummary;
  } catch {
    throw new Error(`no document, exit ${ended.code ?? ended.signal}: ${ended.stderr}${ended.stdout}`);
  }
}

/** What two runs over the same answers must agree on. */
export function finalTable(summary: RunSummary) {
  return {
    verdict: summary.verdict,
    variants: summary.variants.map(
      ({ id, trials, correct, accuracy, interval, status, reason, unparsable, failed, tokens }) => ({
        id,
        trials,
        correct,
        accuracy,
        interval,
        status,
        reason,
        unparsable,
        failed,
        tokens: { prompt: tokens.prompt, completion: tokens.completion },
      }),
    ),
  };
}
