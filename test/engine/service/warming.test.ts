import { afterEach, describe, expect, it } from "vitest";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

describe("warming the cache", () => {
  it("asks all that a full run needs and is not held, and leaves no run behind", async () => {
    lab = await openSimulatedLab({ rows: 10, more: "cache: { mode: 'off' }\n" });
    const engine = await lab.openEngine();
    const { summary } = await runLab(engine, lab, { warm: true, limit: 4 });
    expect(summary.requests).toMatchObject({ succeeded: 8, cached: 0 });
    const rest = await runLab(engine, lab, { warm: true });
    expect(rest.summary.requests).toMatchObject({ succeeded: 12, cached: 8 });
    expect(await engine.runs({})).toEqual([]);
    const stats = await engine.cacheStats({});
    expect(stats).toMatchObject({ entries: 20, groups: [{ model: "openai:a", experiment: "lab", entries: 20 }] });
    expect(stats.groups[0]?.usedAt).toBeGreaterThan(0);
    expect((await runLab(engine, lab, { sampling: "full", cache: true })).summary.requests.sent).toBe(0);
  });

  it.each(["adaptive", "doubling"])("asks about no more rows than %s may come to", async (mode) => {
    lab = await openSimulatedLab({ rows: 30, more: `sampling: { mode: ${mode}, initial: 4, max: 8 }\n` });
    const engine = await lab.openEngine();
    expect(await engine.estimate({ file: lab.file })).toMatchObject({ calls: 16 });
    expect(await engine.estimate({ file: lab.file, warm: true })).toMatchObject({ calls: 16 });
    expect((await runLab(engine, lab, { warm: true })).summary.requests).toMatchObject({ succeeded: 16 });
    expect(await engine.cacheCoverage({ file: lab.file })).toMatchObject({ answers: 16, cached: 16 });
    expect((await runLab(engine, lab)).summary.requests.sent).toBe(0);
  });

  it("knows that a full run goes past `max`", async () => {
    lab = await openSimulatedLab({ rows: 30, more: "sampling: { mode: full, initial: 4, max: 8 }\n" });
    const engine = await lab.openEngine();
    expect(await engine.estimate({ file: lab.file })).toMatchObject({ calls: 60 });
    expect((await runLab(engine, lab)).summary.requests).toMatchObject({ sent: 60 });
  });

  it("gives back what was deleted", async () => {
    lab = await openSimulatedLab({ rows: 3, layouts: ["standard"] });
    const engine = await lab.openEngine();
    await runLab(engine, lab, { warm: true });
    const [item] = await engine.cacheList({ limit: 1 });
    if (item === undefined) throw new Error("nothing was kept");
    const answer = (await engine.cacheAnswer({ key: item.key })) ?? "";
    await engine.cacheDelete({ keys: [item.key] });
    expect(await engine.cacheAnswer({ key: item.key })).toBeUndefined();
    await engine.cachePut({ entries: [{ key: item.key, model: item.model, experiment: item.experiment, answer }] });
    expect(await engine.cacheAnswer({ key: item.key })).toBe(answer);
    expect((await runLab(engine, lab, { sampling: "full" })).summary.requests.sent).toBe(0);
  });
});
