import { afterEach, describe, expect, it } from "vitest";
import type { WireMessage } from "../../../src/engine/wire/dialect.ts";
import { runLab } from "../../support/engine.ts";
import { openSimulatedLab, rightLabel, rowIn, type SimulatedLab } from "../../support/simulatedLab.ts";

let lab: SimulatedLab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

const rolling = (more = "") => `sampling: { mode: full }\ncontext: { conversation: rolling${more} }\n`;

/** A lab whose server keeps what it was told, and answers rightly. */
async function talkingLab(options: Parameters<typeof openSimulatedLab>[0], say = rightLabel) {
  const seen: (readonly WireMessage[])[] = [];
  const opened = await openSimulatedLab(
    { models: ["ollama:m"], layouts: ["standard"], ...options },
    {
      models: ["m"],
      answer: (messages, asked) => {
        seen.push(messages);
        return say(messages, asked);
      },
    },
  );
  lab = opened;
  return { lab: opened, seen, engine: () => opened.openEngine({ env: { OLLAMA_HOST: opened.simulator.url } }) };
}

/** Rows in the order in which a request tells them. */
const rowsOf = (messages: readonly WireMessage[]) =>
  messages.filter(({ role }) => role === "user").map(({ content }) => rowIn(content));

describe("a rolling conversation", () => {
  it("says again what was asked and answered, with the system message once, one request at a time", async () => {
    const { lab: one, seen, engine } = await talkingLab({ rows: 8, more: rolling() });
    const { summary } = await runLab(await engine(), one);
    expect(summary.variants[0]).toMatchObject({ trials: 8, correct: 8 });
    expect(seen.map((messages) => messages.length)).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
    expect(seen.every((messages) => messages.filter(({ role }) => role === "system").length === 1)).toBe(true);
    const order = rowsOf(seen[7] ?? []);
    expect(new Set(order).size).toBe(8);
    seen.forEach((messages, i) => {
      expect(rowsOf(messages)).toEqual(order.slice(0, i + 1));
    });
    expect(one.simulator.stats().maxInFlight).toBe(1);
    // The server has everything but the last turn from the request before.
    const { promptTokens, cachedTokens } = one.simulator.stats();
    expect(cachedTokens / promptTokens).toBeGreaterThan(0.6);
  });

  it("keeps the conversations of variants apart, and says that its verdict explores", async () => {
    const {
      lab: one,
      seen,
      engine,
    } = await talkingLab({ rows: 6, layouts: ["standard", "sandwich"], more: rolling() });
    const { summary } = await runLab(await engine(), one);
    expect(seen.map((messages) => rowsOf(messages).length).sort()).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    expect(summary.verdict.guaranteed).toBe(false);
    expect(summary.verdict.explanation).toMatch(/Exploratory: requests were turns of one conversation/);
    expect(summary.notes.join("\n")).toMatch(/depends on those before it/);
  });

  it("is trimmed to its room, and the rows say how much they were told", async () => {
    const {
      lab: one,
      seen,
      engine,
    } = await talkingLab({ rows: 40, more: rolling(", maxTokens: 400, trim: sliding-window") });
    const running = await engine();
    const { summary } = await runLab(running, one);
    expect(summary.variants[0]).toMatchObject({ trials: 40, correct: 40, failed: 0 });
    const turns = seen.map((messages) => rowsOf(messages).length);
    expect(Math.max(...turns)).toBeLessThan(20);
    expect(Math.max(...turns)).toBeGreaterThan(4);
    const rows = await running.requests({ limit: 100 });
    expect(rows.every((row) => row.promptTokensEstimated <= 400)).toBe(true);
    const told = rows.map(
      (row) => (JSON.parse(row.context ?? "{}") as { conversation: { turns: number } }).conversation,
    );
    expect(told.map(({ turns: each }) => each + 1)).toEqual(turns);
  });

  it("is trimmed every so many requests though it fits", async () => {
    const {
      lab: one,
      seen,
      engine,
    } = await talkingLab({
      rows: 30,
      more: rolling(", maxTokens: 700, trimEvery: 10, trim: sliding-window"),
    });
    await runLab(await engine(), one);
    const turns = seen.map((messages) => rowsOf(messages).length);
    // From 700 tokens at most 350 are left after ten requests.
    expect(turns.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(turns.some((each, i) => i > 0 && each < (turns[i - 1] as number))).toBe(true);
  });

  it("goes on after an interruption with what was said before", async () => {
    const { lab: one, seen, engine } = await talkingLab({ rows: 12, more: rolling() });
    const first = await engine();
    const { run } = await first.start({ file: one.file, options: { maxCalls: 5 } });
    await first.finished(run);
    await first.close();
    const before = seen.length;
    expect(before).toBe(5);
    const second = await engine();
    await second.resume({ run, options: { maxCalls: 100 } });
    const summary = await second.finished(run);
    expect(summary.variants[0]).toMatchObject({ trials: 12, correct: 12 });
    expect(seen).toHaveLength(12);
    expect(rowsOf(seen[5] ?? [])).toEqual([...rowsOf(seen[4] ?? []), rowIn(seen[5]?.at(-1)?.content ?? "")]);
    expect(seen[5]?.filter(({ role }) => role === "assistant")).toHaveLength(5);
  });

  it("is not asked further once the run stops", async () => {
    const { lab: one, seen, engine } = await talkingLab({ rows: 60, more: rolling() });
    const running = await engine();
    const { run } = await running.start({ file: one.file, options: {} });
    while (seen.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await running.stop({ run, now: false });
    const summary = await running.finished(run);
    expect(summary.status).toBe("interrupted");
    expect(seen.length).toBeLessThan(60);
  });

  it("cannot carry packed requests or chains, which is said before anything is asked", async () => {
    const { lab: one, engine } = await talkingLab({
      rows: 4,
      more: `${rolling()}packing: { segmentsPerRequest: 3 }\n`,
    });
    await expect((await engine()).start({ file: one.file, options: {} })).rejects.toThrow(
      /cannot carry packed requests/,
    );
  });
});
