import { afterEach, describe, expect, it } from "vitest";
import { answered } from "../../../src/engine/provider/scripted.ts";
import { alwaysRight, type LabOptions, labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";
import { openSimulatedLab, rowIn, type SimulatedLab } from "../../support/simulatedLab.ts";

const labs: (TestLab | SimulatedLab)[] = [];
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});
async function lab(options: LabOptions): Promise<TestLab> {
  const opened = await openLab(options);
  labs.push(opened);
  return opened;
}

const tools = `tools: [{ name: look, description: Finds a colour., parameters: { type: object, properties: { item: { type: integer } }, required: [item] } }]
sampling: { mode: full }
`;

describe("tools", () => {
  it("that are allowed run, and their results are the next turn", async () => {
    const opened = await openSimulatedLab(
      { rows: 6, layouts: ["standard"], more: tools },
      {
        answer: (messages) => {
          const last = messages.at(-1)?.content ?? "";
          const results = /"result":"(\w+)"/.exec(last);
          return results?.[1] ?? JSON.stringify({ tool_calls: [{ tool_name: "look", params: { item: rowIn(last) } }] });
        },
      },
    );
    labs.push(opened);
    const looked: unknown[] = [];
    const engine = await opened.openEngine({
      tools: {
        look: (params) => {
          looked.push(params);
          return labelOf((params as { readonly item: number }).item);
        },
      },
    });
    const { summary } = await runLab(engine, opened);
    expect(summary.variants[0]).toMatchObject({ trials: 6, accuracy: 1 });
    expect(looked).toHaveLength(6);
    expect(summary.metrics.tools).toEqual({ look: 6 });
    expect(summary.requests.sent).toBe(12);
    const [row] = await engine.requests({ limit: 1 });
    expect(row).toMatchObject({ attempts: 2, toolCalls: [{ tool: "look", params: { item: expect.any(Number) } }] });
    // What a tool says may be different tomorrow, so nothing of it is kept.
    expect((await engine.cacheStats({})).entries).toBe(0);
    await runLab(engine, opened);
    expect(looked).toHaveLength(12);
  });

  it("that nobody allowed never run: the calls are the answer, checked and counted", async () => {
    const opened = await lab({
      rows: 6,
      layouts: ["standard"],
      more: tools.replace("sampling", "scoring: [exact]\nsampling"),
    });
    const engine = await opened.open((_request, { trial }) =>
      answered("", {
        finish: "toolCalls",
        toolCalls: [{ id: "1", tool: "look", params: rowOf(trial?.example) < 3 ? { item: 1 } : { item: "one" } }],
      }),
    );
    const { summary } = await runLab(engine, opened);
    expect(summary.metrics.tools["look"]).toBeGreaterThanOrEqual(6);
    const rows = await engine.requests({ limit: 10 });
    const wrong = rows.filter((row) => row.validationErrors !== undefined);
    expect(wrong).toHaveLength(3);
    expect(wrong[0]?.validationErrors).toContain("look.params.item");
    expect(wrong[0]).toMatchObject({ errorClass: "invalid", attempts: 2 });
  });

  it("are asked for a bounded number of turns, and a failure of theirs is told to the model", async () => {
    const opened = await openSimulatedLab(
      { rows: 2, layouts: ["standard"], more: tools },
      { answer: () => JSON.stringify({ tool_calls: [{ tool_name: "look", params: { item: 1 } }] }) },
    );
    labs.push(opened);
    let times = 0;
    const engine = await opened.openEngine({
      tools: {
        look: () => {
          times += 1;
          throw new Error("the shelf is empty");
        },
      },
    });
    const { summary } = await runLab(engine, opened);
    expect(times).toBe(8);
    expect(summary.variants[0]).toMatchObject({ trials: 2, accuracy: 0 });
    // Four turns with results, and one re-ask for an answer that can be read.
    expect(summary.requests.sent).toBe(12);
  });
});

describe("what a provider did differently", () => {
  it("is said once, and stands in the result", async () => {
    const opened = await lab({ rows: 8, more: "sampling: { mode: full }\n" });
    const engine = await opened.open(async (request, options, call) => ({
      outcome: answered(String(await alwaysRight(request, options, call))),
      notes: ["max_tokens was sent as max_completion_tokens"],
    }));
    const { summary, events } = await runLab(engine, opened);
    const warnings = events.filter((event) => event.kind === "warning");
    expect(warnings.map((event) => event.message)).toEqual([
      "scripted:a: max_tokens was sent as max_completion_tokens.",
    ]);
    expect(summary.notes).toContain("scripted:a: max_tokens was sent as max_completion_tokens.");
  });
});

describe("streamed answers", () => {
  const rambling = (words: number) => ({
    answer: (messages: readonly { readonly content: string }[]) =>
      `${labelOf(rowIn(messages.at(-1)?.content ?? ""))}\n${"because it is so ".repeat(words)}`,
    latency: { perTokenMs: 1 },
  });

  it("end as soon as the answer stands there, and show the time to the first token", async () => {
    const opened = await openSimulatedLab(
      { rows: 4, layouts: ["standard"], more: "sampling: { mode: full }\nlimits: { stream: on }\n" },
      rambling(500),
    );
    labs.push(opened);
    const engine = await opened.openEngine();
    const { summary } = await runLab(engine, opened);
    expect(summary.variants[0]).toMatchObject({ trials: 4, accuracy: 1 });
    expect(summary.metrics.firstToken?.count).toBe(4);
    expect(opened.simulator.stats().aborted).toBe(4);
    const [row] = await engine.requests({ limit: 1 });
    expect(row?.rawResponse?.length).toBeLessThan(200);
    // The usage would have come with the last piece.
    expect(row).toMatchObject({ tokensEstimated: true });
    expect(row?.completionTokens).toBeGreaterThan(0);
  });

  it("are not asked for where a label comes from a fast server", async () => {
    const opened = await openSimulatedLab({ rows: 4, more: "sampling: { mode: full }\n" });
    labs.push(opened);
    const { summary } = await runLab(await opened.openEngine(), opened);
    expect(summary.metrics.firstToken).toBeNull();
    expect(summary.metrics.latency?.count).toBe(8);
  });
});
