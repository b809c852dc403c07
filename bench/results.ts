/**
 * What the results panel costs: `node bench/results.ts [trials]` (20,000; the figures are for 170,000). A run is made once with
 * the engine itself over scripted answers and kept in the system's temporary folder; then the panel is opened in a browser on that
 * store, through the same requests that the editor passes on. Exits with 1 when a figure is missed.
 */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { servePanels } from "../scripts/panels/serve.ts";
import { launchChromium } from "../scripts/vscode/chromium.ts";
import { Channel } from "../src/base/channel.ts";
import { systemClock } from "../src/base/clock.ts";
import { disposable } from "../src/base/disposable.ts";
import { seededRandom } from "../src/base/random.ts";
import type { TrialQuery } from "../src/engine/api.ts";
import { type Engine, openEngine } from "../src/engine/engine.ts";
import { answered, scriptedProvider } from "../src/engine/provider/scripted.ts";
import type { EngineSide, FaceSide, WorkerSettings } from "../src/engine/worker/protocol.ts";
import { listedPage } from "../src/protocol/resultsPanel.ts";
import { pageSize } from "../src/webview/results/trials/query.ts";

const trials = Number(process.argv[2] ?? 20_000);
const layouts = ["standard", "recency", "sandwich", "minimal-system", "question-first"];
const rows = Math.ceil(trials / layouts.length);
const folder = join(tmpdir(), `layoutlab-results-${trials}`);
const labels = Array.from({ length: 12 }, (_, i) => `intent_${i}`);
let missed = 0;

function report(what: string, ms: number, limit: number | undefined, unit = "ms"): void {
  const kept =
    limit === undefined ? "" : ms <= limit ? `at most ${limit} ${unit}: yes` : `at most ${limit} ${unit}: NO`;
  if (limit !== undefined && ms > limit) missed += 1;
  process.stdout.write(`${what.padEnd(52)} ${`${ms.toFixed(0)} ${unit}`.padStart(10)}  ${kept}\n`);
}

/** The middle one of several times, in ms. */
async function timed(work: () => Promise<unknown>, times = 5): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    all.push(performance.now() - start);
  }
  return all.sort((a, b) => a - b)[times >> 1] ?? 0;
}

function openHere(): Promise<Engine> {
  return openEngine({
    store: join(folder, "store.db"),
    env: {},
    clock: systemClock,
    host: { key: async () => undefined },
    version: "bench",
    roots: undefined,
    providers: { scripted: async () => scriptedProvider({ script: answer }) },
  });
}

/** Right four times of five; long messages and one label are harder, and one layout minds numbers. */
const answer: Parameters<typeof scriptedProvider>[0]["script"] = (_request, { trial }) => {
  const row = Number(trial?.example.slice(1));
  const random = seededRandom(String(trial?.layout), row);
  const hard =
    0.12 + (row % 12 === 5 ? 0.3 : 0) + (row % 9) / 60 + (trial?.layout === "recency" && row % 4 === 0 ? 0.2 : 0);
  const label = labels[random() < hard ? Math.floor(random() * 12) : row % 12] ?? "";
  return answered(`${label}\nConfidence: ${(0.5 + random() / 2).toFixed(2)}`, {
    usage: { promptTokens: 600 + (row % 90), completionTokens: 9, cachedTokens: 512 },
    timing: { latencyMs: 200 + random() * 700, firstTokenMs: undefined, loadMs: undefined },
  });
};

async function makeRun(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const words = "card payment refund order arrived not with please my account change number bank app help since".split(
    " ",
  );
  const random = seededRandom("rows");
  const lines = Array.from({ length: rows }, (_, i) => {
    const text = Array.from({ length: 6 + (i % 9) * 4 }, () => words[Math.floor(random() * words.length)]).join(" ");
    return `r${i},${text} ${i % 4 === 0 ? 42 : "?"},${labels[i % 12]},${i % 7}`;
  });
  writeFileSync(join(folder, "data.csv"), `id,text,label,place\n${lines.join("\n")}\n`);
  writeFileSync(
    join(folder, "large.layout.yaml"),
    `name: large
dataset: data.csv
models: ["scripted:a"]
prompt:
  instructions: Name the intent.
  segment: "{{text}}"
  question: Which intent?
  quickCheck: One intent.
  output: { type: label, labels: [${labels.join(", ")}], confidence: true }
layouts: [${layouts.join(", ")}]
sampling: { mode: full }
cache: { mode: off }
`,
  );
  const start = performance.now();
  const engine = await openHere();
  const { run } = await engine.start({ file: join(folder, "large.layout.yaml"), options: {} });
  await engine.finished(run);
  await engine.close();
  writeFileSync(join(folder, "made"), "");
  process.stdout.write(
    `made a run of ${(rows * layouts.length).toLocaleString("en-US")} trials in ${((performance.now() - start) / 1000).toFixed(1)} s\n`,
  );
}

if (!existsSync(join(folder, "made"))) await makeRun();
process.stdout.write(`store of ${(statSync(join(folder, "store.db")).size / 2 ** 20).toFixed(0)} MB in ${folder}\n`);
const engine = await openHere();
const [item] = await engine.runs({ limit: 1 });
if (item === undefined) throw new Error("the store has no run");
const { run } = item;

const page = (filter: Partial<TrialQuery["filter"]>, more: Partial<TrialQuery> = {}) =>
  engine.trials({ filter: { run, ...filter }, sort: "position", descending: false, limit: pageSize, ...more });
report("engine: the run's details", await timed(() => engine.run({ run })), 300);
report("engine: first page of errors, counted", await timed(() => page({ outcome: "wrong" })), 200);
report("engine: filtered by label and variant", await timed(() => page({ expected: "intent_5", variants: [1] })), 300);
report(
  "engine: sorted by latency",
  await timed(() => page({ outcome: "wrong" }, { sort: "latency", descending: true })),
  300,
);
report("engine: sorted by answer, all trials", await timed(() => page({}, { sort: "prediction" })), 300);
report("engine: searched for a text", await timed(() => page({ outcome: "wrong", search: "refund order" })), 300);
report(
  "engine: the last page, without those before it",
  await timed(() => page({}, { skip: rows * layouts.length - pageSize })),
  300,
);
report("engine: patterns, first time", await timed(() => engine.patterns({ run }), 1), undefined);
report("engine: patterns, again", await timed(() => engine.patterns({ run }), 3), undefined);
report("engine: calibration", await timed(() => engine.calibration({ run }), 1), undefined);
report("engine: efficiency", await timed(() => engine.efficiency({ run }), 1), undefined);
report("engine: length", await timed(() => engine.lengths({ run }), 1), undefined);
report("engine: requests over time", await timed(() => engine.timeline({ run }), 3), undefined);

await engine.close();
// The panel asks the engine on a thread of its own, as in the editor, which a slow answer would keep from nothing else.
const worker = new Worker(new URL("../src/engine/worker/main.ts", import.meta.url), {
  workerData: {
    ...{ store: join(folder, "store.db"), env: {}, version: "bench", roots: [folder], prices: {}, cacheBytes: 2 ** 29 },
    ...{ editorCalls: 0, alerts: {}, trusted: true },
  } satisfies WorkerSettings,
});
const thread = new Channel<FaceSide, EngineSide>(
  {
    post: (message) => worker.postMessage(message),
    onMessage(listener) {
      worker.on("message", listener);
      return disposable(() => worker.off("message", listener));
    },
  },
  {
    key: async () => undefined,
    editorModels: async () => [],
    askEditor: () => Promise.reject(new Error("a bench has no editor")),
    cancelEditor: async () => undefined,
  },
);
const server = await servePanels();
const browser = await launchChromium();
const tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
await thread.request("runs", { limit: 1 });
const asks: Readonly<Record<string, (params: never) => Promise<unknown>>> = {
  ready: async () => ({ details: await thread.request("run", { run }), others: [] }),
  trials: async (query: TrialQuery) =>
    listedPage(await thread.request("trials", { ...query, filter: { ...query.filter, run } })),
};
await tab.exposeFunction("askEngine", (name: string, params: object | null) => {
  const own = asks[name];
  if (own !== undefined) return own((params ?? {}) as never);
  return thread.request(name as "patterns", { run, ...params });
});
const opened = performance.now();
await tab.goto(server.address("results", { scene: "engine" }));
await tab.waitForSelector("#chart-accuracy svg");
report("panel: opens with its leaderboard and charts", performance.now() - opened, 1000);
/** From an act to the frame in which its outcome is seen. */
const until = async (act: () => Promise<unknown>, seen: string): Promise<number> => {
  const start = performance.now();
  await act();
  await tab.waitForSelector(seen);
  return performance.now() - start;
};
report(
  "panel: errors tab, first page seen",
  await until(() => tab.click("#results-tab-errors"), "#trial-0:not(.is-waiting)"),
  500,
);
await tab.waitForSelector(".pattern, .pattern-note", { timeout: 60_000 });
const listed = async (act: () => Promise<unknown>) => {
  await tab.evaluate(() => document.querySelector("#trial-0")?.setAttribute("data-old", ""));
  const before = await tab.textContent(".found");
  const start = performance.now();
  await act();
  await tab.waitForFunction((old) => {
    const found = document.querySelector(".found")?.textContent;
    return found !== old && found !== "Reading…" && document.querySelector("#trial-0:not(.is-waiting)") !== null;
  }, before);
  return performance.now() - start;
};
report("panel: filter by outcome", await listed(() => tab.selectOption("#outcome", "all")), 300);
report("panel: filter by label", await listed(() => tab.selectOption("#expected", "intent_5")), 300);
report("panel: filter by a pattern", await listed(() => tab.click(".pattern")), 300);
await tab.click("role=button[name='Clear filters']");
await tab.waitForTimeout(500);
// Through the whole list in leaps, as a thumb on the scroll bar goes; each place must fill.
let slowest = 0;
for (let i = 1; i <= 20; i++) {
  const start = performance.now();
  await tab.locator(".trial-grid").evaluate((grid, share) => grid.scrollTo({ top: grid.scrollHeight * share }), i / 20);
  await tab.waitForTimeout(30);
  await tab.waitForFunction(
    () => document.querySelector(".trial-body") !== null && document.querySelector(".trial-body.is-waiting") === null,
  );
  slowest = Math.max(slowest, performance.now() - start - 30);
}
report("panel: slowest place of 20 over the whole list", slowest, 300);
for (const name of [
  "calibration",
  "confusion",
  "models",
  "length",
  "layouts",
  "requests",
  "decisions",
  "compare",
  "overview",
  "errors",
]) {
  await tab.click(`#results-tab-${name}`);
  await tab.waitForFunction(() => document.querySelector(".tab-panel .loading") === null, undefined, {
    timeout: 60_000,
  });
}
const session = await tab.context().newCDPSession(tab);
await session.send("HeapProfiler.collectGarbage");
const { usedSize } = await session.send("Runtime.getHeapUsage");
report("panel: heap after all of it", usedSize / 2 ** 20, 150, "MB");
await browser.close();
await server.close();
await thread.request("close", undefined);
await worker.terminate();
process.exitCode = missed === 0 ? 0 : 1;
