import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { calibration } from "../../../src/engine/analysis/calibration.ts";
import { crossModel } from "../../../src/engine/analysis/crossModel.ts";
import { efficiency } from "../../../src/engine/analysis/efficiency.ts";
import { lengthEffects } from "../../../src/engine/analysis/lengths.ts";
import { withCards } from "../../../src/engine/analysis/timeline.ts";
import { type MadeAnswer, madeTable } from "./support/madeTable.ts";

const texts = (count: number, words: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => ({ text: new Array<string>(words(i)).fill("word").join(" ") }));

describe("efficiency", () => {
  const random = seededRandom("efficiency");
  const rows = texts(400, () => 3);
  const side = (tokens: number, accuracy: number, cost?: number) =>
    rows.map(
      (_, i): MadeAnswer => ({
        score: Number(random() < accuracy),
        tokens: tokens + (i % 7),
        latencyMs: 200 + (i % 50),
        ...(cost === undefined ? {} : { cost }),
      }),
    );
  const table = madeTable(rows, {
    "dear/m": side(200, 0.9, 0.002),
    "cheap/m": side(100, 0.88, 0.001),
    "same/m": side(200, 0.9),
  });

  it("gives ratios of sums with intervals", async () => {
    const { variants } = await efficiency("run", table);
    const dear = variants[0]?.tokensPerCorrect;
    expect(dear?.ratio).toBeCloseTo((400 * 203) / (variants[0]?.correct ?? 1), -1);
    expect(dear?.lo).toBeLessThan(dear?.ratio ?? 0);
    expect(dear?.hi).toBeGreaterThan(dear?.ratio ?? 0);
    expect(variants[2]?.costPerCorrect).toBeNull();
    expect(variants[0]?.latency).toMatchObject({ calls: 400 });
  });

  it("holds variants against each other on the same rows", async () => {
    const { changes, against } = await efficiency("run", table);
    expect(["dear/m", "same/m"]).toContain(against);
    const cheaper = changes.find(({ variant, what }) => variant === "cheap/m" && what === "tokens");
    expect(cheaper?.factor).toBeGreaterThan(0.45);
    expect(cheaper?.factor).toBeLessThan(0.6);
    expect(cheaper).toMatchObject({ differs: true, rows: 400 });
    const level = changes.find(({ variant, what }) => variant !== "cheap/m" && what === "tokens");
    expect(level?.differs).toBe(false);
    expect(changes.filter(({ what }) => what === "latency").every(({ differs }) => !differs)).toBe(true);
  });

  it("covers the true ratio as often as it says", async () => {
    let covered = 0;
    for (let k = 0; k < 300; k++) {
      const some = texts(120, () => 1);
      const answers = some.map((): MadeAnswer => ({ score: Number(random() < 0.7), tokens: 50 + 100 * random() }));
      const found = (await efficiency("run", madeTable(some, { "a/m": answers }))).variants[0]?.tokensPerCorrect;
      if (found && found.lo <= 100 / 0.7 && found.hi >= 100 / 0.7) covered += 1;
    }
    expect(covered / 300).toBeGreaterThan(0.91);
  });

  it("says nothing of what is not there", async () => {
    const none = await efficiency(
      "run",
      madeTable(rows.slice(0, 5), { "a/m": rows.slice(0, 5).map(() => ({ score: 0 })) }),
    );
    expect(none.variants[0]).toMatchObject({ tokensPerCorrect: null, costPerCorrect: null, latency: null });
    expect(none.changes).toEqual([]);
  });
});

describe("calibration", () => {
  const random = seededRandom("calibration");
  const rows = texts(600, () => 3);

  it("tells an honest confidence from a boastful one, and scales the latter", async () => {
    const honest = rows.map((): MadeAnswer => {
      const confidence = 0.5 + random() / 2;
      return { confidence, score: Number(random() < confidence) };
    });
    const boastful = rows.map((): MadeAnswer => {
      const honestly = 0.5 + random() / 2;
      const logit = Math.log(honestly / (1 - honestly));
      return { confidence: 1 / (1 + Math.exp(-3 * logit)), score: Number(random() < honestly) };
    });
    const { variants } = await calibration("run", madeTable(rows, { "honest/m": honest, "boastful/m": boastful }));
    const [first, second] = variants;
    expect(first?.source).toBe("stated");
    expect(first?.figures?.ece).toBeLessThan(0.07);
    expect(second?.figures?.ece).toBeGreaterThan(0.1);
    expect(second?.figures?.eceInterval[0]).toBeGreaterThan(0.05);
    expect(second?.figures?.scaled.temperature).toBeGreaterThan(2);
    expect(second?.figures?.scaled.temperature).toBeLessThan(4.5);
    expect(second?.figures?.scaled.ece).toBeLessThan(0.07);
    expect(second?.figures?.scaled.brier).toBeLessThan(second?.figures?.brier ?? 0);
    expect(second?.explanation).toMatch(/too sure/);
  });

  it("refuses to judge from fewer than 100 rows, and is silent without confidences", async () => {
    const few = rows.slice(0, 60);
    const { variants } = await calibration(
      "run",
      madeTable(few, { "a/m": few.map(() => ({ confidence: 0.8, score: 1 })) }),
    );
    expect(variants[0]).toMatchObject({ figures: null, explanation: expect.stringContaining("too few") });
    expect((await calibration("run", madeTable(few, { "a/m": few.map(() => ({ score: 1 })) }))).variants).toEqual([]);
  });

  it("reads agreement of the layouts as a confidence, one bin a share", async () => {
    const answer = (right: number): MadeAnswer =>
      random() < right ? { prediction: "yes", score: 1 } : { prediction: random() < 0.5 ? "no" : "maybe", score: 0 };
    const hard = rows.map(() => (random() < 0.5 ? 0.95 : 0.5));
    const side = () => hard.map(answer);
    const { variants } = await calibration("run", madeTable(rows, { "a/m": side(), "b/m": side(), "c/m": side() }));
    expect(variants.map(({ source }) => source)).toEqual(["agreement", "agreement", "agreement"]);
    const bins = variants[0]?.figures?.bins ?? [];
    expect(bins.map(({ confidence }) => Number(confidence.toFixed(3)))).toEqual([0.333, 0.667, 1]);
    expect(bins[2]?.accuracy).toBeGreaterThan(bins[0]?.accuracy ?? 1);
  });
});

describe("length", () => {
  const random = seededRandom("length");
  const rows = texts(500, (i) => 2 + (i % 60));

  it("shows that long texts are harder where they are, and not where they are not", async () => {
    const table = madeTable(rows, {
      "falls/m": rows.map(({ text }) => ({ score: Number(random() < (text.length > 150 ? 0.5 : 0.95)) })),
      "flat/m": rows.map(() => ({ score: Number(random() < 0.8) })),
    });
    const { effects } = await lengthEffects("run", table);
    const of = (variant: string) => effects.find((effect) => effect.variant === variant && effect.measure === "words");
    expect(of("falls/m")).toMatchObject({ matters: true });
    expect(of("falls/m")?.odds?.hi).toBeLessThan(1);
    expect(of("falls/m")?.correlation).toBeLessThan(-0.2);
    expect(of("flat/m")?.matters).toBe(false);
    expect(of("flat/m")?.bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(500);
  });

  it("has no slope where nothing varies", async () => {
    const { effects } = await lengthEffects("run", madeTable(rows, { "a/m": rows.map(() => ({ score: 1 })) }));
    expect(effects.find(({ measure }) => measure === "words")).toMatchObject({ odds: null, matters: false });
  });
});

describe("layouts by models", () => {
  const rows = texts(300, () => 2);
  const grid = (seed: string, interacts: boolean) => {
    const random = seededRandom(seed);
    return madeTable(
      rows,
      Object.fromEntries(
        ["standard", "recency", "sandwich"].flatMap((layout, l) =>
          ["m1", "m2"].map((model, m) => {
            const right = 0.7 + (interacts && l === 1 ? (m === 0 ? 0.2 : -0.2) : 0.05 * l - 0.1 * m);
            return [`${layout}/${model}`, rows.map((): MadeAnswer => ({ score: Number(random() < right) }))];
          }),
        ),
      ),
    );
  };

  it("says that a layout's effect depends on the model where it does", async () => {
    const report = crossModel("run", grid("interaction", true));
    expect(report.models).toEqual(["m1", "m2"]);
    expect(report.layouts.map(({ layout }) => layout)).toEqual(["standard", "recency", "sandwich"]);
    expect(report.interaction?.p).toBeLessThan(0.001);
    expect(report.interaction?.explanation).toContain("depends on the model");
    expect(report.layouts[0]?.cells[0]?.rows).toBe(300);
  });

  it("claims so by chance no more often than it may", async () => {
    let claimed = 0;
    for (let k = 0; k < 200; k++)
      claimed += Number((crossModel("run", grid(`none ${k}`, false)).interaction?.p ?? 1) < 0.05);
    expect(claimed).toBeLessThanOrEqual(19);
  });

  it("has nothing to test with one model, or with few rows", async () => {
    expect(crossModel("run", madeTable(rows, { "a/m": rows.map(() => ({ score: 1 })) })).interaction).toBeNull();
    const few = rows.slice(0, 6);
    const side = few.map((_, i) => ({ score: i % 2 }));
    const report = crossModel(
      "run",
      madeTable(few, { "a/m": side, "b/m": few.map(() => ({ score: 1 })), "a/n": side, "b/n": side }),
    );
    expect(report.interaction).toMatchObject({ p: null, explanation: expect.stringContaining("too few") });
  });
});

describe("time", () => {
  it("lays what graphics cards held over the steps of the requests", async () => {
    const none = [0, 0, 0];
    const timeline = {
      ...{ from: 1000, stepMs: 100, steps: 3, answered: none, reused: none, failed: none, cost: none },
      ...{ promptTokens: none, completionTokens: none, cachedTokens: none },
      ...{ latencyP50: none, latencyP95: none, queuedP50: none, queuedP95: none },
    };
    const sample = (at: number, device: string, usedBytes: number) => ({ at, device, usedBytes, totalBytes: 24 });
    const { cards } = withCards("run", timeline, [
      sample(900, "0", 9),
      sample(1010, "0", 3),
      sample(1090, "0", 5),
      sample(1250, "1", 7),
      sample(1300, "0", 9),
    ]);
    expect(cards).toEqual([
      { device: "0", totalBytes: 24, usedBytes: [5, null, null] },
      { device: "1", totalBytes: 24, usedBytes: [null, null, 7] },
    ]);
  });
});
