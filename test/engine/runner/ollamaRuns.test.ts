import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { runLab } from "../../support/engine.ts";
import { fastClock, openSimulatedLab, rightLabel, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function ollamaLab(
  simulated: Parameters<typeof openSimulatedLab>[1],
  options: Parameters<typeof openSimulatedLab>[0] = {},
  clock = fastClock(50),
): Promise<SimulatedLab> {
  lab = await openSimulatedLab(
    { rows: 20, models: ["ollama:m"], more: "sampling: { mode: full }\n", ...options },
    simulated,
    clock,
  );
  return lab;
}

const at = (one: SimulatedLab, env: Readonly<Record<string, string>> = {}) =>
  one.openEngine({ env: { OLLAMA_HOST: one.simulator.url, ...env } });

describe("Ollama in a run, over its own SDK", () => {
  it("loads a model once, holds it while the run goes on, and lets go of it at the end", async () => {
    let held: readonly string[] = [];
    const one: SimulatedLab = await ollamaLab(
      {
        models: ["m"],
        ollama: { loadMs: 1_500 },
        answer: (messages, asked) => {
          held = one.simulator.stats().gpu.loaded;
          return rightLabel(messages, asked);
        },
      },
      {},
      systemClock,
    );
    const { summary } = await runLab(await at(one), one);
    expect(summary.variants.every(({ correct }) => correct === 20)).toBe(true);
    expect(held).toEqual(["m"]);
    expect(one.simulator.stats().gpu.loaded).toEqual([]);
    // The time of loading is no latency.
    for (const { latency } of summary.variants) expect(latency?.p95).toBeLessThan(1_000);
  });

  it("takes two models one after the other", async () => {
    const loaded = new Set<string>();
    const one: SimulatedLab = await ollamaLab(
      {
        models: ["m", "n"],
        answer: (messages, asked) => {
          loaded.add(one.simulator.stats().gpu.loaded.join(" "));
          return rightLabel(messages, asked);
        },
      },
      { models: ["ollama:m", "ollama:n"] },
    );
    await runLab(await at(one), one);
    expect([...loaded].sort()).toEqual(["m", "n"]);
    expect(one.simulator.stats().gpu.loaded).toEqual([]);
  });

  it.each([
    ["one at a time, as a server answers unless it is told otherwise", {}, {}, "", 1],
    ["as many as OLLAMA_NUM_PARALLEL says", { OLLAMA_NUM_PARALLEL: "3" }, {}, "", 3],
    ["as many as the person asks for", {}, { concurrency: 4 }, "", 4],
    ["no more than OLLAMA_NUM_PARALLEL", { OLLAMA_NUM_PARALLEL: "2" }, { concurrency: 4 }, "", 2],
    ["as many as a pool says", {}, {}, 'limits: { pools: [{ models: ["ollama:*"], concurrency: 5 }] }\n', 5],
  ])("asks %s", async (_what, env, options, limits, most) => {
    const one = await ollamaLab(
      { models: ["m"], latency: { first: { kind: "fixed", ms: 400 } } },
      { more: `sampling: { mode: full }\n${limits}` },
    );
    await runLab(await at(one, env), one, options);
    expect(one.simulator.stats().maxInFlight).toBe(most);
  });

  it("counts the words by the server's own reports the next time, and says how sure that is", async () => {
    // This server's tokens are three times as many as anybody's.
    const one = await ollamaLab({ models: ["m"], tokens: (text) => Math.ceil(text.length / 1.5) });
    const engine = await at(one);
    const before = await engine.estimate({ file: one.file });
    expect(before.notes.join("\n")).toMatch(/Tokens of ollama:m: estimated without its vocabulary: within about 10 %/);
    const { summary } = await runLab(engine, one);
    const after = await engine.estimate({ file: one.file });
    expect(after.notes.join("\n")).toMatch(
      /reported \d\.\d\d times the estimate, give or take [\d.]+ % \(40 answers\)/,
    );
    const reported = summary.variants.reduce((sum, { tokens }) => sum + tokens.prompt, 0);
    expect(after.tokens.prompt / reported).toBeCloseTo(1, 1);
    expect(before.tokens.prompt / reported).toBeLessThan(0.8);
    const preview = await engine.preview({ file: one.file, layout: "standard", example: 0 });
    expect(preview.tokens.error).toMatch(/times the estimate/);
  });

  it("lists what is installed with its size and context, and how to get a model where there is none", async () => {
    const one = await ollamaLab({ models: ["m"], contextTokens: 40_960 });
    const engine = await at(one);
    const [listing] = await engine.models({ providers: ["ollama"] });
    expect(listing).toEqual({
      provider: "ollama",
      models: [{ id: "ollama:m:latest", detail: "8.0B Q4_K_M · 8.6 GB · context 40,960" }],
      problem: undefined,
    });
    await one.restart({ models: [] });
    const [empty] = await engine.models({ providers: ["ollama"] });
    expect(empty).toMatchObject({ models: [], problem: undefined });
    expect(empty?.suggestions?.map(({ command }) => command)).toContain("ollama pull gemma3:4b");
    const { checks } = await engine.doctor({});
    expect(checks.find(({ name }) => name === "ollama")?.action).toMatch(/^get one, such as with ollama pull /);
    expect(one.simulator.stats().requests).toBe(0);
  });
});
