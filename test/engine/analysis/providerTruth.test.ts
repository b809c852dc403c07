import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { runReport } from "../../../src/cli/render/runReport.ts";
import { prefixFigures, prefixMatters } from "../../../src/engine/analysis/prefix.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import type { LayoutMetrics } from "../../../src/engine/layout/layout.ts";
import { foldSystem } from "../../../src/engine/prompt/foldSystem.ts";
import type { ProviderFacts } from "../../../src/engine/provider/provider.ts";
import { scriptedProvider } from "../../../src/engine/provider/scripted.ts";
import { markdownReport } from "../../../src/engine/report/markdown.ts";
import { labelOf, openLab, rowOf, runLab } from "../../support/engine.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A run over models `a:x` and `b:x`, whose providers have these facts; sandwich is right where the others are not. */
async function runWith(a: Partial<ProviderFacts>, b: Partial<ProviderFacts> = {}, prompt = "") {
  const lab = await openLab({ layouts: ["standard", "minimal-system", "sandwich"], models: ["a:x", "b:x"] });
  closing.push(() => lab.close());
  const spec = `name: lab
dataset: data.csv
models: ["a:x", "b:x"]
prompt:
  instructions: Name the colour.
  segment: "{{text}}"
${prompt}  output: { type: label, labels: [red, green, blue] }
layouts: [standard, minimal-system, sandwich]
sampling: { mode: full }
`;
  await lab.write("lab.layout.yaml", spec);
  const provider = (name: string, facts: Partial<ProviderFacts>) => async () =>
    scriptedProvider({
      name,
      facts,
      script: (_request, { trial }) => labelOf(rowOf(trial?.example) + (trial?.layout === "sandwich" ? 0 : 1)),
    });
  const engine = await openEngine({
    store: lab.store,
    env: {},
    clock: systemClock,
    host: { key: async () => undefined },
    version: "test",
    roots: undefined,
    providers: { a: provider("a", a), b: provider("b", b) },
  });
  closing.push(() => engine.close());
  return (await runLab(engine, lab)).summary;
}

const question = "  role: You know colours.\n  question: Which colour?\n  quickCheck: One colour.\n";

describe("a model without a system role", () => {
  it("is told which layouts are one and the same prompt to it, and they count once over several models", async () => {
    const summary = await runWith({ systemRole: false }, {}, question);
    expect(summary.notes.filter((note) => note.includes("one and the same"))).toEqual([
      "To a:x standard and minimal-system are one and the same prompt, as it has no system role: only standard counts in claims over several models.",
    ]);
    expect(summary.models?.layouts.map(({ layout }) => layout).sort()).toEqual(["sandwich", "standard"]);
  });

  it("keeps every layout where the system role is there", async () => {
    const summary = await runWith({}, {}, question);
    expect(summary.notes.filter((note) => note.includes("one and the same"))).toEqual([]);
    expect(summary.models?.layouts).toHaveLength(3);
  });

  it("says so too where the experiment lacks the part that a layout would move", async () => {
    const lab = await openLab({ layouts: ["standard", "question-first"] });
    closing.push(() => lab.close());
    await lab.write(
      "lab.layout.yaml",
      'name: lab\ndataset: data.csv\nmodels: ["scripted:a"]\nprompt:\n  segment: "{{text}}"\n  output: { type: label, labels: [red, green, blue] }\nlayouts: [standard, question-first]\nsampling: { mode: full }\n',
    );
    const { summary } = await runLab(await lab.open(), lab);
    expect(summary.notes).toContain(
      "To scripted:a standard and question-first are one and the same prompt, with these parts: only standard counts in claims over several models.",
    );
  });

  it("stays out of claims over several models when it is exploratory", async () => {
    expect((await runWith({ exploratory: true }, {}, question)).models).toBeUndefined();
  });

  it("gets the system's text at the head of the first user message", () => {
    expect(
      foldSystem([
        { role: "system", content: "S" },
        { role: "user", content: "one" },
        { role: "assistant", content: "two" },
        { role: "user", content: "three" },
      ]),
    ).toEqual([
      { role: "user", content: "S\n\none" },
      { role: "assistant", content: "two" },
      { role: "user", content: "three" },
    ]);
    expect(foldSystem([{ role: "user", content: "one" }])).toEqual([{ role: "user", content: "one" }]);
    expect(foldSystem([{ role: "system", content: "S" }])).toEqual([{ role: "user", content: "S" }]);
  });
});

const metrics: LayoutMetrics = {
  promptTokens: 2000,
  systemTokens: 1500,
  userTokens: 500,
  segmentPosition: 0.9,
  questionPosition: 0.95,
  quickCheckPosition: null,
  systemToUser: 3,
  cacheablePrefix: 0.75,
};

describe("prefix figures", () => {
  const totals = { trials: 12, failed: 1, void: 1, cachedTokens: 10_240, completionTokens: 50 };

  it("set what could be served beside what was, and price both", () => {
    const price = { prompt: 2, cached: 0.5, completion: 8 };
    expect(prefixFigures(metrics, totals, price, 9)).toEqual({
      tokens: 1500,
      // Eleven steps of 128.
      servable: 1408,
      cachedPerAnswer: 1024,
      // (2000 x 2 + 5 x 8) / 1e6 dollars a call, and with 1408 of them at 0.5.
      perThousand: { cold: expect.closeTo(4.04, 10), warm: expect.closeTo(1.928, 10) },
    });
  });

  it("expect an answer of the usual length before there is one, and know no money without a price", () => {
    expect(prefixFigures(metrics, undefined, { prompt: 2, completion: 8 }, 10).perThousand?.cold).toBeCloseTo(4.08, 10);
    const unpriced = prefixFigures(metrics, undefined, undefined, 10);
    expect(unpriced).toMatchObject({ cachedPerAnswer: null, perThousand: null });
    expect(prefixMatters([unpriced, undefined])).toBe(false);
  });

  it("stand in the reports where a cache can save money", async () => {
    const summary = await runWith({}, {}, question);
    expect(summary.variants[0]?.prefix?.tokens).toBeGreaterThan(0);
    expect(runReport(summary)).not.toContain("prompt prefix");
    const [first, ...rest] = summary.variants;
    if (first === undefined) throw new Error("there is no variant");
    const saving = prefixFigures(metrics, totals, { prompt: 2, cached: 0.5, completion: 8 }, 9);
    const priced = { ...summary, variants: [{ ...first, prefix: saving }, ...rest] };
    expect(runReport(priced)).toMatch(/prompt prefix[\s\S]*1,500 +1,408 +1,024 +\$4\.04 +\$1\.93/);
    expect(markdownReport(priced)).toContain("| 1500 | 1408 | 1024 | $4.04 | $1.93 |");
  });
});
