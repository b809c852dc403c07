/**
 * Recorded outputs of a public study as an experiment: the raw generations of gpt-3.5-turbo under four layouts become
 * replay lines, the task's questions its dataset. The files are looked for beside the repository and are no part of it.
 */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";

const shared = new URL("../../../shared/data/", import.meta.url);

export const recordedMatrices = ["csqa_re2_correct.csv", "gsm8k_correct.csv"]
  .map((name) => ({ name, file: new URL(`matrices/${name}`, shared) }))
  .filter(({ file }) => existsSync(file));

const outputs = new URL("replay/csqa_gpt35turbo_4layouts.jsonl", shared);
const task = new URL("tasks/csqa_dev.jsonl", shared);

/** True when the recorded outputs and their task are there. */
export const hasRecording = existsSync(outputs) && existsSync(task);

/** Layouts of the study: the question asked once or twice, answered at once or step by step. */
export const recordedLayouts = ["direct", "cot", "direct_re2", "cot_re2"] as const;

/** Writes `csqa.layout.yaml`, its data and its replay file into the folder; gives the experiment's path. */
export async function writeRecording(folder: string, sampling: string): Promise<string> {
  const lines = readFileSync(outputs, "utf8").trim().split("\n");
  const replay = lines.flatMap((line) => {
    const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return recordedLayouts.map((layout) =>
      JSON.stringify({ example: String(row["id"]), layout, model: "gpt-3.5-turbo", output: row[layout] }),
    );
  });
  await writeFile(path.join(folder, "outputs.jsonl"), `${replay.join("\n")}\n`);
  await writeFile(path.join(folder, "csqa.jsonl"), readFileSync(task, "utf8"));
  const file = path.join(folder, "csqa.layout.yaml");
  await writeFile(
    file,
    `name: csqa
dataset: { path: csqa.jsonl, expected: answer, id: id, input: { segment: question } }
models: ["replay:outputs.jsonl"]
prompt: { segment: "{{question}}", question: Which choice fits?, output: { type: label, labels: [A, B, C, D, E] } }
layouts:
${recordedLayouts.map((name, i) => `  - { name: ${name}, user: [segment, question, output], repeat: ${i + 1} }`).join("\n")}
sampling: ${sampling}
`,
  );
  return file;
}
