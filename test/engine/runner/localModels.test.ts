import { afterEach, describe, expect, it } from "vitest";
import { labelOf, runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

const gib = 1024 ** 3;
const mib = 1024 ** 2;

let lab: SimulatedLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** Rows whose context part has so many sentences of about 10 tokens each, in turn. */
async function cardLab(
  sentences: readonly number[],
  gpu: { readonly bytesPerToken?: number; readonly leakBytesPerRequest?: number; readonly totalBytes?: number },
  more: { readonly layouts?: string; readonly rows?: number; readonly spec?: string } = {},
): Promise<SimulatedLab> {
  const opened = await openSimulatedLab(
    { rows: 1, models: ["ollama:m"] },
    { models: ["m"], ollama: { gpu }, tokens: (text) => Math.ceil(text.length / 4) },
  );
  lab = opened;
  const rows = Array.from({ length: more.rows ?? 40 }, (_, i) => {
    const passage = Array.from(
      { length: sentences[i % sentences.length] as number },
      (_one, n) => `Sentence number ${n} of a long record about nothing.`,
    ).join(" ");
    return `r${i},item number ${i},${passage},${labelOf(i)}`;
  });
  await opened.write("data.csv", `id,text,passage,label\n${rows.join("\n")}\n`);
  await opened.write(
    "lab.layout.yaml",
    `name: lab
dataset: data.csv
models: ["ollama:m"]
prompt:
  instructions: Name the colour.
  context: "{{passage}}"
  segment: "{{text}}"
  question: Which colour?
  output: { type: label, labels: [red, green, blue] }
layouts: [${more.layouts ?? "standard"}]
sampling: { mode: full }
${more.spec ?? ""}`,
  );
  return opened;
}

const open = (one: SimulatedLab) => one.openEngine({ env: { OLLAMA_HOST: one.simulator.url } });

describe("a local model on a card that is too small", () => {
  it("is asked with a smaller context, and no row is lost", async () => {
    // 8 GiB of model and half a GiB of others leave 7.5 GiB: 3,840 tokens at 2 MiB each, where the longest prompt needs more.
    const one = await cardLab([2, 20, 300], { bytesPerToken: 2 * mib });
    const engine = await open(one);
    const { summary, events } = await runLab(engine, one);
    expect(summary.status).toBe("finished");
    expect(summary.variants[0]).toMatchObject({ trials: 40, correct: 40, failed: 0 });
    const changes = events.flatMap((event) => (event.kind === "queue" ? [event.change] : []));
    expect(changes.filter(({ what }) => /^context \d+ to \d+ tokens$/.test(what)).length).toBeGreaterThan(0);
    expect(summary.notes.join("\n")).toMatch(
      /ran out of graphics memory at [\d,]+ tokens of context: [\d,]+ from now on/,
    );
    // The longest prompts lost sentences of their context, which the rows say; the row names the context asked for.
    const rows = await engine.requests({ limit: 100 });
    const trimmed = rows.filter((row) => row.context !== undefined);
    expect(trimmed.length).toBeGreaterThan(0);
    expect(JSON.parse(trimmed[0]?.context ?? "{}")).toMatchObject({ fits: true, context: expect.any(Array) });
    expect(rows.every((row) => row.state === "completed")).toBe(true);
    const last = rows.at(-1)?.request ?? "{}";
    expect(JSON.parse(last)).toMatchObject({ contextTokens: expect.toSatisfy((tokens: number) => tokens <= 3840) });
  });

  it("remembers what worked for the next run, which meets no failure", async () => {
    const one = await cardLab([2, 300], { bytesPerToken: 2 * mib });
    const engine = await open(one);
    await runLab(engine, one);
    const before = one.simulator.stats();
    const again = await runLab(engine, one, { cache: false });
    expect(again.summary.variants[0]).toMatchObject({ trials: 40, correct: 40 });
    expect(again.summary.notes.join("\n")).toMatch(/more ran out of graphics memory before/);
    expect(one.simulator.stats().requests - before.requests).toBe(40);
    // And for the preview, which shows what goes.
    const preview = await engine.preview({ file: one.file, layout: "standard", example: 0, exampleId: "r1" });
    expect(preview.trim.summary).toMatch(/left out to fit [\d,]+ tokens: \d+ sentences of the context/);
  });

  it("is loaded anew when memory is lost on the way", async () => {
    const one = await cardLab([2], { bytesPerToken: mib, leakBytesPerRequest: 400 * mib });
    const engine = await open(one);
    const { summary } = await runLab(engine, one);
    expect(summary.variants[0]).toMatchObject({ trials: 40, correct: 40, failed: 0 });
    expect(summary.notes.join("\n")).toMatch(/which had worked: loaded anew/);
    expect(summary.notes.join("\n")).not.toMatch(/from now on/);
  });

  it("counts a row for every layout or for none when the context shrinks", async () => {
    const one = await cardLab([2, 300], { bytesPerToken: 2 * mib }, { layouts: "standard, recency, sandwich" });
    const engine = await open(one);
    const { summary } = await runLab(engine, one);
    const trials = new Set(summary.variants.map((variant) => variant.trials));
    expect(trials.size).toBe(1);
    expect([...trials][0]).toBeGreaterThanOrEqual(38);
  });

  it("refuses rows that cannot fit whatever goes, and says why", async () => {
    const one = await cardLab([1], { bytesPerToken: 2 * mib }, { rows: 6 });
    const long = "far away ".repeat(3_000);
    await one.write(
      "data.csv",
      `id,text,passage,label\nr0,item number 0,x,red\nr1,${long} item number 1,x,green\nr2,item number 2,x,blue\n`,
    );
    const engine = await open(one);
    const { summary } = await runLab(engine, one);
    expect(summary.variants[0]).toMatchObject({ trials: 2, correct: 2 });
    const failed = await engine.requests({ status: "failed", limit: 10 });
    expect(failed.map((row) => row.errorMessage)).toEqual([expect.stringMatching(/the row counts for no layout/)]);
  });

  it("says so when the card can hold too little before anything is asked", async () => {
    // What the model's layers say already does not fit: 8 GiB of weights on a card of 9.
    const one = await cardLab([400], { totalBytes: 9 * gib }, { spec: "context: { vramWarning: 9GB }" });
    const engine = await open(one);
    const { summary } = await runLab(engine, one);
    expect(summary.notes.join("\n")).toMatch(/more would not fit under 9.0 GB of graphics memory/);
    expect(summary.variants[0]).toMatchObject({ trials: 40, correct: 40 });
    expect(one.simulator.stats().answered).toBe(40);
    // The model is let go of at the end.
    expect(one.simulator.stats().gpu.loaded).toEqual([]);
  });
});

it("keeps what the server held while a local model ran", async () => {
  const one = await cardLab([2], {});
  const engine = await open(one);
  const { summary } = await runLab(engine, one);
  const samples = await engine.gpuSamples({ run: summary.run });
  expect(samples.length).toBeGreaterThan(0);
  expect(samples.every(({ device }) => device === "ollama")).toBe(true);
  const report = await engine.gpu({});
  expect(report.devices).toEqual([]);
});
