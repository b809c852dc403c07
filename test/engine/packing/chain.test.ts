import { readFile, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../src/engine/provider/provider.ts";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { labelOf, openLab, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

/** Three hops: whether it has a colour at all (rows divisible by four have none), how sure, and which. */
const chain = `chain:
  - { id: has, question: Has it a colour?, stopWhen: none, output: { type: label, labels: [some, none] } }
  - { id: sure, question: "You said {{has}}. From 1 to 9, how sure?", output: { type: number }, instructions: Say how sure you are. }
  - { id: colour, question: "You said {{has}}, {{sure}} of 9. Which colour?" }
`;

const expected = (row: number) => (row % 4 === 0 ? "none" : labelOf(row));

function textOf({ messages }: ModelRequest): string {
  return messages.map(({ content }) => content).join("\n");
}

function one(text: string, row: number): string {
  if (text.includes("Has it a colour?")) return row % 4 === 0 ? "none" : "some";
  if (text.includes("You said some. From 1 to 9")) return String((row % 9) + 1);
  return text.includes(`You said some, ${(row % 9) + 1} of 9.`) ? labelOf(row) : "I have lost the thread";
}

/** Notes down which rows each request was about. */
function answering(asked: string[]): Script {
  return (request) => {
    const text = textOf(request);
    const items = [...text.matchAll(/^\[(\d+)\] ((?:(?!\n\n|\n\[).|\n(?!\n|\[))*)/gm)].map(([, id, item]) => ({
      id: Number(id),
      item: item ?? "",
      row: Number(/item number (\d+)/.exec(item ?? "")?.[1]),
    }));
    if (items.length === 0) {
      const row = Number(/item number (\d+)/.exec(text)?.[1]);
      asked.push(String(row));
      return one(text, row);
    }
    asked.push(items.map(({ row }) => row).join("+"));
    const shared = text.includes("Has it a colour?") ? "Has it a colour?" : "";
    return JSON.stringify(items.map(({ id, item, row }) => ({ id, answer: one(item + shared, row) })));
  };
}

async function chained(more: string, rows = 24) {
  const lab = await openLab({
    layouts: ["standard", "question-first"],
    more: `sampling: { mode: full }\n${chain}${more}`,
  });
  labs.push(lab);
  const lines = Array.from({ length: rows }, (_, i) => `r${i},item number ${i},${expected(i)}`);
  await lab.write("data.csv", `id,text,label\n${lines.join("\n")}\n`);
  const spec = await readFile(lab.file, "utf8");
  await writeFile(lab.file, spec.replace("labels: [red, green, blue]", "labels: [red, green, blue, none]"));
  const asked: string[] = [];
  return { lab, asked, engine: await lab.open(answering(asked)) };
}

describe("a chain", () => {
  it("asks hop after hop, shows earlier answers, and stops where it is told to", async () => {
    const { lab, engine, asked } = await chained("");
    const { summary } = await runLab(engine, lab);
    // Six rows end at the first hop; the others take all three.
    expect(asked).toHaveLength(2 * (6 + 18 * 3));
    expect(summary.variants.map(({ trials, accuracy, unparsable }) => [trials, accuracy, unparsable])).toEqual([
      [24, 1, 0],
      [24, 1, 0],
    ]);
    const last = await engine.trial({ run: summary.run, variant: 0, position: 0, repeat: 0 });
    const parsed = JSON.parse(last.request?.parsedResponse ?? "{}") as { readonly hops: readonly { id: string }[] };
    const stopped = last.trial.prediction === "none";
    expect(parsed.hops.map(({ id }) => id)).toEqual(stopped ? ["has"] : ["has", "sure", "colour"]);
  });

  it("works packed, those that go on together", async () => {
    const { lab, engine, asked } = await chained("packing: { segmentsPerRequest: 8 }\n");
    const { summary } = await runLab(engine, lab);
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [24, 1],
      [24, 1],
    ]);
    // Three blocks a variant and three hops, the later ones without those that stopped.
    expect(asked).toHaveLength(2 * 3 * 3);
    const sizes = asked.map((rows) => rows.split("+").length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2 * (24 + 18 + 18));
  });

  it.each(["", "packing: { segmentsPerRequest: 8 }\n"])(
    "can be scored again, each answer as its hop asked for it %s",
    async (more) => {
      const { lab, engine } = await chained(more);
      const { summary } = await runLab(engine, lab);
      expect(await engine.rescore({ run: summary.run })).toMatchObject({ trials: 48, changed: 0, kept: 0 });
    },
  );

  it("is counted with all its hops by an estimate", async () => {
    const { lab, engine } = await chained("");
    expect((await engine.estimate({ file: lab.file })).calls).toBe(24 * 2 * 3);
  });

  it("answers a second run from the cache, every hop", async () => {
    const { lab, engine, asked } = await chained("");
    await runLab(engine, lab);
    const calls = asked.length;
    const { summary } = await runLab(engine, lab);
    expect(asked).toHaveLength(calls);
    expect(summary.variants[0]?.accuracy).toBe(1);
  });

  it("counts a hop that cannot be read as wrong, and asks no further", async () => {
    const { lab, asked } = await chained("");
    const engine = await lab.open((request) => {
      asked.push("x");
      return textOf(request).includes("Has it a colour?") ? "perhaps" : "red";
    });
    const { summary } = await runLab(engine, lab);
    expect(asked).toHaveLength(48);
    expect(summary.variants[0]).toMatchObject({ trials: 24, accuracy: 0, unparsable: 24 });
  });

  it("pays for no hop twice when it is stopped and resumed", async () => {
    const { lab, asked } = await chained("", 40);
    const script = answering(asked);
    const first = await lab.open(async (request, options, call) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return script(request, options, call);
    });
    const { run } = await first.start({ file: lab.file, options: { concurrency: 2, cache: false } });
    while (asked.length < 25) await new Promise((resolve) => setTimeout(resolve, 1));
    await first.stop({ run, now: false });
    await first.finished(run);
    await first.close();
    const second = await lab.open(script);
    await second.resume({ run });
    const { variants } = await second.finished(run);
    expect(variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [40, 1],
      [40, 1],
    ]);
    expect(asked).toHaveLength(2 * (10 + 30 * 3));
  });

  it.each([
    ["after the first answers", 3],
    ["between two hops", 5],
    ["late", 8],
  ])("pays for no packed hop twice when it is cut off %s and resumed", async (_, calls) => {
    const { lab, asked } = await chained("packing: { segmentsPerRequest: 8 }\n", 40);
    const script = answering(asked);
    const first = await lab.open(async (request, options, call) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return script(request, options, call);
    });
    const { run } = await first.start({ file: lab.file, options: { concurrency: 1, cache: false } });
    while (asked.length < calls) await new Promise((resolve) => setTimeout(resolve, 1));
    await first.stop({ run, now: false });
    await first.finished(run);
    await first.close();
    const before = asked.length;
    expect(before).toBeLessThan(30);
    const second = await lab.open(script);
    await second.resume({ run });
    const { variants } = await second.finished(run);
    expect(variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [40, 1],
      [40, 1],
    ]);
    // Five blocks a variant and three hops, whenever they were asked.
    expect(asked).toHaveLength(2 * 5 * 3);
    const sizes = asked.map((rows) => rows.split("+").length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2 * (40 + 30 + 30));
  });

  it("knows earlier hops as columns, and no later ones", async () => {
    const lab = await openLab({
      more: 'chain:\n  - { id: a, question: "Before {{b}}?" }\n  - { id: b, question: "After {{a}} and {{c}}?" }\n',
    });
    labs.push(lab);
    const engine = await lab.open();
    const { diagnostics } = await engine.check({ file: lab.file });
    expect(diagnostics.map(({ message }) => message).filter((message) => message.includes("column"))).toEqual([
      "the dataset has no column b",
      "the dataset has no column c",
    ]);
  });
});
