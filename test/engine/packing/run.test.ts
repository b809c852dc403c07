import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ModelRequest } from "../../../src/engine/provider/provider.ts";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { type LabOptions, labelOf, openLab, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

/** Rows of the lab's dataset that a prompt shows, in order, and whether it is packed. */
function rowsIn({ messages }: ModelRequest): { readonly rows: readonly number[]; readonly packed: boolean } {
  const text = messages.map(({ content }) => content).join("\n");
  const numbered = [...text.matchAll(/^\[\d+\] item number (\d+)$/gm)].map((match) => Number(match[1]));
  if (numbered.length > 0) return { rows: numbered, packed: true };
  return { rows: [Number(/item number (\d+)/.exec(text)?.[1])], packed: false };
}

type Spoil = (items: { id: number; answer: string }[], rows: readonly number[]) => unknown;

/** Right always; `spoil` may change a packed answer. Every request is noted down as the rows it showed. */
function answering(asked: (readonly number[])[], spoil: Spoil = (items) => items): Script {
  return (request) => {
    const { rows, packed } = rowsIn(request);
    asked.push(rows);
    if (!packed) return labelOf(rows[0] ?? 0);
    const said = spoil(
      rows.map((row, i) => ({ id: i + 1, answer: labelOf(row) })),
      rows,
    );
    return typeof said === "string" ? said : JSON.stringify(said);
  };
}

async function labWith(options: LabOptions): Promise<TestLab> {
  const lab = await openLab({ layouts: ["standard"], ...options });
  labs.push(lab);
  return lab;
}

const packing = "packing: { segmentsPerRequest: 5 }\n";
const full = "sampling: { mode: full }\n";

describe("packed requests", () => {
  it("carry several examples each, and every example is its own trial", async () => {
    const lab = await labWith({ rows: 23, layouts: ["standard", "sandwich"], more: packing + full });
    const asked: (readonly number[])[] = [];
    const engine = await lab.open(answering(asked));
    const { summary } = await runLab(engine, lab);
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [23, 1],
      [23, 1],
    ]);
    expect(asked.map(({ length }) => length).sort()).toEqual([3, 3, 5, 5, 5, 5, 5, 5, 5, 5]);
    expect(summary.requests).toMatchObject({ sent: 10, succeeded: 10, failed: 0 });
    expect(summary.notes.some((note) => note.startsWith("A request carries up to 5 examples"))).toBe(true);
    const { rows } = await engine.trials({
      filter: { run: summary.run },
      sort: "position",
      descending: false,
      limit: 100,
    });
    expect(rows.every(({ state, prediction, expected }) => state === "scored" && prediction === expected)).toBe(true);
    // Ten requests, all of them whole in the table.
    expect(new Set(rows.map(({ request }) => request)).size).toBe(10);
  });

  it.each<[string, Spoil, number]>([
    ["is missing", (items) => items.slice(1), 1],
    ["stands twice", (items) => [...items, { ...items[1], answer: "blue" }], 1],
    ["is no label", (items) => items.map((item) => (item.id === 2 ? { ...item, answer: "purple" } : item)), 1],
    ["has a number nobody gave", (items) => items.map((item) => (item.id === 3 ? { ...item, id: 17 } : item)), 1],
    ["breaks off", (items) => JSON.stringify(items).slice(0, -20), 1],
    ["is no JSON at all", () => "I would rather not.", 5],
  ])("are completed alone where an answer %s", async (_, spoil, alone) => {
    const lab = await labWith({ rows: 10, more: packing + full });
    const asked: (readonly number[])[] = [];
    const engine = await lab.open(answering(asked, spoil));
    const { summary } = await runLab(engine, lab);
    expect(summary.variants[0]).toMatchObject({ trials: 10, accuracy: 1, unparsable: 0, failed: 0 });
    expect(asked.filter(({ length }) => length === 5)).toHaveLength(2);
    expect(asked.filter(({ length }) => length === 1)).toHaveLength(2 * alone);
    expect(summary.notes.at(-1)).toBe(
      `${2 * alone} examples were missing, doubled or unreadable in packed answers, and asked again alone.`,
    );
  });

  it("are completed alone where the whole is too long, and void where the provider is down", async () => {
    const lab = await labWith({ rows: 5, more: packing + full });
    const engine = await lab.open((request) => {
      const { rows, packed } = rowsIn(request);
      return packed ? { kind: "tooLong", message: "too long", limitTokens: 9 } : labelOf(rows[0] ?? 0);
    });
    expect((await runLab(engine, lab)).summary.variants[0]).toMatchObject({ trials: 5, accuracy: 1 });
  });

  it("keep the same company whatever the mode asks first", async () => {
    const seen: string[] = [];
    for (const mode of ["full", "adaptive", "fixed"]) {
      const lab = await labWith({
        rows: 20,
        layouts: ["standard", "recency"],
        more: `${packing}sampling: { mode: ${mode} }\n`,
      });
      const asked: (readonly number[])[] = [];
      const engine = await lab.open(answering(asked));
      await runLab(engine, lab, { cache: false });
      seen.push(JSON.stringify([...new Set(asked.map((rows) => rows.join()))].sort()));
    }
    expect(new Set(seen).size).toBe(1);
  });

  it("come from the cache the second time", async () => {
    const lab = await labWith({ rows: 12, more: packing + full });
    const asked: (readonly number[])[] = [];
    const engine = await lab.open(answering(asked, (items) => items.slice(1)));
    const first = await runLab(engine, lab);
    const calls = asked.length;
    const again = await runLab(engine, lab);
    expect(asked).toHaveLength(calls);
    expect(again.summary.variants[0]?.correct).toBe(first.summary.variants[0]?.correct);
    expect(again.summary.requests).toMatchObject({ sent: 0, cached: calls });
  });

  it("are a factor like any other: the same rows packed and alone", async () => {
    const lab = await labWith({ rows: 20, more: `parameters: { packing: [1, 10] }\n${full}` });
    const asked: (readonly number[])[] = [];
    // Packed answers are wrong at every second place.
    const engine = await lab.open(
      answering(asked, (items, rows) =>
        items.map((item, i) => (i % 2 === 0 ? item : { ...item, answer: labelOf((rows[i] ?? 0) + 1) })),
      ),
    );
    const { summary } = await runLab(engine, lab);
    expect(summary.variants.map(({ id, accuracy, trials }) => [id, accuracy, trials])).toEqual([
      ["standard/scripted:a/packing=1", 1, 20],
      ["standard/scripted:a/packing=10", 0.5, 20],
    ]);
    expect(asked).toHaveLength(22);
    const tokens = summary.variants.map((variant) => variant.tokens.prompt);
    expect((tokens[0] ?? 0) / (tokens[1] ?? 1)).toBeGreaterThan(2);
  });

  it("can be scored again from the stored answers, each trial by its own part", async () => {
    const lab = await labWith({ rows: 10, more: packing + full });
    const engine = await lab.open(answering([], (items) => items.slice(1)));
    const { summary } = await runLab(engine, lab);
    expect(await engine.rescore({ run: summary.run })).toMatchObject({ trials: 10, changed: 0, kept: 0 });
    expect((await engine.run({ run: summary.run })).summary.variants[0]?.accuracy).toBe(1);
  });

  it("are asked for once when a run is stopped and resumed", async () => {
    const lab = await labWith({ rows: 40, more: packing + full });
    const asked: (readonly number[])[] = [];
    const script = answering(asked, (items) => items.slice(1));
    const stopAfter = async (engine: Engine, calls: number) => {
      const before = asked.length;
      const { run } = await engine.start({ file: lab.file, options: { concurrency: 1 } });
      while (asked.length < before + calls) await new Promise((resolve) => setTimeout(resolve, 1));
      await engine.stop({ run, now: false });
      await engine.finished(run);
      return run;
    };
    const first = await lab.open(async (request, options, call) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return script(request, options, call);
    });
    const run = await stopAfter(first, 4);
    await first.close();
    const second = await lab.open(script);
    await second.resume({ run, options: { concurrency: 4 } });
    const summary = await second.finished(run);
    expect(summary.variants[0]).toMatchObject({ trials: 40, accuracy: 1 });
    const packs = asked.filter(({ length }) => length > 1).map((rows) => rows.join());
    expect(packs).toHaveLength(8);
    expect(new Set(packs).size).toBe(8);
    expect(new Set(asked.flatMap((rows) => (rows.length === 1 ? rows : []))).size).toBe(8);
    expect(asked).toHaveLength(16);
  });
});
