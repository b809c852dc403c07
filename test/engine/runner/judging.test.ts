import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

interface Item {
  readonly id: number;
  readonly answer: string;
  readonly reference?: string;
}

/** What a judge is shown, or nothing when somebody else is asked. */
function itemsIn(content: string): readonly Item[] {
  return content.includes("<items ")
    ? content
        .split("\n")
        .filter((line) => line.startsWith('{"id"'))
        .map((line) => JSON.parse(line) as Item)
    : [];
}

/** Answers as the lab's rows have it, wrong under sandwich at every third row; judges by equality. */
function scripted(calls: number[], judged: (items: readonly Item[], call: number) => string = honest): Script {
  return (request, { trial }) => {
    const items = itemsIn(request.messages.at(-1)?.content ?? "");
    if (items.length > 0) {
      calls.push(items.length);
      return judged(items, calls.length);
    }
    const row = rowOf(trial?.example);
    return trial?.layout === "sandwich" && row % 3 === 0 ? labelOf(row + 1) : labelOf(row);
  };
}

const honest = (items: readonly Item[]) =>
  JSON.stringify(
    items.map(({ id, answer, reference }) => ({ id, reason: "compared", score: answer === reference ? 1 : 0 })),
  );

const judge = 'scoring: [{ type: judge, model: "scripted:judge", rubric: Equal is good. }]\n';

async function lab(more: string, rows = 12, models?: readonly string[]): Promise<TestLab> {
  const opened = await openLab({ rows, more, ...(models === undefined ? {} : { models }) });
  labs.push(opened);
  return opened;
}

describe("a run with a judge", () => {
  it("scores as the judge says, some answers a call, and accounts for it", async () => {
    const opened = await lab(`${judge}sampling: { mode: full }\n`, 30);
    const calls: number[] = [];
    const engine = await opened.open(scripted(calls));
    const { summary } = await runLab(engine, opened);
    expect(summary.variants.map(({ id, trials, accuracy }) => [id.split("/")[0], trials, accuracy])).toEqual([
      ["standard", 30, 1],
      ["sandwich", 30, 2 / 3],
    ]);
    // Equal answers to equal rows are judged once.
    expect(calls.every((items) => items <= 10)).toBe(true);
    expect(summary.judging).toMatchObject({
      calls: calls.length,
      judges: [{ name: "judge", judged: 60, unscored: 0 }],
    });
    expect(summary.judging?.judges[0]?.agreement).toMatchObject({ rows: 30, accuracy: 1, kappa: 1 });
    const { rows } = await engine.trials({
      filter: { run: summary.run },
      sort: "position",
      descending: false,
      limit: 100,
    });
    expect(rows.every(({ notes }) => notes?.["judge"]?.kind === "judged")).toBe(true);
  });

  it("gives no score, rather than 0, by a judge that judged nothing", async () => {
    const more =
      'scoring: [label, { type: judge, model: "scripted:judge", rubric: Equal is good. }]\nsampling: { mode: full }\n';
    const opened = await lab(more, 6);
    const engine = await opened.open(scripted([], () => "I would rather not."));
    const { summary } = await runLab(engine, opened);
    expect(summary.judging?.judges).toMatchObject([{ judged: 0, unscored: 12 }]);
    expect(summary.variants.map(({ trials, scores }) => [trials, scores])).toEqual([
      [6, {}],
      [6, {}],
    ]);
  });

  it("pays for no answer twice when the judge fails, and judges what is stored when it goes on", async () => {
    const opened = await lab(`${judge}sampling: { mode: full }\n`, 12);
    const down = await opened.open((request, options, call) =>
      itemsIn(request.messages.at(-1)?.content ?? "").length > 0
        ? { kind: "rejected", reason: "auth", status: 401, message: "no such key" }
        : scripted([])(request, options, call),
    );
    const { summary } = await runLab(down, opened);
    expect(summary.status).toBe("stopped");
    expect(summary.stopped.reason).toContain("the judge scripted:judge: no such key");
    const answered = opened.asked.filter((name) => name.startsWith("standard") || name.startsWith("sandwich")).length;
    expect(answered).toBeGreaterThan(0);
    await down.close();
    const calls: number[] = [];
    const up = await opened.open(scripted(calls));
    const { run } = await up.resume({ run: summary.run });
    const again = await up.finished(run);
    expect(again.status).toBe("finished");
    expect(again.variants.map(({ trials }) => trials)).toEqual([12, 12]);
    const asked = opened.asked.filter((name) => !name.startsWith("undefined"));
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("keeps the answers of a run that is stopped at once while they are judged", async () => {
    const opened = await lab(`${judge}sampling: { mode: full }\n`, 12);
    let judging = () => {};
    const begun = new Promise<void>((resolve) => {
      judging = resolve;
    });
    const first = await opened.open((request, options, call) => {
      if (itemsIn(request.messages.at(-1)?.content ?? "").length === 0) return scripted([])(request, options, call);
      judging();
      return new Promise<string>(() => {});
    });
    const { run } = await first.start({ file: opened.file, options: {} });
    await begun;
    await first.stop({ run, now: true });
    expect((await first.finished(run)).status).toBe("interrupted");
    await first.close();
    const again = await opened.open(scripted([]));
    await again.resume({ run });
    expect((await again.finished(run)).variants.map(({ trials }) => trials)).toEqual([12, 12]);
    const asked = opened.asked.filter((name) => !name.startsWith("undefined"));
    const twice = asked.filter((name, i) => asked.indexOf(name) !== i);
    expect(twice.length).toBeLessThanOrEqual(8);
    expect(asked.length).toBeLessThan(2 * 24);
  });

  it("keeps the race's decisions the same, whatever the sizes of its calls", async () => {
    const verdictOf = async (perCall: number) => {
      const more = `scoring: [{ type: judge, model: "scripted:judge", rubric: Equal., perCall: ${perCall} }]\ncache: { mode: "off" }\n`;
      const opened = await lab(more, 60);
      const { summary } = await runLab(await opened.open(scripted([])), opened);
      return [summary.verdict.winner, summary.variants.map(({ trials, correct }) => [trials, correct])];
    };
    expect(await verdictOf(1)).toEqual(await verdictOf(7));
  });

  it("stops at its budget, which judging counts towards", async () => {
    const opened = await lab(`${judge}sampling: { mode: full }\nlimits: { maxCalls: 20 }\n`, 12);
    const calls: number[] = [];
    const { summary } = await runLab(await opened.open(scripted(calls)), opened);
    expect(summary.stopped.kind).toBe("budget");
    expect(summary.requests.sent).toBe(20);
  });

  it("never waits for answers that wait for it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("adaptive", "full", "doubling"),
        fc.constantFrom("", "packing: { segmentsPerRequest: 3 }\n", "context: { conversation: rolling }\n"),
        async (rows, perCall, concurrency, mode, more) => {
          const scoring = `scoring: [{ type: judge, model: "scripted:judge", rubric: Equal., perCall: ${perCall} }]\n`;
          const opened = await lab(`${scoring}sampling: { mode: ${mode} }\n${more}`, rows, [
            "scripted:a",
            "scripted:b",
          ]);
          const { summary } = await runLab(
            await opened.open((request, options, call) => {
              const content = request.messages.at(-1)?.content ?? "";
              if (!more.startsWith("packing") || itemsIn(content).length > 0)
                return scripted([])(request, options, call);
              const ids = [...content.matchAll(/^\[(\d+)\] item number (\d+)/gm)];
              return ids.length === 0
                ? scripted([])(request, options, call)
                : JSON.stringify(ids.map(([, id, row]) => ({ id: Number(id), answer: labelOf(Number(row)) })));
            }),
            opened,
            { concurrency },
          );
          expect(summary.status).toBe("finished");
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  }, 60_000);
});

describe("scoring a run again", () => {
  it("costs nothing where the judge has said it all, and asks it only when it may", async () => {
    const opened = await lab(`${judge}sampling: { mode: full }\n`, 12);
    const calls: number[] = [];
    const engine = await opened.open(scripted(calls));
    const { summary } = await runLab(engine, opened);
    const before = calls.length;
    expect(await engine.rescore({ run: summary.run })).toMatchObject({ trials: 24, changed: 0, unjudged: 0 });
    expect(calls).toHaveLength(before);
    await opened.write(
      "lab.layout.yaml",
      (await import("node:fs")).readFileSync(opened.file, "utf8").replace("Equal is good.", "Another rubric."),
    );
    expect(await engine.rescore({ run: summary.run })).toMatchObject({ changed: 0 });
    expect(calls).toHaveLength(before);
    expect(await engine.rescore({ run: summary.run, judge: true })).toMatchObject({ unjudged: 0 });
    expect(calls.length).toBeGreaterThan(before);
  });
});
