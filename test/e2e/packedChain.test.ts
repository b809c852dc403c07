import { afterEach, describe, expect, it } from "vitest";
import type { Answer, Simulator } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { mostLost, openProcessFolder, type ProcessFolder } from "../support/process.ts";
import { killing } from "./support.ts";

let folder: ProcessFolder | undefined;
let simulator: Simulator | undefined;
afterEach(async () => {
  await folder?.close();
  await simulator?.close();
});

const rows = 40;
const labelOf = (row: number) => (row % 4 === 0 ? "none" : (["red", "green", "blue"][row % 3] ?? ""));

/** Rows divisible by four end at the first question. */
const answer: Answer = (messages) => {
  const text = messages.map(({ content }) => content).join("\n");
  const first = text.includes("Has it a colour?");
  const one = (row: number) => (first ? (row % 4 === 0 ? "none" : "some") : labelOf(row));
  const items = [...text.matchAll(/^\[(\d+)\][^[]*?item number (\d+)/gm)];
  if (items.length === 0) return one(Number(/item number (\d+)/.exec(text)?.[1]));
  return JSON.stringify(items.map(([, id, row]) => ({ id: Number(id), answer: one(Number(row)) })));
};

const spec = `name: chained
dataset: data.csv
models: ["openai:a"]
prompt:
  instructions: Name the colour.
  segment: "{{text}}"
  output: { type: label, labels: [red, green, blue, none] }
layouts: [standard, recency]
packing: { segmentsPerRequest: 8 }
chain:
  - { id: has, question: Has it a colour?, stopWhen: none, output: { type: label, labels: [some, none] } }
  - { id: colour, question: "You said {{has}}. Which colour?" }
sampling: { mode: full }
cache: { mode: "off" }
limits: { pools: [{ models: ["*"], concurrency: 1 }] }
`;

describe("a packed chain that is killed", () => {
  it.each([3, 6, 11])("pays for nothing finished twice, killed at request %d", { timeout: 60_000 }, async (at) => {
    const killer = killing(answer, at);
    simulator = await startSimulator({ models: "*", answer: killer.answer });
    folder = await openProcessFolder();
    await folder.write("c.layout.yaml", spec);
    const lines = Array.from({ length: rows }, (_, i) => `r${i},item number ${i},${labelOf(i)}`);
    await folder.write("data.csv", `id,text,label\n${lines.join("\n")}\n`);
    const env = { OPENAI_BASE_URL: `${simulator.url}/v1`, OPENAI_API_KEY: "none" };
    const going = folder.start(["run", "c.layout.yaml"], env);
    killer.aim(going.child);
    expect((await going.ended).signal).toBe("SIGKILL");
    const resumed = await folder.run(["run", "--resume", "--json"], env);
    expect(resumed.stderr).not.toMatch(/error/i);
    const summary = JSON.parse(resumed.stdout) as {
      readonly variants: readonly { readonly trials: number; readonly accuracy: number }[];
    };
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [rows, 1],
      [rows, 1],
    ]);
    const { bodies } = simulator.stats();
    // Five blocks, two questions, two layouts.
    expect(Object.keys(bodies)).toHaveLength(5 * 2 * 2);
    const twice = Object.values(bodies).filter((count) => count > 1);
    // What was on its way when the process was killed, one at a time.
    expect(twice.length).toBeLessThanOrEqual(mostLost(1));
  });
});
