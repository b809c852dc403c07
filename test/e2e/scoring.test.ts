import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { openProcessFolder } from "../support/process.ts";
import { environment, summaryOf } from "./support.ts";

const example = path.join(import.meta.dirname, "..", "..", "examples", "sql");

/** Judges by equality with the reference, one answer by hand. */
const judge = (messages: readonly { readonly content: string }[]): string => {
  const items = (messages.at(-1)?.content ?? "")
    .split("\n")
    .filter((line) => line.startsWith('{"id"'))
    .map((line) => JSON.parse(line) as { readonly id: number; readonly answer: string; readonly reference: string });
  return JSON.stringify(items.map(({ id, answer, reference }) => ({ id, score: answer === reference ? 5 : 2 })));
};

it("asks, executes and judges, and scores again without a call", async () => {
  const folder = await openProcessFolder();
  const simulator = await startSimulator({ models: "*", answer: judge });
  try {
    cpSync(example, folder.folder, { recursive: true });
    execFileSync(process.execPath, ["make.mjs"], { cwd: folder.folder, stdio: "ignore" });
    const before = readFileSync(path.join(folder.folder, "shop.sqlite"));
    await folder.write(
      "score.mjs",
      "export default ({ output, fields }) => output.length > 0 && 'question' in fields;\n",
    );
    await folder.write(
      "all.layout.yaml",
      readFileSync(path.join(example, "shop.layout.yaml"), "utf8").replace(
        "scoring:\n",
        "sampling: { mode: full }\nscoring:\n",
      ) +
        "  - { type: script, file: score.mjs }\n" +
        "  - { type: judge, model: openai:judge, rubric: Equal queries are good., scale: 1..5 }\n",
    );
    const ended = await folder.run(["run", "all.layout.yaml", "--json"], environment(simulator.url));
    const summary = summaryOf(ended);
    expect(summary.variants.map(({ layout, accuracy }) => [layout, accuracy])).toEqual([
      ["standard", 0.5],
      ["recency", 1],
    ]);
    expect(summary.variants.map(({ scores }) => scores?.["script"])).toEqual([1, 1]);
    expect(summary.judging).toMatchObject({ judges: [{ judged: 16, unscored: 0 }] });
    expect(summary.judging?.calls).toBe(simulator.stats().answered);
    expect(readFileSync(path.join(folder.folder, "shop.sqlite")).equals(before)).toBe(true);
    const asked = simulator.stats().answered;
    const again = await folder.run(["score", summary.run, "--json"], environment(simulator.url));
    expect(JSON.parse(again.stdout)).toMatchObject({ trials: 16, changed: 0, unjudged: 0 });
    expect(simulator.stats().answered).toBe(asked);
    await folder.write("score.mjs", "export default () => { throw new Error('no such city'); };\n");
    const broken = JSON.parse((await folder.run(["score", summary.run, "--json"], environment(simulator.url))).stdout);
    expect(broken.summary.notes).toContain("The script failed on 16 answers, which score 0 by it: no such city.");
    const { requests } = JSON.parse((await folder.run(["requests", "list", "--json"])).stdout) as {
      readonly requests: readonly { readonly taskType: string; readonly variant: number }[];
    };
    expect(requests.filter(({ taskType }) => taskType === "judge").every(({ variant }) => variant === -1)).toBe(true);
  } finally {
    await folder.close();
    await simulator.close();
  }
}, 60_000);
