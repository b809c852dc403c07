import { afterEach, describe, expect, it } from "vitest";
import { labelOf, runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

const rows = 40;
/** Every fourth row has a text that fits once, and not twice. */
const long = "far away ".repeat(300);
const isLong = (row: number) => row % 4 === 0;

async function windowLab(model: string, more: string, contextTokens: number | undefined): Promise<SimulatedLab> {
  const opened = await openSimulatedLab(
    { rows: 1, models: [model] },
    {
      ...(contextTokens === undefined ? {} : { contextTokens }),
      tokens: (text) => Math.ceil(text.length / 4),
      // Standard is right; the layout that says all twice is right on long rows alone, which a cut would turn round.
      answer: (messages) => {
        const text = messages.at(-1)?.content ?? "";
        const row = Number(/item number (\d+)/.exec(text)?.[1]);
        return text.split("item number").length > 2 && !isLong(row) ? labelOf(row + 1) : labelOf(row);
      },
    },
  );
  const lines = Array.from({ length: rows }, (_, i) => `r${i},${isLong(i) ? long : ""}item number ${i},${labelOf(i)}`);
  await opened.write("data.csv", `id,text,label\n${lines.join("\n")}\n`);
  await opened.write(
    "lab.layout.yaml",
    `name: lab
dataset: data.csv
models: ["${model}"]
prompt:
  segment: "{{text}}"
  question: Which colour?
  output: { type: label, labels: [red, green, blue] }
layouts: [standard, repetition]
cache: { mode: "off" }
${more}`,
  );
  return opened;
}

const providers = [
  ["openai", "openai:a", ""],
  ["ollama", "ollama:a", "parameters: { num_ctx: [1024] }\n"],
] as const;

describe.each(providers)("a window of %s that some prompts do not fit", (name, model, parameters) => {
  const open = async (more: string, contextTokens: number | undefined) => {
    lab = await windowLab(model, parameters + more, contextTokens);
    const engine = await lab.openEngine(name === "ollama" ? { env: { OLLAMA_HOST: lab.simulator.url } } : {});
    return (await runLab(engine, lab)).summary;
  };

  it.each(["full", "adaptive"])("refuses the same rows for every layout, in %s mode", async (mode) => {
    const summary = await open(`sampling: { mode: ${mode} }\n`, 1_024);
    const [standard, repetition] = summary.variants;
    // Ten rows are void; none of them counts for the layout whose prompt was taken either.
    expect(standard?.trials).toBeLessThanOrEqual(rows - 10);
    if (mode === "full") expect([standard?.trials, repetition?.trials]).toEqual([30, 30]);
    expect([standard?.accuracy, repetition?.accuracy]).toEqual([1, 0]);
    expect(summary.notes.join(" ")).toMatch(/could not be had .*: (their rows count|its row counts) for no layout/);
  });

  it("asks about those rows under no layout where the experiment says the limit", async () => {
    const summary = await open("sampling: { mode: full }\ncontext: { maxTokens: 800, trim: none }\n", undefined);
    expect(summary.variants.map(({ trials }) => trials)).toEqual([30, 30]);
    expect(summary.requests.sent).toBe(60);
  });
});
