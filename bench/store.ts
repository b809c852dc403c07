/**
 * What the store costs: `node bench/store.ts [rows]` (20,000). Every figure stands beside a hand-written loop over node:sqlite with
 * one table and three statements, run in turns in the same process; the ratio is what counts. CPU is user and system time.
 * Exits with 1 when a figure is missed.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/base/clock.ts";
import { keyFunction } from "../src/engine/cache/cacheKey.ts";
import type { Piece, PromptMessage } from "../src/engine/prompt/prompt.ts";
import { openStore } from "../src/engine/store/openStore.ts";
import type { Completion, NewRequest, RunRecord, Store, TrialRecord } from "../src/engine/store/store.ts";

const rows = Number(process.argv[2] ?? 20_000);
const batch = 50;
const folder = mkdtempSync(join(tmpdir(), "layoutlab-bench-"));
let missed = 0;

function report(what: string, value: string, beside = ""): void {
  process.stdout.write(`${what.padEnd(46)} ${value.padStart(26)}  ${beside}\n`);
}

/** Says whether a figure is kept. */
function kept(value: number, limit: number, unit: string): string {
  if (value > limit) missed++;
  return `at most ${limit} ${unit}: ${value <= limit ? "yes" : "NO"}`;
}

interface Cost {
  /** Microseconds of CPU and of wall time for one row. */
  readonly cpu: number;
  readonly wall: number;
}

async function cost(count: number, work: () => Promise<void> | void): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = ((performance.now() - start) * 1000) / count;
  const used = process.cpuUsage(cpu);
  return { cpu: (used.user + used.system) / count, wall };
}

const us = ({ cpu, wall }: Cost) => `${cpu.toFixed(1)} us CPU`.padEnd(14) + `${Math.round(1e6 / wall)}/s`;

// A prompt of about 1.5 KB: what a variant shares, and a customer's message.
const words =
  "my card has not arrived yet please tell me what to do about the transfer of money to another account ".split(" ");
const say = (n: number, length: number) => {
  let text = "";
  for (let i = n; text.length < length; i = (i * 31 + 7) % 9973) text += `${words[i % words.length]} `;
  return text;
};
const fixed: readonly Piece[] = [
  { text: `${say(1, 300)}\n`, part: "role", fixed: true },
  { text: `${say(2, 700)}\n`, part: "instructions", fixed: true },
];
const question: Piece = { text: "\nWhich intent is it?", part: "question", fixed: true };
const messages = (n: number): readonly PromptMessage[] => [
  { role: "system", pieces: fixed },
  { role: "user", pieces: [{ text: say(n, 400), part: "segment", fixed: false }, question] },
];
const labels = Array.from({ length: 77 }, (_, n) => `intent_number_${n}`);
const request = '{"parameters":{"temperature":0,"max_tokens":20},"tools":[]}';

function requestRow(n: number, variants = 5): NewRequest {
  const position = Math.floor(n / variants);
  return {
    run: "bench",
    variant: n % variants,
    model: "openai:gpt-4.1-mini",
    key: `1:${n.toString(16).padStart(40, "0")}`,
    taskType: "label",
    complexity: "medium",
    priority: 1,
    messages: messages(position),
    request,
    context: undefined,
    responseSchema: undefined,
    promptTokensEstimated: 380,
    trials: [[position, 0]],
  };
}

function completion(n: number): Completion {
  const label = labels[(n * 7) % 77] ?? "";
  return {
    status: "completed",
    source: "call",
    attempts: 1,
    errorClass: undefined,
    errorMessage: undefined,
    validationErrors: undefined,
    rawResponse: label,
    parsedResponse: JSON.stringify(label),
    toolCalls: [],
    promptTokens: 380,
    completionTokens: 5,
    cachedTokens: 256,
    tokensEstimated: false,
    cost: 0.00012,
    latencyMs: 300 + ((n * 37) % 900),
    firstTokenMs: undefined,
    queuedMs: 12,
    servedModel: undefined,
  };
}

function trial(n: number, variants = 5): TrialRecord {
  const right = (n * 13) % 10 > 1;
  const prediction = labels[(n * 7) % 77];
  return {
    run: "bench",
    variant: n % variants,
    position: Math.floor(n / variants),
    repeat: 0,
    exampleId: `row-${Math.floor(n / variants)}`,
    request: undefined,
    state: "scored",
    prediction,
    expected: right ? prediction : labels[(n * 11) % 77],
    score: right ? 1 : 0,
    confidence: ((n * 17) % 100) / 100,
    scores: {},
  };
}

const run = (order: number): RunRecord => ({
  id: "bench",
  name: "bench",
  file: "",
  createdAt: 0,
  endedAt: undefined,
  status: "running",
  stopReason: undefined,
  experiment: "{}",
  datasetHash: "bench",
  models: ["openai:gpt-4.1-mini"],
  variants: [],
  scorers: ["label"],
  order: Uint32Array.from({ length: order }, (_, i) => i),
  settings: {},
  verdict: undefined,
  summary: undefined,
  owner: undefined,
});

let opened = 0;
async function fresh(positions: number): Promise<Store> {
  const store = await openStore(join(folder, `${opened++}.db`), { clock: systemClock });
  await store.runs.create(run(positions));
  return store;
}

/** The least that a durable queue can be: one table, whole prompts in it, three statements. */
function byHand() {
  const database = new DatabaseSync(join(folder, `${opened++}.db`));
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE request (id INTEGER PRIMARY KEY, status INTEGER, model TEXT, prompt TEXT, response TEXT, score REAL, at INTEGER);
    CREATE INDEX pending ON request (id) WHERE status = 0;`,
  );
  const insert = database.prepare("INSERT INTO request (status, model, prompt, at) VALUES (0, ?, ?, ?)");
  const claim = database.prepare("UPDATE request SET status = 1, at = ? WHERE id = ? AND status = 0");
  const end = database.prepare("UPDATE request SET status = 2, response = ?, score = ?, at = ? WHERE id = ?");
  return {
    enqueue: (n: number) =>
      insert.run(
        "openai:gpt-4.1-mini",
        JSON.stringify(messages(Math.floor(n / 5)).map((m) => [m.role, m.pieces.map((p) => p.text).join("")])),
        Date.now(),
      ),
    claim: (id: number) => claim.run(Date.now(), id),
    complete: (id: number) => end.run(labels[(id * 7) % 77] ?? "", 1, Date.now(), id),
    begin: () => database.exec("BEGIN IMMEDIATE"),
    commit: () => database.exec("COMMIT"),
    close: () => database.close(),
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function inBatches(size: number): Promise<void> {
  const name = size === 1 ? "one at a time" : `${size} at a time`;
  const count = size === 1 ? Math.min(rows, 5000) : rows;
  const hand = byHand();
  const handSteps: Cost[] = [];
  for (const step of [hand.enqueue, (n: number) => hand.claim(n + 1), (n: number) => hand.complete(n + 1)]) {
    handSteps.push(
      await cost(count, () => {
        for (let from = 0; from < count; from += size) {
          hand.begin();
          for (let n = from; n < Math.min(from + size, count); n++) step(n);
          hand.commit();
        }
      }),
    );
  }
  hand.close();

  const store = await fresh(rows);
  const ids: number[] = [];
  const steps = [
    await cost(count, async () => {
      for (let from = 0; from < count; from += size) {
        ids.push(
          ...(await store.requests.enqueue(range(from, Math.min(from + size, count)).map((n) => requestRow(n)))),
        );
      }
    }),
    await cost(count, async () => {
      for (let from = 0; from < count; from += size)
        await store.requests.claim(ids.slice(from, from + size), "bench:1:1", 60_000);
    }),
    await cost(count, async () => {
      for (let from = 0; from < count; from += size) {
        const some = range(from, Math.min(from + size, count));
        await Promise.all(some.map((n) => store.requests.complete(ids[n] ?? 0, completion(n), { trials: [trial(n)] })));
      }
    }),
  ];
  await store.close();
  ["enqueue", "claim", "complete with its trial"].forEach((step, i) => {
    const [own, other] = [steps[i], handSteps[i]];
    if (own && other)
      report(`${step}, ${name}`, us(own), `${(own.cpu / other.cpu).toFixed(1)} x by hand (${us(other)})`);
  });
  const total = (costs: readonly Cost[]) => costs.reduce((sum, { cpu }) => sum + cpu, 0);
  report(
    `all three, ${name}`,
    `${total(steps).toFixed(1)} us CPU`,
    `${(total(steps) / total(handSteps)).toFixed(1)} x by hand${size === 1 ? "" : `; ${kept(total(steps), 60, "us")}`}`,
  );
}

async function recording(): Promise<void> {
  const store = await fresh(rows);
  const spent = await cost(rows, async () => {
    for (let from = 0; from < rows; from += batch) {
      await Promise.all(
        range(from, Math.min(from + batch, rows)).map((n) =>
          store.requests.record(requestRow(n), { ...completion(n), source: "cache" }, [trial(n)]),
        ),
      );
    }
  });
  report(`record with its trial, ${batch} at a time`, us(spent), kept(spent.cpu, 60, "us"));
  await store.close();
}

async function caching(): Promise<void> {
  const store = await fresh(1);
  const answer = (n: number) =>
    JSON.stringify({
      kind: "answered",
      text: labels[n % 77],
      toolCalls: [],
      usage: { promptTokens: 380 },
      timing: {},
      finish: "stop",
    });
  const key = (n: number) => `1:${((n * 2654435761) % 2 ** 32).toString(16).padStart(40, "0")}`;
  const put = await cost(200_000, async () => {
    for (let from = 0; from < 200_000; from += 1000) {
      await store.cache.put(
        range(from, from + 1000).map((n) => ({ key: key(n), model: "m", experiment: "x", answer: answer(n) })),
      );
    }
  });
  report("cache put, 1,000 at a time", us(put));
  const lookups = 50_000;
  for (const size of [1, 200]) {
    const got = await cost(lookups, async () => {
      for (let from = 0; from < lookups; from += size) {
        await store.cache.get(range(from, from + size).map((n) => key((n * 7919) % 200_000)));
      }
    });
    report(`cache get at 200,000 entries, ${size} at a time`, us(got));
  }
  await store.close();
}

async function paging(): Promise<void> {
  const trials = 170_000;
  const path = join(folder, `${opened}.db`);
  const store = await fresh(trials / 5);
  for (let from = 0; from < trials; from += 500) {
    await Promise.all(
      range(from, from + 500).map((n) => store.requests.record(requestRow(n), completion(n), [trial(n)])),
    );
  }
  report("file of 170,000 trials", `${Math.round((statSync(path).size + statSync(`${path}-wal`).size) / 2 ** 20)} MB`);
  const median = async (work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push((await cost(1, async () => void (await work()))).wall / 1000);
    return times.sort((a, b) => a - b)[2] ?? 0;
  };
  const timed = async (what: string, limit: number, work: () => Promise<unknown>) => {
    const ms = await median(work);
    report(what, `${ms.toFixed(1)} ms`, kept(ms, limit, "ms"));
  };
  const { trials: table } = store;
  const filter = { run: "bench" };
  await timed("first page of wrong trials", 200, () =>
    table.page({ ...filter, outcome: "wrong" }, "position", false, 200),
  );
  await timed("wrong trials by confidence", 300, () =>
    table.page({ ...filter, outcome: "wrong" }, "confidence", true, 200),
  );
  await timed("one variant by latency", 300, () => table.page({ ...filter, variants: [2] }, "latency", true, 200));
  await timed("all by prediction", 300, () => table.page(filter, "prediction", false, 200));
  const first = await table.page(filter, "latency", true, 200);
  await timed("second page by latency", 300, () => table.page(filter, "latency", true, 200, first.next));
  await timed("count of wrong trials", 200, () => table.count({ ...filter, outcome: "wrong" }));
  await timed("aggregates", 150, () => table.aggregates("bench"));
  await timed("confusion of one variant", 150, () => table.confusion("bench", 1));
  await timed("all scores as columns", 300, () => table.scores("bench"));
  await timed("measures of all calls", 500, () => store.requests.measures("bench"));
  await timed("a text in any response (first page)", 1000, () =>
    table.page({ ...filter, search: "number_76" }, "position", false, 200),
  );
  await timed("a text nowhere", 1500, () =>
    table.page({ ...filter, search: "nowhere to be found" }, "position", false, 200),
  );
  await timed("request statistics", 20, () => store.requests.stats({ run: "bench" }));
  await timed("request counts", 300, () => store.requests.counts("bench"));
  const deleted = await cost(1, () => store.runs.delete("bench"));
  report("delete the run", `${(deleted.wall / 1000).toFixed(0)} ms`);
  await store.close();
}

async function hashing(): Promise<void> {
  const keyOf = keyFunction({
    model: "openai:gpt-4.1-mini",
    parameters: { temperature: 0 },
    responseSchema: undefined,
    tools: [],
    contextTokens: undefined,
  });
  const large: readonly Piece[] = [{ text: say(3, 3500), part: "definitions", fixed: true }];
  const prompts = range(0, 1000).map((n): readonly PromptMessage[] => [
    { role: "system", pieces: large },
    { role: "user", pieces: [{ text: say(n, 500), part: "segment", fixed: false }, question] },
  ]);
  const plain = await cost(100_000, () => {
    for (let i = 0; i < 100_000; i++) JSON.stringify(prompts[i % 1000]);
  });
  const hashed = await cost(100_000, () => {
    for (let i = 0; i < 100_000; i++) keyOf(prompts[i % 1000] ?? [], 0);
  });
  report(
    "key of a 4 KB prompt",
    `${hashed.cpu.toFixed(2)} us CPU`,
    `${kept(hashed.cpu, 5, "us")} (JSON.stringify alone: ${plain.cpu.toFixed(2)} us)`,
  );
}

try {
  await inBatches(1);
  await inBatches(batch);
  await recording();
  await hashing();
  await caching();
  await paging();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed > 0 ? 1 : 0;
