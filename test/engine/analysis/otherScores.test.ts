import { afterEach, describe, expect, it } from "vitest";
import { runReport } from "../../../src/cli/render/runReport.ts";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { markdownReport } from "../../../src/engine/report/markdown.ts";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

/** The right answer first, second, third or not at all, in turns of four rows. */
const ranking: Script = (_request, { trial }) => {
  const row = rowOf(trial?.example);
  const right = labelOf(row);
  const others = ["red", "green", "blue"].filter((label) => label !== right);
  const place = row % 4;
  return JSON.stringify(place === 3 ? others : [...others.slice(0, place), right, ...others.slice(place)]);
};

async function labWith(more: string): Promise<TestLab> {
  const lab = await openLab({ rows: 12, layouts: ["standard"], more });
  labs.push(lab);
  await lab.write(
    "lab.layout.yaml",
    `name: lab
dataset: data.csv
models: ["scripted:a"]
prompt:
  segment: "{{text}}"
  output: { type: ranked, labels: [red, green, blue], maxCandidates: 3 }
layouts: [standard]
sampling: { mode: full }
${more}`,
  );
  return lab;
}

describe("scorers beside the primary", () => {
  it("tell of ranked answers how far down the right one stands", async () => {
    const lab = await labWith("");
    const { summary } = await runLab(await lab.open(ranking), lab);
    const [variant] = summary.variants;
    expect(variant?.accuracy).toBe(0.25);
    expect(variant?.scores).toEqual({ "top-3": 0.75, mrr: expect.closeTo((1 + 1 / 2 + 1 / 3) / 4, 12) });
    expect(runReport(summary)).toMatch(/accuracy .*top-3 +mrr[\s\S]*25\.0 %.*75\.0 % +45\.8 %/);
    expect(markdownReport(summary)).toContain("| 75.0 % | 45.8 % |");
  });

  it("are what the file names, packed too, and none when there is one", async () => {
    const lab = await labWith("scoring: [ranked]\n");
    expect((await runLab(await lab.open(ranking), lab)).summary.variants[0]?.scores).toBeUndefined();
    const packed = await labWith("scoring: [ranked, mrr]\npacking: { segmentsPerRequest: 4 }\n");
    const engine = await packed.open((request) => {
      const text = request.messages.map(({ content }) => content).join("\n");
      const rows = [...text.matchAll(/item number (\d+)/g)].map((match) => Number(match[1]));
      return JSON.stringify(rows.map((row, i) => ({ id: i + 1, answer: ["purple", labelOf(row)] })));
    });
    const { summary } = await runLab(engine, packed);
    expect(summary.variants[0]).toMatchObject({ accuracy: 0, scores: { mrr: 0.5 } });
    expect(summary.requests.sent).toBe(3);
  });
});
