import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";

const file = fileURLToPath(new URL("../../examples/intents.layout.yaml", import.meta.url));
const examples = 100;

/** Prompt tokens as the server counted them, and whether every example came back with an answer. */
export interface PackedFigures {
  readonly alone: number;
  readonly packed: number;
  readonly answered: boolean;
}

/** The example task over HTTP against the simulator, one example a request and then ten. */
export async function packedFigures(): Promise<PackedFigures> {
  const simulator = await startSimulator({ models: "*" });
  const engine = await openEngine({
    store: ":memory:",
    env: { OPENAI_BASE_URL: `${simulator.url}/v1` },
    clock: systemClock,
    host: { key: async () => "k" },
    version: "bench",
    roots: undefined,
  });
  try {
    const text = await readFile(file, "utf8");
    const tokensOf = async (more: string) => {
      const before = simulator.stats().promptTokens;
      const options = { models: ["openai:reader"], layouts: ["standard"], sampling: "full", limit: examples };
      const { run } = await engine.start({ file, text: `${text}\n${more}`, options });
      const { variants } = await engine.finished(run);
      const answered = variants.every(({ trials, unparsable, failed }) => trials - unparsable - failed === examples);
      return { tokens: simulator.stats().promptTokens - before, answered };
    };
    const alone = await tokensOf("");
    const packed = await tokensOf("packing: { segmentsPerRequest: 10 }\n");
    return { alone: alone.tokens, packed: packed.tokens, answered: alone.answered && packed.answered };
  } finally {
    await engine.close();
    await simulator.close();
  }
}
