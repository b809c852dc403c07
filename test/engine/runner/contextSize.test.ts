import { afterEach, expect, it } from "vitest";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

it("asks a local model for one window that holds the longest prompt and an answer", async () => {
  lab = await openSimulatedLab({ rows: 10, models: ["ollama:m"], more: "sampling: { mode: full }\n" });
  const long = "far away ".repeat(1500);
  await lab.write("data.csv", `id,text,label\nr0,item number 0,red\nr1,${long} item number 1,green\n`);
  const engine = await lab.openEngine({ env: { OLLAMA_HOST: lab.simulator.url } });
  const { summary } = await runLab(engine, lab);
  expect(summary.variants.map(({ trials }) => trials)).toEqual([2, 2]);
  const rows = await engine.requests({ limit: 10 });
  const sizes = new Set(
    rows.map((row) => (JSON.parse(row.request) as { readonly contextTokens: number }).contextTokens),
  );
  expect(sizes.size).toBe(1);
  const [size = 0] = sizes;
  expect(size % 1024).toBe(0);
  expect(size).toBeGreaterThan(Math.max(...rows.map((row) => row.promptTokensEstimated)) + 1024);
  expect(size).toBeLessThan(8192);
});
