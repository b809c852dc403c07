import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { RunOptions } from "../../src/engine/api.ts";
import { type Engine, openEngine } from "../../src/engine/engine.ts";
import { type Script, scriptedProvider } from "../../src/engine/provider/scripted.ts";
import type { RunEvent, RunSummary } from "../../src/engine/runner/events.ts";

/** A folder with an experiment over `rows` examples that a script answers; everything in it goes away with `close`. */
export interface TestLab {
  readonly folder: string;
  readonly file: string;
  readonly store: string;
  /** Every request that reached the script. */
  readonly asked: string[];
  open(script?: Script): Promise<Engine>;
  write(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

export interface LabOptions {
  readonly rows?: number;
  /** More keys of the experiment file, YAML. */
  readonly more?: string;
  readonly layouts?: readonly string[];
  readonly models?: readonly string[];
}

const labels = ["red", "green", "blue"];

/** The right answer of a row: labels take turns. */
export function labelOf(row: number): string {
  return labels[row % labels.length] as string;
}

export async function openLab(options: LabOptions = {}): Promise<TestLab> {
  const { rows = 12, layouts = ["standard", "sandwich"], models = ["scripted:a"] } = options;
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-"));
  const write = async (name: string, text: string) => {
    const full = path.join(folder, name);
    await writeFile(full, text);
    return full;
  };
  const lines = Array.from({ length: rows }, (_, i) => `r${i},item number ${i},${labelOf(i)}`);
  await write("data.csv", `id,text,label\n${lines.join("\n")}\n`);
  const file = await write(
    "lab.layout.yaml",
    `name: lab
dataset: data.csv
models: [${models.map((model) => JSON.stringify(model)).join(", ")}]
prompt:
  instructions: Name the colour.
  segment: "{{text}}"
  question: Which colour?
  quickCheck: One colour.
  output: { type: label, labels: [red, green, blue] }
layouts: [${layouts.join(", ")}]
${options.more ?? ""}`,
  );
  const store = path.join(folder, "store.db");
  const asked: string[] = [];
  const engines: Engine[] = [];
  return {
    folder,
    file,
    store,
    asked,
    write,
    async open(script = alwaysRight) {
      const engine = await openEngine({
        store,
        env: {},
        clock: systemClock,
        host: { key: async () => undefined },
        version: "test",
        roots: undefined,
        providers: {
          scripted: async () =>
            scriptedProvider({
              script: (request, sendOptions, call) => {
                asked.push(`${sendOptions.trial?.layout}/${sendOptions.trial?.example}`);
                return script(request, sendOptions, call);
              },
            }),
        },
      });
      engines.push(engine);
      return engine;
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The row a request is about, as the lab numbers them. */
export function rowOf(example: string | undefined): number {
  return Number(example?.slice(1));
}

export const alwaysRight: Script = (_request, { trial }) => labelOf(rowOf(trial?.example));

/** Runs the lab's experiment to its end. */
export async function runLab(
  engine: Engine,
  lab: TestLab,
  options: RunOptions = {},
): Promise<{ readonly summary: RunSummary; readonly events: readonly RunEvent[] }> {
  const events: RunEvent[] = [];
  const listening = engine.on("run", (event) => events.push(event));
  const { run } = await engine.start({ file: lab.file, options });
  const summary = await engine.finished(run);
  listening.dispose();
  return { summary, events };
}
