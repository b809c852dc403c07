import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { requestLine } from "../../../src/engine/batch/lines.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { answerTo, expired, type FakeProvider, fakeProvider } from "./fakeProvider.ts";

const labels = ["red", "green", "blue"];
const rows = 6;

async function lab(provider: FakeProvider, options: { readonly paid?: boolean } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-submit-"));
  const data = Array.from({ length: rows }, (_, i) => `r${i},item ${i} here,${labels[i % 3]}`).join("\n");
  await writeFile(path.join(folder, "data.csv"), `id,text,label\n${data}\n`);
  const spec = path.join(folder, "colours.layout.yaml");
  await writeFile(
    spec,
    `name: colours
dataset: data.csv
models: [openai:gpt-4.1-mini]
prompt:
  instructions: Name the colour.
  segment: "{{text}}"
  question: Which colour?
  output: { type: label, labels: [red, green, blue] }
layouts: [standard, question-first]
`,
  );
  const open = async (): Promise<Engine> => {
    const engine = await openEngine({
      store: path.join(folder, "store.db"),
      env: { OPENAI_BASE_URL: options.paid ? "http://provider.test/v1" : provider.baseUrl, OPENAI_API_KEY: "test-key" },
      // A server on this machine costs nothing.
      ...(options.paid
        ? { fetch: (url, init) => fetch(String(url).replace("http://provider.test/v1", provider.baseUrl), init) }
        : {}),
      clock: systemClock,
      host: { key: async () => undefined },
      version: "0",
      roots: undefined,
      prices: { "openai:gpt-4.1-mini": { prompt: 2, completion: 8 } },
    });
    onTestFinished(() => engine.close());
    return engine;
  };
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, spec, open };
}

/** The colour of the item a request asks about. */
function colourOf(request: { readonly body: { readonly messages: readonly { readonly content: string }[] } }): string {
  const text = request.body.messages.map(({ content }) => content).join("\n");
  return labels[Number(/item (\d+) here/.exec(text)?.[1]) % 3] ?? "";
}

it("sends a run as a batch and scores it days later, at half the price", async () => {
  const provider = await fakeProvider();
  const { spec, open } = await lab(provider, { paid: true });
  const first = await open();
  const view = await first.batchSubmit({ from: spec, kind: "experiment" });
  expect(view).toMatchObject({ requests: 12, state: "waiting", name: "colours" });
  expect(provider.batches).toHaveLength(1);
  const [batch] = provider.batches;
  expect(batch?.metadata).toEqual({ layoutlab_submission: view.id, layoutlab_slice: "0" });
  const requests = provider.requests(batch!);
  expect(requests[0]?.body.model).toBe("gpt-4.1-mini");
  // What is out is nobody else's to send.
  const worked = await first.work({ idleMs: 50 }, new AbortController().signal);
  expect(worked).toEqual({ completed: 0, failed: 0 });
  await expect(first.batchFetch({ id: view.id })).rejects.toMatchObject({ code: "not-ready" });
  await first.close();

  provider.end(batch!, "completed", {
    output: requests.toReversed().map((one) => answerTo(one.custom_id, colourOf(one))),
  });
  const later = await open();
  expect((await later.batchSubmissions({ refresh: true }))[0]).toMatchObject({ id: view.id, state: "ready" });
  const report = await later.batchFetch({ id: view.id });
  expect(report).toMatchObject({ answered: 12, failed: 0, missing: [], run: view.run });
  const { summary } = report;
  expect(summary?.status).toBe("finished");
  expect(summary?.variants.map(({ trials, correct }) => [trials, correct])).toEqual([
    [6, 6],
    [6, 6],
  ]);
  // Six calls of a million tokens each way, at half of 2 and 8 dollars.
  for (const variant of summary?.variants ?? []) expect(variant.cost).toBeCloseTo(6 * 5);
  expect(summary?.requests).toMatchObject({ succeeded: 12, failed: 0 });
  expect((await later.batchSubmissions({ refresh: true }))[0]?.state).toBe("fetched");
  // Nothing but files and batches was ever asked for.
  expect(provider.batches).toHaveLength(1);
});

it("takes in what an expired batch had, and sends only the rest again", async () => {
  const provider = await fakeProvider();
  const { spec, open } = await lab(provider);
  const engine = await open();
  const view = await engine.batchSubmit({ from: spec, kind: "experiment" });
  const requests = provider.requests(provider.batches[0]!);
  provider.end(provider.batches[0]!, "expired", {
    output: requests.slice(0, 8).map((one) => answerTo(one.custom_id, colourOf(one))),
    failures: requests.slice(8, 11).map((one) => expired(one.custom_id)),
  });
  const report = await engine.batchFetch({ id: view.id });
  expect(report).toMatchObject({ answered: 8, failed: 4 });
  expect(report.missing.map(({ reason }) => reason)).toEqual([
    "too late",
    "too late",
    "too late",
    expect.stringMatching(/ended as expired/),
  ]);
  const run = report.run ?? "";
  expect(
    (await engine.trials({ filter: { run, states: ["void"] }, sort: "position", descending: false, limit: 50 })).rows,
  ).toHaveLength(4);
  const again = await engine.batchSubmit({ from: run, kind: "retry" });
  expect(again).toMatchObject({ requests: 4, run });
  const rest = provider.requests(provider.batches[1]!);
  expect(rest.map(colourOf).sort()).toEqual(requests.slice(8).map(colourOf).sort());
  provider.end(provider.batches[1]!, "completed", {
    output: rest.map((one) => answerTo(one.custom_id, colourOf(one))),
  });
  const second = await engine.batchFetch({ id: again.id });
  expect(second).toMatchObject({ answered: 4, failed: 0 });
  expect(second.summary?.variants.map(({ trials, correct }) => [trials, correct])).toEqual([
    [6, 6],
    [6, 6],
  ]);
  await expect(engine.batchSubmit({ from: run, kind: "retry" })).rejects.toMatchObject({ code: "nothing-to-send" });
});

it("tells of a batch the provider refused as a whole", async () => {
  const provider = await fakeProvider();
  const { spec, open } = await lab(provider);
  const engine = await open();
  const view = await engine.batchSubmit({ from: spec, kind: "experiment" });
  provider.end(provider.batches[0]!, "failed", {
    errors: [{ code: "model_not_found", message: "no such model", line: 1, param: null }],
  });
  const [seen] = await engine.batchSubmissions({ refresh: true });
  expect(seen?.batches[0]).toMatchObject({ status: "failed", problems: ["line 1: no such model"] });
  const report = await engine.batchFetch({ id: view.id });
  expect(report).toMatchObject({ answered: 0, failed: 12 });
  expect(report.missing[0]?.reason).toBe("no such model");
});

it("takes a submission back, sends nothing more of it, and keeps what was answered", async () => {
  const provider = await fakeProvider();
  const { spec, open } = await lab(provider);
  const engine = await open();
  await expect(engine.batchCancel({})).rejects.toMatchObject({ code: "no-submission" });
  const view = await engine.batchSubmit({ from: spec, kind: "experiment", sliceRequests: 5, enqueuedTokens: 600 });
  expect(view.batches.map(({ status }) => status)).toEqual(["in_progress", "in_progress", "waiting"]);
  const [first, second] = provider.batches;
  // The first ends between the look at it and the cancelling.
  provider.intercept((method, path) => {
    if (method === "POST" && path.endsWith(`${first?.id}/cancel`)) {
      const [one] = provider.requests(first!);
      provider.end(first!, "completed", { output: [answerTo(one!.custom_id, colourOf(one!))] });
    }
    return undefined;
  });
  const cancelled = await engine.batchCancel({ id: view.run ?? "" });
  expect(cancelled).toMatchObject({ id: view.id, state: "waiting", cancelled: true });
  expect(cancelled.batches.map(({ status }) => status)).toEqual(["completed", "cancelling", "ended"]);
  // A second time is no mistake: it may take minutes.
  expect(await engine.batchCancel({})).toMatchObject({ id: view.id, state: "waiting" });
  await engine.close();
  const later = await open();
  const [done] = provider.requests(second!);
  provider.end(second!, "cancelled", { output: [answerTo(done!.custom_id, colourOf(done!))] });
  expect((await later.batchSubmissions({ refresh: true }))[0]).toMatchObject({ state: "ready", cancelled: true });
  expect(provider.batches).toHaveLength(2);
  await expect(later.batchCancel({ id: view.id })).rejects.toMatchObject({ code: "ended" });
  const report = await later.batchFetch({ id: view.id });
  expect(report).toMatchObject({ answered: 2, failed: 10 });
  expect(new Set(report.missing.map(({ reason }) => reason))).toEqual(
    new Set([
      "the batch ended as completed without it",
      "the batch ended as cancelled without it",
      "it was cancelled before it was sent",
    ]),
  );
  await expect(later.batchCancel({ id: "nobody" })).rejects.toMatchObject({ code: "no-submission" });
});

it("slices by requests, by bytes and by tokens that may wait at once", async () => {
  const provider = await fakeProvider();
  const { folder, open } = await lab(provider);
  const engine = await open();
  const file = path.join(folder, "in.jsonl");
  const body = (model: string, i: number) => ({
    model,
    messages: [{ role: "user", content: `number ${i} ${"x".repeat(400)}` }],
  });
  const lines = Array.from({ length: 10 }, (_, i) => requestLine(`r${i}`, body(i < 7 ? "openai:a" : "b", i)));
  await writeFile(file, lines.join("\n"));
  await engine.batchSubmit({ from: file, kind: "file", sliceRequests: 4 });
  expect(
    provider.batches.map((batch) =>
      provider.requests(batch).map(({ custom_id, body: { model } }) => `${custom_id}${model}`),
    ),
  ).toEqual([
    ["r0a", "r1a", "r2a", "r3a"],
    ["r4a", "r5a", "r6a"],
    ["r7b", "r8b", "r9b"],
  ]);
  const small = await engine.batchSubmit({ from: file, kind: "file", sliceBytes: 1200 });
  expect(small.batches.map(({ requests }) => requests)).toEqual([2, 2, 2, 1, 2, 1]);
  expect(provider.lengths.every((length) => Number(length) > 0)).toBe(true);
  const before = provider.batches.length;
  const held = await engine.batchSubmit({ from: file, kind: "file", enqueuedTokens: 450 });
  expect(held.batches.map(({ status }) => status)).toEqual(["in_progress", "waiting", "waiting", "waiting"]);
  expect(provider.batches).toHaveLength(before + 1);
  const first = provider.batches.at(-1)!;
  provider.end(first, "completed", { output: provider.requests(first).map((one) => answerTo(one.custom_id, "ok")) });
  await engine.batchSubmissions({ refresh: true, id: held.id });
  expect(provider.batches).toHaveLength(before + 2);
  // Too many tokens waiting at the provider is no end: it goes again.
  provider.end(provider.batches.at(-1)!, "failed", {
    errors: [{ code: "token_limit_exceeded", message: "enqueued token limit" }],
  });
  await engine.batchSubmissions({ refresh: true, id: held.id });
  const [now] = await engine.batchSubmissions({ refresh: true, id: held.id });
  expect(now?.batches[1]?.status).toBe("in_progress");
});

it("never sends a slice twice, wherever it was cut off", async () => {
  const provider = await fakeProvider();
  const { folder, open } = await lab(provider);
  const engine = await open();
  const file = path.join(folder, "in.jsonl");
  await writeFile(file, requestLine("a", { model: "m", messages: [{ role: "user", content: "x" }] }));
  // The batch is made, and the answer that says so is lost.
  provider.intercept((method, at) => (method === "POST" && at === "/v1/batches" ? "cutAfter" : undefined));
  await expect(engine.batchSubmit({ from: file, kind: "file" })).rejects.toMatchObject({ code: "batch-unreachable" });
  expect(provider.batches).toHaveLength(1);
  provider.intercept(() => undefined);
  const [view] = await engine.batchSubmissions({ refresh: true });
  expect(view?.batches[0]?.id).toBe("batch_0");
  expect(provider.batches).toHaveLength(1);
  // It was never made: it is made now.
  provider.intercept((method, at) => (method === "POST" && at === "/v1/batches" ? "cut" : undefined));
  await expect(engine.batchSubmit({ from: file, kind: "file" })).rejects.toMatchObject({ code: "batch-unreachable" });
  expect(provider.batches).toHaveLength(1);
  provider.intercept(() => undefined);
  const [second] = await engine.batchSubmissions({ refresh: true });
  expect(second?.batches[0]?.id).toBe("batch_1");
  // The upload was cut off: nothing was made of it.
  provider.intercept((method, at) => (method === "POST" && at === "/v1/files" ? "cut" : undefined));
  await expect(engine.batchSubmit({ from: file, kind: "file" })).rejects.toMatchObject({ code: "batch-unreachable" });
  provider.intercept(() => undefined);
  expect((await engine.batchSubmissions({ refresh: true }))[0]?.batches[0]?.id).toBe("batch_2");
});

it("writes a file's answers and failures beside it, joined in any order", async () => {
  const provider = await fakeProvider();
  const { folder, open } = await lab(provider);
  const engine = await open();
  const file = path.join(folder, "in.jsonl");
  const lines = Array.from({ length: 5 }, (_, i) =>
    requestLine(`r${i}`, { model: "m", messages: [{ role: "user", content: `${i}` }] }),
  );
  await writeFile(file, `${lines.join("\n")}\n`);
  const view = await engine.batchSubmit({ from: file, kind: "file" });
  provider.end(provider.batches[0]!, "cancelled", {
    output: [answerTo("r3", "c"), answerTo("r1", "a"), answerTo("r3", "again")],
    failures: [expired("r0")],
  });
  const report = await engine.batchFetch({ id: view.id });
  expect(report).toMatchObject({ answered: 2, failed: 3 });
  const read = async (name: string) =>
    (await readFile(path.join(folder, name), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
  expect(await read("in.answers.jsonl")).toEqual(["r3", "r1"]);
  expect(await read("in.answers.errors.jsonl")).toEqual(["r0", "r2", "r4"]);
});

it("does not ask at the full price when the server is another one at the fetch", async () => {
  const provider = await fakeProvider();
  const other = await fakeProvider();
  const { spec, open, folder } = await lab(provider);
  const engine = await open();
  const view = await engine.batchSubmit({ from: spec, kind: "experiment" });
  const requests = provider.requests(provider.batches[0]!);
  provider.end(provider.batches[0]!, "completed", { output: requests.map((one) => answerTo(one.custom_id, "red")) });
  await engine.close();
  const elsewhere = await openEngine({
    store: path.join(folder, "store.db"),
    env: { OPENAI_BASE_URL: other.baseUrl, OPENAI_API_KEY: "test-key" },
    clock: systemClock,
    host: { key: async () => undefined },
    version: "0",
    roots: undefined,
  });
  onTestFinished(() => elsewhere.close());
  await expect(elsewhere.batchFetch({ id: view.id })).rejects.toMatchObject({ code: "other-server" });
});

it("refuses what has no Batch API or no single request", async () => {
  const provider = await fakeProvider();
  const { spec, open } = await lab(provider);
  const engine = await open();
  await expect(
    engine.batchSubmit({ from: spec, kind: "experiment", options: { models: ["builtin:reader"] } }),
  ).rejects.toMatchObject({ code: "no-batch-api" });
  expect(await engine.batchSubmissions({ refresh: false })).toEqual([]);
  expect(await engine.runs({})).toEqual([]);
});
