import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TrialRef } from "../../../src/engine/provider/provider.ts";
import { openReplay, splitReplayModel } from "../../../src/engine/provider/replay.ts";
import { openReplayIndex } from "../../../src/engine/provider/replayIndex.ts";
import { answeredOf, anyRequest, describeProvider } from "../../support/contracts/provider.ts";

const line = (fields: Record<string, unknown>) =>
  JSON.stringify({ example: "17", layout: "sandwich", model: "m", output: "a", ...fields });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "replay-"));
});
afterAll(() => rm(directory, { recursive: true }));

let files = 0;
async function write(lines: readonly string[], end = "\n"): Promise<string> {
  const name = `outputs${files++}.jsonl`;
  await writeFile(join(directory, name), lines.join("\n") + end);
  return name;
}

const { signal } = new AbortController();

async function send(model: string, trial: Partial<TrialRef> = {}) {
  const provider = openReplay({ directory });
  const reply = await provider.send(
    { ...anyRequest, model },
    { signal, trial: { example: "17", layout: "sandwich", repeat: 0, ...trial } },
  );
  await provider.close();
  return reply.outcome;
}

describeProvider("replay", async () => {
  const file = await write([line({ output: "card_arrival" })]);
  const provider = openReplay({ directory });
  return {
    provider,
    model: file,
    text: "card_arrival",
    trial: { example: "17", layout: "sandwich", repeat: 0 },
    sent: () => 0,
    close: () => provider.close(),
  };
});

describe("replay", () => {
  it("gives back all that a line says", async () => {
    const file = await write([
      line({
        model: "gpt-3.5-turbo",
        output: "raw text",
        prompt_tokens: 812,
        completion_tokens: 3,
        cached_tokens: 0,
        latency_ms: 640,
        confidence: 0.8,
        expected: "b",
        correct: false,
      }),
    ]);
    expect(await send(file)).toEqual({
      kind: "answered",
      text: "raw text",
      toolCalls: [],
      usage: { promptTokens: 812, completionTokens: 3, cachedTokens: 0 },
      timing: { latencyMs: 640, firstTokenMs: undefined, loadMs: undefined },
      finish: "stop",
      servedModel: "gpt-3.5-turbo",
      tokenConfidence: undefined,
      recorded: { confidence: 0.8, expected: "b", correct: 0 },
    });
  });

  it("needs no more than four fields, takes numbers for ids, and skips empty lines", async () => {
    const file = await write(['{"example": 17, "layout": "sandwich", "model": "m", "output": "x"}', "", "  "], "");
    expect(answeredOf(await send(file)).text).toBe("x");
  });

  it("accepts a line with a score instead of an output", async () => {
    const file = await write([
      '{"example": "17", "layout": "sandwich", "model": "m", "expected": "b", "correct": true}',
    ]);
    expect(answeredOf(await send(file))).toMatchObject({ text: "", recorded: { expected: "b", correct: 1 } });
  });

  it("names what is missing: example, layout, repeat", async () => {
    const file = await write([line({})]);
    expect(await send(file, { example: "18" })).toMatchObject({
      kind: "rejected",
      reason: "notFound",
      message: `${file} has no line for example 18, layout sandwich, model m`,
    });
    expect(await send(file, { layout: "recency" })).toMatchObject({ kind: "rejected", reason: "notFound" });
    expect(await send(file, { repeat: 1 })).toMatchObject({
      message: `${file} has no line for example 17, layout sandwich, model m, repeat 1`,
    });
  });

  it("counts lines of the same trial as its repeats", async () => {
    const file = await write([
      line({ output: "first" }),
      line({ output: "second" }),
      line({ output: "fourth", repeat: 3 }),
    ]);
    expect(answeredOf(await send(file, { repeat: 0 })).text).toBe("first");
    expect(answeredOf(await send(file, { repeat: 1 })).text).toBe("second");
    expect((await send(file, { repeat: 2 })).kind).toBe("rejected");
    expect(answeredOf(await send(file, { repeat: 3 })).text).toBe("fourth");
  });

  it("keeps several models of one file apart", async () => {
    const file = await write([line({ model: "a", output: "of a" }), line({ model: "b", output: "of b" })]);
    expect(answeredOf(await send(`${file}#b`)).text).toBe("of b");
    expect(await send(file)).toMatchObject({
      kind: "rejected",
      reason: "badRequest",
      message: `${file} holds 2 models: name one as replay:${file}#a`,
    });
    const provider = openReplay({ directory });
    await provider.send(
      { ...anyRequest, model: `${file}#a` },
      { signal, trial: { example: "17", layout: "sandwich", repeat: 0 } },
    );
    expect((await provider.models(signal)).map(({ id }) => id)).toEqual([`${file}#a`, `${file}#b`]);
    expect(splitReplayModel("x.jsonl#gpt#4")).toEqual({ file: "x.jsonl", only: "gpt#4" });
  });

  it("keeps variants with other parameters apart where lines carry them", async () => {
    const file = await write([
      line({ output: "cold", parameters: { temperature: 0 } }),
      line({ output: "hot", parameters: { temperature: 0.7 } }),
      line({ example: "18", output: "any" }),
    ]);
    expect(answeredOf(await send(file, { parameters: { temperature: 0.7 } })).text).toBe("hot");
    expect(answeredOf(await send(file, { example: "18", parameters: { temperature: 0.7 } })).text).toBe("any");
  });

  it.each([
    ["a line that is no JSON", ["{"], "not a JSON line"],
    ["a line without a layout", ['{"example": 1, "model": "m", "output": "x"}'], '"layout" is missing'],
    ["a line without output and score", ['{"example": 1, "layout": "l", "model": "m"}'], '"output" is missing'],
    ["an empty file", [""], "is empty"],
  ])("names file and line of %s", async (_what, lines, words) => {
    const file = await write(lines);
    const outcome = await send(file);
    expect(outcome).toMatchObject({ kind: "rejected", reason: "notFound" });
    expect(outcome.kind === "rejected" && outcome.message).toContain(words);
    expect(outcome.kind === "rejected" && outcome.message).toContain(file);
  });

  it("may be tried again when the file has been mended", async () => {
    const file = await write(["{"]);
    const provider = openReplay({ directory });
    const trial = { example: "17", layout: "sandwich", repeat: 0 };
    expect((await provider.send({ ...anyRequest, model: file }, { signal, trial })).outcome.kind).toBe("rejected");
    await writeFile(join(directory, file), line({}));
    expect((await provider.send({ ...anyRequest, model: file }, { signal, trial })).outcome.kind).toBe("answered");
  });

  it("reads a file too big for memory by its lines' places", async () => {
    const filler = "ü".repeat(40_000);
    const file = await write(
      Array.from({ length: 700 }, (_, i) => line({ example: String(i), output: `${i} ${filler}` })),
    );
    const index = await openReplayIndex(join(directory, file), file);
    expect(index.size).toBe(700);
    for (const i of [0, 1, 350, 699]) {
      const found = await index.find({
        example: String(i),
        layout: "sandwich",
        model: "m",
        repeat: 0,
        parameters: undefined,
      });
      expect(found?.output).toBe(`${i} ${filler}`);
    }
    await index.close();
  });

  it("answers only trials", async () => {
    const file = await write([line({})]);
    const { outcome } = await openReplay({ directory }).send({ ...anyRequest, model: file }, { signal });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "badRequest" });
  });
});
