import { expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { type AnalyzeOptions, analyzeAnswers } from "../../../src/engine/batch/analyze.ts";
import { answerLine, unsentLine } from "../../../src/engine/batch/lines.ts";

const free: AnalyzeOptions = { expected: undefined, price: () => undefined, priceShare: 1, rows: undefined };

function said(
  id: string,
  content: string,
  more: { prompt?: number; completion?: number; finish?: string; at?: number } = {},
) {
  const { prompt = 100, completion = 2, finish = "stop" } = more;
  const body = {
    model: "gpt-4o-mini",
    choices: [{ message: { content }, finish_reason: finish }],
    usage: { prompt_tokens: prompt, completion_tokens: completion },
  };
  const note =
    more.at === undefined
      ? undefined
      : { model: "openai:gpt-4o-mini", latency_ms: 10, attempts: 1, at: more.at, vram_mb: 9000 };
  return answerLine(`batch_req_${id}`, id, { status: 200, requestId: "r", body }, note);
}

async function analyze(lines: readonly string[], options: Partial<AnalyzeOptions> = {}) {
  async function* each() {
    yield* lines;
  }
  return analyzeAnswers(each(), { ...free, ...options });
}

it("counts answers, labels, ends and errors, each custom_id once", async () => {
  const refusal = { error: { message: "too long", code: "context_length_exceeded" } };
  const analysis = await analyze([
    said("a", "red"),
    said("a", "blue"),
    said("b", " red "),
    said("c", "green", { finish: "length" }),
    answerLine("x", "d", { status: 400, requestId: "r", body: refusal }),
    unsentLine("x", "e", "batch_expired", "late"),
    "not json",
    "",
  ]);
  expect(analysis).toMatchObject({
    answers: 3,
    failed: 2,
    unreadable: 1,
    labels: [
      { label: "red", count: 2 },
      { label: "green", count: 1 },
    ],
    finish: { stop: 2, length: 1 },
    models: { "gpt-4o-mini": 3 },
    tokens: { prompt: 300, completion: 6 },
    cost: null,
    throughput: null,
  });
  expect(analysis.errors).toEqual([
    { code: "context_length_exceeded", count: 1, example: "too long" },
    { code: "batch_expired", count: 1, example: "late" },
  ]);
});

it("judges labels as a run would: case and dressing aside, two labels are none", async () => {
  const expected = new Map([
    ["a", "red"],
    ["b", "red"],
    ["c", "blue"],
    ["d", "blue"],
    ["e", "blue"],
  ]);
  const { accuracy } = await analyze(
    [said("a", "**Red**."), said("b", "blue"), said("c", "It is blue"), said("d", "red or blue"), said("f", "red")],
    { expected },
  );
  expect(accuracy).toMatchObject({ judged: 4, correct: 2, accuracy: 0.5, unparsable: 1 });
});

it("charges half for a provider's batch", async () => {
  const price = () => ({ prompt: 2, completion: 8 });
  const lines = [said("a", "x", { prompt: 1e6, completion: 1e6 })];
  expect((await analyze(lines, { price })).cost).toBe(10);
  expect((await analyze(lines, { price, priceShare: 0.5 })).cost).toBe(5);
});

it("takes pauses out of the speed", async () => {
  const at = [0, 1000, 2000, 3000, 3_603_000, 3_604_000].map((ms) => ms + 1e12);
  const analysis = await analyze(at.map((time, i) => said(`${i}`, "x", { at: time })));
  expect(analysis.durationMs).toBe(4000);
  expect(analysis.throughput).toBe(1.25);
  expect(analysis.latency).toEqual({ p50: 10, p95: 10 });
  expect(analysis.vram).toEqual({ mean: 9000, peak: 9000 });
});

it("projects with intervals that hold the truth about as often as they say", async () => {
  let held = 0;
  const worlds = 200;
  for (let world = 0; world < worlds; world++) {
    const random = seededRandom("projection", world);
    const draw = () => Math.round(100 + 900 * random() ** 3);
    const lines = Array.from({ length: 80 }, (_, i) => said(`${i}`, "x", { prompt: draw(), completion: 0 }));
    const { projection } = await analyze(lines, { rows: 1000 });
    let truth = 0;
    for (let i = 0; i < 1000; i++) truth += draw();
    const [low, high] = projection?.tokens.interval ?? [0, 0];
    if (low <= truth && truth <= high) held += 1;
  }
  expect(held / worlds).toBeGreaterThan(0.9);
  expect(held / worlds).toBeLessThan(0.99);
});
