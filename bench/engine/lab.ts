/** An experiment of any size in a folder of its own: two layouts, prompts of about 1.5 KB, label answers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Lab {
  readonly folder: string;
  readonly spec: string;
  close(): void;
}

const words =
  "my card has not arrived yet please tell me what to do about the transfer of money to another account".split(" ");

function say(seed: number, length: number): string {
  let text = "";
  for (let i = seed; text.length < length; i = (i * 31 + 7) % 9973) text += `${words[i % words.length]} `;
  return text.trim();
}

/** `trials` of each model is even: half of them for each layout. */
export function writeLab(trials: number, models: readonly string[] = ["openai:m"], more = ""): Lab {
  const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
  const labels = Array.from({ length: 20 }, (_, i) =>
    i === 0 ? "card_arrival" : `${words[i]}_${words[(i * 7) % 20]}`,
  );
  const rows = Array.from({ length: trials / 2 }, (_, i) => `r${i},${say(i, 200)} ${i},${labels[i % labels.length]}`);
  writeFileSync(path.join(folder, "data.csv"), `id,text,label\n${rows.join("\n")}\n`);
  const spec = path.join(folder, "bench.layout.yaml");
  writeFileSync(
    spec,
    `name: bench
dataset: { path: data.csv, input: { segment: text }, expected: label, id: id }
models: [${models.map((model) => `"${model}"`).join(", ")}]
prompt:
  role: ${say(1, 100)}
  instructions: ${say(2, 400)}
  definitions: ${say(3, 500)}
  segment: "{{text}}"
  question: Which intent is it?
  output: { type: label, labels: [${labels.join(", ")}] }
layouts: [standard, recency]
sampling: { mode: full }
${more}`,
  );
  return { folder, spec, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Recorded outputs for every trial of the lab, in the file its model `replay:outputs.jsonl` names. */
export function replayOf(lab: Lab, trials: number): void {
  const lines: string[] = [];
  for (let i = 0; i < trials / 2; i++) {
    for (const layout of ["standard", "recency"])
      lines.push(
        JSON.stringify({
          example: `r${i}`,
          layout,
          model: "recorded",
          output: "card_arrival",
          prompt_tokens: 400,
          completion_tokens: 3,
          latency_ms: 600,
        }),
      );
  }
  writeFileSync(path.join(lab.folder, "outputs.jsonl"), `${lines.join("\n")}\n`);
}
