import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fixedHead, prefixRanks } from "../../../src/engine/plan/prefixOrder.ts";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

describe("the order in which variants are sent", () => {
  it("puts those together that begin alike", () => {
    expect(prefixRanks(["system A long", "user", "system A long too", "system B"])).toEqual([0, 3, 1, 2]);
  });

  it("stays as given where nothing is shared, and names every variant once", () => {
    expect(prefixRanks(["a", "b", "c"])).toEqual([0, 1, 2]);
    fc.assert(
      fc.property(fc.array(fc.string()), (heads) => {
        const ranks = [...prefixRanks(heads)].sort((a, b) => a - b);
        expect(ranks).toEqual(heads.map((_, i) => i));
      }),
    );
  });

  it("looks at what is the same for every example only", () => {
    const piece = (text: string, fixed: boolean) => ({ text, fixed, part: "segment" as const });
    const head = fixedHead({
      messages: [
        { role: "system", pieces: [piece("S", true)] },
        { role: "user", pieces: [piece("Q", true), piece("row", false), piece("end", true)] },
      ],
    });
    expect(head).toBe("system\nSuser\nQ");
  });
});

describe("prefixes of a run against the simulator's cache", () => {
  let lab: SimulatedLab | undefined;
  afterEach(() => lab?.close());

  it("go out together row by row, and are billed as the server says", async () => {
    const arrived: string[] = [];
    lab = await openSimulatedLab(
      {
        rows: 20,
      },
      {
        answer: (messages) => {
          const user = messages.at(-1)?.content ?? "";
          const kind = /^#+ Question/.test(user) ? "question-first" : /## Output/i.test(user) ? "recency" : "standard";
          arrived.push(kind);
          return ["red", "green", "blue"][Number(/item number (\d+)/.exec(user)?.[1]) % 3] ?? "red";
        },
      },
    );
    await lab.write("lab.layout.yaml", longInstructions);
    const engine = await lab.openEngine();
    const { summary } = await runLab(engine, lab);
    // Standard and question-first have one system message; the file names recency between them.
    expect(new Set(arrived.slice(0, 3)).size).toBe(3);
    for (let i = 0; i + 2 < arrived.length; i += 3)
      expect(arrived.slice(i, i + 3)).toEqual(["standard", "question-first", "recency"]);
    for (const variant of summary.variants) {
      expect(variant.prefix?.servable).toBeGreaterThanOrEqual(1024);
      expect(variant.prefix?.cachedPerAnswer).toBeGreaterThanOrEqual(1024);
    }
    const billed = summary.variants.reduce((sum, { tokens }) => sum + tokens.cached, 0);
    expect(billed).toBe(lab.simulator.stats().cachedTokens);
    const { file } = await engine.export({ run: summary.run, format: "html", to: `${lab.folder}/report.html` });
    const page = await readFile(file, "utf8");
    expect(page).toContain("Prefix caching");
    expect(page).toContain(`>${summary.variants[0]?.prefix?.servable}<`);
  });
});

const longInstructions = `name: lab
dataset: data.csv
models: ["openai:a"]
prompt:
  instructions: |
${Array.from({ length: 160 }, (_, i) => `    Rule ${i}: name the colour as it is written in the list, whatever else the item says.`).join("\n")}
  segment: "{{text}}"
  question: Which colour?
  output: { type: label, labels: [red, green, blue] }
layouts: [standard, recency, question-first]
sampling: { mode: full }
limits: { pools: [{ models: ["*"], concurrency: 1 }] }
cache: { mode: "off" }
`;
