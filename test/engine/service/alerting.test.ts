import { afterEach, describe, expect, it } from "vitest";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

let lab: TestLab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

describe("the alerts of a run", () => {
  it("come once while it goes, stand in its picture, and are stored with it", async () => {
    lab = await openLab({ rows: 60 });
    const engine = await lab.open((_, { trial }) =>
      rowOf(trial?.example) % 3 === 0 ? "none of these, sorry" : labelOf(rowOf(trial?.example)),
    );
    const { summary, events } = await runLab(engine, lab, { sampling: "full" });
    const told = events.flatMap((event) => (event.kind === "alert" ? [event.alert] : []));
    expect(told).toHaveLength(1);
    expect(summary.alerts).toMatchObject([
      { kind: "failures", message: "scripted:a: 40 of 120 requests could not be read (33.3 %)" },
    ]);
    const ended = events.find((event) => event.kind === "ended");
    expect(ended?.view.alerts).toEqual(summary.alerts);
    expect((await engine.run({ run: summary.run })).summary.alerts).toEqual(summary.alerts);
    const [item] = await engine.runs({});
    expect(item?.alerts).toEqual([summary.alerts?.[0]?.message]);
  });

  it("are none for a run that went well, nor for kinds that are off", async () => {
    lab = await openLab({ rows: 60 });
    const good = await lab.open();
    expect((await runLab(good, lab)).summary.alerts).toEqual([]);
    const bad = await lab.open(() => "none of these, sorry");
    const options = { sampling: "full", cache: false, alerts: { failures: null } };
    expect((await runLab(bad, lab, options)).summary.alerts).toEqual([]);
  });

  it("say nothing of a model that was given up: its run says why it ended", async () => {
    lab = await openLab({ rows: 60 });
    let asked = 0;
    const engine = await lab.open(() => {
      asked += 1;
      return asked <= 10
        ? { kind: "rejected", reason: "badRequest", status: 400, message: "no" }
        : { kind: "rejected", reason: "auth", status: 401, message: "the key is wrong" };
    });
    const { summary } = await runLab(engine, lab, { sampling: "full", concurrency: 32 });
    expect(summary.stopped).toMatchObject({ kind: "rejected", reason: "scripted:a: the key is wrong" });
    expect(summary.alerts).toEqual([]);
  });

  it("hold a run against the one that was marked", async () => {
    lab = await openLab({ rows: 120, layouts: ["standard"] });
    const engine = await lab.open();
    const before = await runLab(engine, lab, { sampling: "full" });
    await engine.markBaseline({ run: before.summary.run });
    const worse = await lab.open((_, { trial }) =>
      labelOf(rowOf(trial?.example) + (rowOf(trial?.example) % 4 === 0 ? 1 : 0)),
    );
    const after = await runLab(worse, lab, { sampling: "full", cache: false });
    expect(after.summary.alerts).toMatchObject([
      { kind: "accuracy", message: `standard/scripted:a has 75 % where the baseline ${before.summary.run} had 100 %` },
    ]);
  });

  it("tell of a budget before it ends the run", async () => {
    lab = await openLab({ rows: 20 });
    const engine = await lab.open();
    const { summary } = await runLab(engine, lab, { sampling: "full", maxCalls: 41 });
    expect(summary.status).toBe("finished");
    expect(summary.alerts).toMatchObject([{ kind: "quota", message: "97.6 % of the budget of 41 calls is used" }]);
  });
});
