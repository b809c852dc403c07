import { copyFile, cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const rows = 200;
/** What reading a thousand prompt tokens takes on the simulated card. */
const prefillMs = 40;

/** The example's rows asked in three ways of the same model: what each reads, how long that takes, and how often it is right. */
export async function compareConversations(folder: string, say: (line: string) => void): Promise<void> {
  await cp(path.join(examples, "data"), path.join(folder, "data"), { recursive: true });
  await cp(path.join(examples, "prompts"), path.join(folder, "prompts"), { recursive: true });
  await copyFile(path.join(examples, "intents.layout.yaml"), path.join(folder, "intents.layout.yaml"));
  const original = await readFile(path.join(folder, "intents.layout.yaml"), "utf8");
  say(`\n${rows} rows of the example, asked one at a time, ${prefillMs} ms a thousand tokens that must be read`);
  say("  way                                     prompt tokens   read   prefill ms a call   accuracy");
  for (const [what, layout, context] of [
    ["stateless, static parts first (recency)", "recency", "stateless"],
    [
      "stateless, the segment first",
      "{ name: segment-first, user: [segment, role, instructions, definitions, examples, output, question] }",
      "stateless",
    ],
    ["rolling, 4,000 tokens at most", "recency", "rolling, maxTokens: 4000"],
    ["rolling, 16,000 tokens at most", "recency", "rolling, maxTokens: 16000"],
  ] as const) {
    const simulator = await startSimulator({ latency: { perThousandPromptTokensMs: prefillMs } });
    const file = path.join(folder, "way.layout.yaml");
    const text = original
      .replace(/^models:.*$/m, 'models: ["ollama:reader"]')
      .replace(/^layouts:.*$/m, `layouts: [${layout}]`)
      .replace(/^sampling:.*$/m, "sampling: { mode: full }\ncache: { mode: off }")
      .concat(`context: { conversation: ${context} }\n`);
    await writeFile(file, text);
    const engine = await openEngine({
      store: ":memory:",
      env: { OLLAMA_HOST: simulator.url },
      clock: systemClock,
      host: { key: async () => undefined },
      version: "bench",
      roots: undefined,
    });
    const { run } = await engine.start({ file, options: { limit: rows } });
    const summary = await engine.finished(run);
    const { promptTokens, cachedTokens } = simulator.stats();
    await engine.close();
    await simulator.close();
    const [variant] = summary.variants;
    const read = promptTokens - cachedTokens;
    const perCall = (read * prefillMs) / 1_000 / Math.max(1, variant?.trials ?? 1);
    say(
      `  ${what.padEnd(40)} ${String(promptTokens).padStart(12)} ${String(read).padStart(8)} ${perCall.toFixed(1).padStart(12)} ${((variant?.accuracy ?? 0) * 100).toFixed(1).padStart(12)} %`,
    );
  }
}
