import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import type { RunOptions } from "../../../src/engine/api.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import type { Simulator } from "../../../src/engine/simulator/options.ts";
import { startSimulator } from "../../../src/engine/simulator/simulator.ts";

const file = fileURLToPath(new URL("../../../examples/intents.layout.yaml", import.meta.url));
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function engineAgainst(simulator: Simulator): Promise<Engine> {
  const engine = await openEngine({
    store: ":memory:",
    env: { OPENAI_BASE_URL: `${simulator.url}/v1` },
    clock: systemClock,
    host: { key: async () => "k" },
    version: "test",
    roots: undefined,
  });
  closing.push(engine);
  return engine;
}

const options: RunOptions = {
  models: ["openai:reader"],
  layouts: ["standard", "recency"],
  sampling: "full",
  limit: 100,
};

/** Runs the example task, the experiment's text changed, through the real client. */
async function run(engine: Engine, change: (text: string) => string) {
  const text = change(await readFile(file, "utf8"));
  const started = await engine.start({ file, text, options });
  return engine.finished(started.run);
}

describe("packing ten segments a request on the example task", () => {
  it("takes at least five times fewer prompt tokens and answers every example", async () => {
    const simulator = await startSimulator({ models: "*" });
    closing.push(simulator);
    const engine = await engineAgainst(simulator);
    const alone = await run(engine, (text) => text);
    const before = simulator.stats().promptTokens;
    const packed = await run(engine, (text) => `${text}\npacking: { segmentsPerRequest: 10 }\n`);
    const sent = simulator.stats().promptTokens - before;
    expect(alone.requests.sent).toBe(200);
    expect(packed.requests.failed).toBe(0);
    for (const variant of packed.variants) {
      expect(variant).toMatchObject({ trials: 100, unparsable: 0, failed: 0 });
    }
    const tokens = (summary: typeof alone) => summary.variants.reduce((sum, variant) => sum + variant.tokens.prompt, 0);
    expect(tokens(packed)).toBe(sent);
    expect(tokens(alone) / tokens(packed)).toBeGreaterThan(5);
    const { rows } = await engine.trials({
      filter: { run: packed.run },
      sort: "position",
      descending: false,
      limit: 500,
    });
    // What trials say of their tokens adds up to what was sent, but for rounding.
    const shares = rows.reduce((sum, trial) => sum + (trial.promptTokens ?? 0), 0);
    expect(Math.abs(shares - sent)).toBeLessThan(rows.length / 2);
    const estimate = await engine.estimate({
      file,
      text: `${await readFile(file, "utf8")}\npacking: { segmentsPerRequest: 10 }\n`,
      ...options,
    });
    expect(estimate.calls).toBe(20);
  }, 30_000);

  it.each(["badAnswer", "serverError", "cut", "huge"] as const)(
    "answers every example in spite of %s",
    async (fault) => {
      const simulator = await startSimulator({ models: "*", seed: 3, faults: { [fault]: 0.3 } });
      closing.push(simulator);
      const engine = await engineAgainst(simulator);
      const text = `${await readFile(file, "utf8")}\npacking: { segmentsPerRequest: 10 }\nlimits: { preset: aggressive, retries: 8 }\n`;
      const started = await engine.start({ file, text, options: { ...options, limit: 60 } });
      const { variants, stopped } = await engine.finished(started.run);
      expect(stopped.kind).toBe("decided");
      for (const variant of variants) expect([variant.trials, variant.failed]).toEqual([60, 0]);
    },
    60_000,
  );
});
