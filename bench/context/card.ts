import { writeFile } from "node:fs/promises";
import path from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { approximateTokens } from "../../src/engine/context/approximate.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { openOllama } from "../../src/engine/provider/ollama.ts";
import type { SimulatedGpu } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";

export type Card = Pick<SimulatedGpu, "bytesPerToken" | "leakBytesPerRequest">;

const labels = ["red", "green", "blue"];
const longest = 5_000;

/** Tokens of a request: from 50 to 5,000, most of them short, as tickets and letters are. */
function sizeOf(i: number): number {
  const u = ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  return Math.round(50 * (longest / 50) ** (u ** 1.2));
}

const sentence = "The customer wrote once more about the same thing and waits for an answer. ";
const perSentence = approximateTokens(sentence);

function passageOf(i: number): string {
  return sentence.repeat(Math.max(0, Math.round((sizeOf(i) - 50) / perSentence))).trim();
}

function rightAnswer(text: string): string {
  return labels[Number(/item number (\d+)/.exec(text)?.[1]) % labels.length] ?? "red";
}

function server(card: Card) {
  return startSimulator({
    models: ["m"],
    hashBodies: false,
    ollama: { gpu: card },
    answer: (messages) => rightAnswer(messages.at(-1)?.content ?? ""),
  });
}

/** Every prompt sent with the context that the longest needs, and nobody to see to what comes back. */
export async function nightWithout(card: Card, requests: number) {
  const simulator = await server(card);
  const provider = openOllama({ env: { OLLAMA_HOST: simulator.url }, clock: systemClock, key: async () => undefined });
  let failed = 0;
  let first: number | undefined;
  for (let i = 0; i < requests; i++) {
    const content = `${passageOf(i)}\nitem number ${i}\nWhich colour?`;
    const { outcome } = await provider.send(
      {
        model: "m",
        messages: [{ role: "user", content }],
        parameters: {},
        responseSchema: undefined,
        tools: [],
        contextTokens: 7_168,
      },
      { signal: AbortSignal.timeout(60_000) },
    );
    if (outcome.kind === "answered") continue;
    failed += 1;
    first ??= i + 1;
  }
  await provider.close();
  await simulator.close();
  return { failed, first };
}

/** The same as an experiment: the engine chooses the context and keeps it within what the card holds. */
export async function nightWith(folder: string, card: Card, requests: number) {
  const simulator = await server(card);
  const rows = Array.from({ length: requests }, (_, i) => `r${i},item number ${i},${passageOf(i)},${labels[i % 3]}`);
  await writeFile(path.join(folder, "night.csv"), `id,text,passage,label\n${rows.join("\n")}\n`);
  const file = path.join(folder, "night.layout.yaml");
  await writeFile(
    file,
    `name: night
dataset: night.csv
models: ["ollama:m"]
prompt:
  context: "{{passage}}"
  segment: "{{text}}"
  question: Which colour?
  output: { type: label, labels: [red, green, blue] }
layouts: [standard]
sampling: { mode: full }
cache: { mode: off }
`,
  );
  const engine = await openEngine({
    store: ":memory:",
    env: { OLLAMA_HOST: simulator.url },
    clock: systemClock,
    host: { key: async () => undefined },
    version: "bench",
    roots: undefined,
  });
  const changes: string[] = [];
  engine.on("run", (event) => {
    if (event.kind === "queue") changes.push(event.change.what);
  });
  const from = systemClock.monotonic();
  const { run } = await engine.start({ file, options: {} });
  const summary = await engine.finished(run);
  const ms = systemClock.monotonic() - from;
  let trimmed = 0;
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof engine.requests>> = await engine.requests({ run, after, limit: 1_000 });
    trimmed += page.filter((row) => row.context !== undefined).length;
    after = page.at(-1)?.id;
  }
  await engine.close();
  await simulator.close();
  const [variant] = summary.variants;
  return {
    lost: requests - (variant?.trials ?? 0),
    right: variant?.correct ?? 0,
    trimmed,
    shrinks: changes.filter((what) => what.startsWith("context ")).length,
    reloads: changes.filter((what) => what === "loaded anew").length,
    sent: summary.requests.sent,
    ms,
  };
}
