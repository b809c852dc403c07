import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { RunOptions } from "../../src/engine/api.ts";
import { decideMatrix, type MatrixOptions } from "../../src/engine/decide/decideMatrix.ts";
import type { ScoreTable } from "../../src/engine/decide/matrix.ts";
import type { Decision } from "../../src/engine/decide/sampler.ts";
import { type Engine, openEngine } from "../../src/engine/engine.ts";
import { type Script, scriptedProvider } from "../../src/engine/provider/scripted.ts";
import type { RunSummary } from "../../src/engine/runner/events.ts";

/** Scores by row and layout; NaN is a trial that cannot be had. */
export type Matrix = readonly (readonly number[])[];

export interface MatrixLabOptions {
  readonly matrix: Matrix;
  /** The value of `sampling:` in the experiment file, YAML. */
  readonly sampling?: string;
  /** More keys of the experiment file, YAML. */
  readonly more?: string;
  /** Default `scripted:m`; `scripted:mirror` answers with the columns reversed; `replay:scores.jsonl` has the scores recorded. */
  readonly models?: readonly string[];
  /** Names of the columns; default `a`, `b`, … */
  readonly layouts?: readonly string[];
}

/** An experiment whose answers are right and wrong as a matrix says. */
export interface MatrixLab {
  readonly folder: string;
  readonly file: string;
  readonly store: string;
  readonly layouts: readonly string[];
  readonly table: ScoreTable;
  open(order?: Latency): Promise<Engine>;
  /** Calls that reached the model, as `layout/example`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** In which order answers come back. */
export type Latency = "atOnce" | "lastFirst" | "wrongLast" | "random";

function letters(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
}

/** The experiment of a matrix as its file: layouts of growing length, labels yes and no. */
export function matrixSpec(options: MatrixLabOptions, models: readonly string[]): { spec: string; data: string } {
  const { matrix, layouts = letters(matrix[0]?.length ?? 0) } = options;
  // Prompts that are the same share their answer, so each layout has an order and a number of repetitions of its own.
  const orders = ["segment, question", "question, segment", "segment, quickCheck", "quickCheck, segment"];
  const lines = layouts.map((name, i) => {
    const order = orders[Math.floor(i / 5) % orders.length];
    return `  - { name: ${name}, user: [${order}, output], repeat: ${(i % 5) + 1} }`;
  });
  const spec = `name: matrix
dataset: data.csv
models: [${models.map((model) => JSON.stringify(model)).join(", ")}]
prompt: { segment: "{{text}}", question: Yes or no?, quickCheck: Yes?, output: { type: label, labels: [yes, no] } }
layouts:
${lines.join("\n")}
sampling: ${options.sampling ?? "{ mode: adaptive }"}
limits: { retries: 0 }
${options.more ?? ""}`;
  const data = `id,text,label\n${matrix.map((_, row) => `r${row},item ${row},yes`).join("\n")}\n`;
  return { spec, data };
}

export async function openMatrixLab(options: MatrixLabOptions): Promise<MatrixLab> {
  const { matrix, models = ["scripted:m"] } = options;
  const layouts = options.layouts ?? letters(matrix[0]?.length ?? 0);
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-"));
  const { spec, data } = matrixSpec(options, models);
  const file = path.join(folder, "matrix.layout.yaml");
  await writeFile(file, spec);
  await writeFile(path.join(folder, "data.csv"), data);
  const recorded = matrix.flatMap((scores, row) =>
    scores.map((correct, v) => JSON.stringify({ example: `r${row}`, layout: layouts[v], model: "recorded", correct })),
  );
  await writeFile(path.join(folder, "scores.jsonl"), `${recorded.join("\n")}\n`);
  await writeFile(path.join(folder, "matrix.json"), JSON.stringify({ matrix, layouts }));
  const store = path.join(folder, "store.db");
  const engines: Engine[] = [];
  const asked: string[] = [];
  return {
    folder,
    file,
    store,
    layouts,
    table: { ids: matrix.map((_, row) => `r${row}`), columns: layouts, rows: matrix },
    asked,
    async open(latency = "atOnce") {
      const engine = await openMatrixEngine(
        store,
        matrixScript(matrix, layouts, latency, (trial) => asked.push(trial)),
      );
      engines.push(engine);
      return engine;
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function openMatrixEngine(store: string, script: Script): Promise<Engine> {
  return openEngine({
    store,
    env: {},
    clock: systemClock,
    host: { key: async () => undefined },
    version: "test",
    roots: undefined,
    providers: { scripted: async () => scriptedProvider({ script, facts: { free: true } }) },
  });
}

/** Answers as the matrix says, in an order meant to mislead whoever decides by arrival. */
export function matrixScript(
  matrix: Matrix,
  layouts: readonly string[],
  latency: Latency = "atOnce",
  onCall: (trial: string) => void = () => undefined,
): Script {
  const random = seededRandom("latency", latency);
  const waiting: { readonly wrong: boolean; readonly go: () => void }[] = [];
  let releasing = false;
  const release = () => {
    releasing = false;
    const flying = waiting.splice(0);
    // Right answers come at once, wrong ones only when nothing else is left to wait for.
    const first = latency === "wrongLast" ? flying.filter(({ wrong }) => !wrong) : flying.reverse();
    const held = latency === "wrongLast" && first.length > 0 ? flying.filter(({ wrong }) => wrong) : [];
    const now = first.length > 0 ? first : flying;
    waiting.push(...held);
    if (latency === "random") now.sort(() => random() - 0.5);
    for (const { go } of now) go();
    if (held.length > 0) schedule();
  };
  const schedule = () => {
    if (releasing) return;
    releasing = true;
    setTimeout(release, 1);
  };
  return async ({ model }, { trial }) => {
    onCall(`${trial?.layout}/${trial?.example}`);
    const row = Number(trial?.example.slice(1));
    const column = layouts.indexOf(trial?.layout ?? "");
    // The model `mirror` has the layouts the other way round.
    const score = matrix[row]?.[model === "mirror" ? layouts.length - 1 - column : column] ?? Number.NaN;
    if (latency !== "atOnce") {
      await new Promise<void>((go) => {
        waiting.push({ wrong: score !== 1, go });
        schedule();
      });
    }
    if (Number.isNaN(score)) return { kind: "tooLong", message: "it does not fit", limitTokens: undefined };
    return score === 1 ? "yes" : "no";
  };
}

/** What a run decided, with variants called by their layouts: what two ways to decide must agree on. */
export interface Decided {
  readonly verdict: unknown;
  readonly variants: unknown;
  readonly decisions: unknown;
}

/** Starts, waits, and gives what was decided. */
export async function runMatrix(
  engine: Engine,
  lab: MatrixLab,
  options: RunOptions = {},
): Promise<{ readonly summary: RunSummary; readonly decided: Decided }> {
  const { run } = await engine.start({ file: lab.file, options });
  await engine.finished(run);
  return storedDecision(engine, run);
}

export async function storedDecision(
  engine: Engine,
  run: string,
): Promise<{ readonly summary: RunSummary; readonly decided: Decided }> {
  const { summary } = await engine.run({ run });
  const decisions = await engine.decisions({ run });
  const { verdict, variants } = summary;
  return {
    summary,
    decided: byLayout({
      verdict,
      variants: variants.map(({ id, trials, correct, accuracy, interval, status, reason }) => {
        return { id, trials, correct, accuracy, interval, status, reason };
      }),
      decisions: decisions.map(({ at: _at, model: _model, ...decision }) => decision),
    }),
  };
}

/** What the module decides on the same scores, told the same costs. */
export function decidedMatrix(table: ScoreTable, options: MatrixOptions, summary: RunSummary): Decided {
  const costs = Object.fromEntries(
    summary.variants.map(({ layout, layoutMetrics }) => [layout, 1000 * layoutMetrics.promptTokens]),
  );
  const { verdict, variants, decisions } = decideMatrix(table, {
    costUnit: "promptTokens",
    costs,
    seed: 1,
    ...options,
  });
  return byLayout({
    verdict,
    variants: variants.map(({ evidence: _evidence, ...state }) => state),
    decisions: decisions satisfies readonly Decision[],
  });
}

/** Ids such as `a/scripted:m` become `a`; what JSON drops is dropped. */
function byLayout(value: Decided): Decided {
  return JSON.parse(JSON.stringify(value).replaceAll(/\/(scripted|replay):[^"/]*/g, "")) as Decided;
}
