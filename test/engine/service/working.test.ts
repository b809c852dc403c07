import { afterEach, describe, expect, it } from "vitest";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { alwaysRight, openLab, type TestLab } from "../../support/engine.ts";

let lab: TestLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

const slow: Script = async (request, options, call) => {
  await new Promise((resolve) => setTimeout(resolve, 3));
  return alwaysRight(request, options, call);
};

/** A worker's requests carry no trial: the row is read from the prompt, as a model would. */
const fromPrompt: Script = async (request) => {
  await new Promise((resolve) => setTimeout(resolve, 3));
  const row = Number(/item number (\d+)/.exec(request.messages.at(-1)?.content ?? "")?.[1]);
  return ["red", "green", "blue"][row % 3] ?? "";
};

describe("two processes on one table", () => {
  it("send every request once between them, and the run takes up what the other answered", async () => {
    lab = await openLab({ rows: 150, more: "sampling: { mode: full }\n" });
    const owner = await lab.open(slow);
    const helper = await lab.open(fromPrompt);
    const stop = new AbortController();
    const { run } = await owner.start({ file: lab.file, options: { concurrency: 2, cache: false } });
    const working = helper.work({ run, concurrency: 8 }, stop.signal);
    const summary = await owner.finished(run);
    stop.abort();
    const worked = await working;
    expect(worked.completed).toBeGreaterThan(0);
    expect(lab.asked).toHaveLength(300);
    expect(summary.status).toBe("finished");
    expect(summary.variants.map((variant) => [variant.trials, variant.accuracy])).toEqual([
      [150, 1],
      [150, 1],
    ]);
    expect(summary.requests).toMatchObject({ sent: 300, succeeded: 300, failed: 0 });
  });

  it("lets a resumed run score what a worker answered while it was down", async () => {
    lab = await openLab({ rows: 40, more: "sampling: { mode: full }\n" });
    // Half of what is asked ahead waits while the first answers take their time.
    const owner = await lab.open(async (request, options, call) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return alwaysRight(request, options, call);
    });
    const { run } = await owner.start({ file: lab.file, options: { concurrency: 8, cache: false } });
    while (lab.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await owner.stop({ run, now: false });
    const stopped = await owner.finished(run);
    expect(stopped.status).toBe("interrupted");
    const before = lab.asked.length;
    const helper = await lab.open(fromPrompt);
    const worked = await helper.work({ run, idleMs: 50 }, new AbortController().signal);
    expect(worked.completed).toBeGreaterThan(0);
    expect(lab.asked).toHaveLength(before + worked.completed);
    await owner.resume({ run });
    const summary = await owner.finished(run);
    expect(summary.variants.map((variant) => variant.trials)).toEqual([40, 40]);
    expect(lab.asked).toHaveLength(80);
  });
});
