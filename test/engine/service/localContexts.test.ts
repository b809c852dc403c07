import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { requestLine } from "../../../src/engine/batch/lines.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { SimulatorOptions } from "../../../src/engine/simulator/options.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

const mib = 1024 ** 2;

async function lab(
  simulated: SimulatorOptions,
  rows = 12,
): Promise<{ readonly one: SimulatedLab; readonly engine: Engine }> {
  const one = await openSimulatedLab(
    { rows, models: ["ollama:m"], more: "sampling: { mode: full }\n" },
    { models: ["m"], tokens: (text) => Math.ceil(text.length / 4), ...simulated },
  );
  onTestFinished(() => one.close());
  return { one, engine: await one.openEngine({ env: { OLLAMA_HOST: one.simulator.url } }) };
}

/** A file of requests with so many sentences of about ten tokens each, in turn. */
async function requests({ folder, write }: SimulatedLab, count: number, sentences: readonly number[]) {
  const lines = Array.from({ length: count }, (_, i) => {
    const text = "A sentence of a long record about nothing. ".repeat(sentences[i % sentences.length] ?? 0);
    return requestLine(`r${i}`, { model: "m", messages: [{ role: "user", content: `${text}item number ${i}` }] });
  });
  await write("in.jsonl", `${lines.join("\n")}\n`);
  const [from, to] = [path.join(folder, "in.jsonl"), path.join(folder, "out.jsonl")];
  return { job: "j", from, to, models: ["ollama:m"] };
}

function warnings(engine: Engine): string[] {
  const said: string[] = [];
  engine.on("log", ({ level, message }) => {
    if (level === "warn") said.push(message);
  });
  return said;
}

it("goes on with a smaller context when a batch runs out of graphics memory, and remembers it", async () => {
  // 7.5 GiB beside the model: 3,840 tokens at 2 MiB each, where a context of 8,192 is asked for first.
  const { one, engine } = await lab({ ollama: { gpu: { bytesPerToken: 2 * mib } } });
  const said = warnings(engine);
  const first = await engine.batchRun(await requests(one, 30, [2, 20, 60]));
  expect(first).toMatchObject({ status: "finished", completed: 30, failed: 0 });
  expect(said.join("\n")).toMatch(
    /^ollama:m: it ran out of graphics memory at [\d,]+ tokens of context: [\d,]+ from now on/,
  );
  // The model is let go of with the batch.
  expect(one.simulator.stats().gpu.loaded).toEqual([]);
  said.length = 0;
  const before = one.simulator.stats();
  const again = await engine.batchRun({ ...(await requests(one, 5, [2])), to: path.join(one.folder, "again.jsonl") });
  expect(again).toMatchObject({ completed: 5, failed: 0 });
  expect(one.simulator.stats().requests - before.requests).toBe(5);
  expect(said.join("\n")).toMatch(/is asked with \d+ tokens of context, not 8192/);
});

it("loads the model anew when memory is lost on the way", async () => {
  const { one, engine } = await lab({ ollama: { gpu: { leakBytesPerRequest: 400 * mib } } });
  const said = warnings(engine);
  const report = await engine.batchRun(await requests(one, 60, [2]));
  expect(report).toMatchObject({ completed: 60, failed: 0 });
  expect(said.filter((line) => line.includes("loaded anew")).length).toBeGreaterThan(0);
});

it("makes a context larger for a prompt that does not fit, and no larger than is asked for", async () => {
  const { one, engine } = await lab({});
  const grown = await engine.batchRun(await requests(one, 6, [2, 1_500]));
  expect(grown).toMatchObject({ completed: 6, failed: 0 });
  const held = await engine.batchRun({
    ...(await requests(one, 4, [2, 1_500])),
    to: path.join(one.folder, "held.jsonl"),
    contextTokens: 2_048,
  });
  expect(held).toMatchObject({ completed: 2, failed: 2 });
  const errors = await readFile(path.join(one.folder, "held.errors.jsonl"), "utf8");
  expect(errors).toContain("context_length_exceeded");
});

it("keeps a worker's card from running over, one request at a time", async () => {
  const { one, engine } = await lab(
    { ollama: { gpu: { leakBytesPerRequest: 400 * mib } }, latency: { first: { kind: "fixed", ms: 200 } } },
    30,
  );
  const said = warnings(engine);
  // The run's own process stops at once: its rows are there for others.
  const { run } = await engine.start({ file: one.file, options: {} });
  while (one.simulator.stats().requests === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  await engine.stop({ run, now: true });
  await engine.finished(run);
  const { completed, failed } = await engine.work({ run, idleMs: 2_000 }, new AbortController().signal);
  expect(failed).toBe(0);
  expect(completed).toBeGreaterThan(40);
  expect(said.filter((line) => line.includes("loaded anew")).length).toBeGreaterThan(0);
  expect(one.simulator.stats().maxInFlight).toBe(1);
});
