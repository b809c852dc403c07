/**
 * The engine on a thread of its own, for a face whose own thread must stay free. It opens with the first request and serves
 * `EngineApi` over the thread's port. Single trials are not passed on: no face draws them one by one, and a run may have
 * hundreds of thousands.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Channel, type Handlers, type Port } from "../../base/channel.ts";
import { systemClock } from "../../base/clock.ts";
import { disposable } from "../../base/disposable.ts";
import type { EngineApi } from "../api.ts";
import { type Engine, openEngine } from "../engine.ts";
import { editorModelsOver } from "./editorModels.ts";
import type { EngineSide, FaceSide, WorkerSettings } from "./protocol.ts";

if (parentPort === null) throw new Error("the engine's worker was not started as a thread");
const settings = workerData as WorkerSettings;

/** In the order of `EngineApi`; the type keeps it whole. */
const methods: { readonly [K in keyof EngineApi]: null } = {
  check: null,
  complete: null,
  hover: null,
  symbols: null,
  quickFixes: null,
  definition: null,
  preview: null,
  previewText: null,
  declareLayout: null,
  estimate: null,
  start: null,
  resume: null,
  stop: null,
  pauseModel: null,
  retune: null,
  resetCircuit: null,
  queueState: null,
  runs: null,
  run: null,
  progress: null,
  deleteRun: null,
  redecide: null,
  rescore: null,
  compare: null,
  sideBySide: null,
  ensemble: null,
  fitRules: null,
  positions: null,
  efficiency: null,
  patterns: null,
  calibration: null,
  lengths: null,
  crossModel: null,
  timeline: null,
  judge: null,
  markBaseline: null,
  decisions: null,
  trials: null,
  trial: null,
  confusion: null,
  export: null,
  cacheStats: null,
  cacheList: null,
  cacheAnswer: null,
  cacheCoverage: null,
  cacheDelete: null,
  cachePut: null,
  cacheExport: null,
  cacheImport: null,
  requests: null,
  cleanup: null,
  requestStats: null,
  scaffold: null,
  models: null,
  prices: null,
  doctor: null,
  gpu: null,
  gpuSamples: null,
  simulator: null,
  batchConvert: null,
  batchRun: null,
  batchStop: null,
  batchAnalyze: null,
  batchSample: null,
  batchSubmit: null,
  batchSubmissions: null,
  batchCancel: null,
  batchFetch: null,
  batchServer: null,
};

let opening: Promise<Engine> | undefined;

/** The engine, opened once; a failure is told and the next request tries again. */
function engine(): Promise<Engine> {
  if (opening === undefined) {
    opening = open();
    opening.catch(() => {
      opening = undefined;
    });
  }
  return opening;
}

async function open(): Promise<Engine> {
  const opened = await openEngine({
    ...settings,
    clock: systemClock,
    host: { key: (p) => channel.request("key", p) },
    providers: {
      vscode: async () => {
        const { openVscode } = await import("../provider/vscode.ts");
        return openVscode({ editor, clock: systemClock, maxCalls: settings.editorCalls });
      },
    },
  });
  opened.on("run", (event) => {
    if (event.kind !== "trials") channel.send("run", event);
  });
  opened.on("changed", (what) => channel.send("changed", what));
  opened.on("gpu", (report) => channel.send("gpu", report));
  opened.on("batch", (progress) => channel.send("batch", progress));
  opened.on("log", (line) => channel.send("log", line));
  return opened;
}

const served = Object.fromEntries(
  Object.keys(methods).map((name) => [
    name,
    async (params: never) => (await engine())[name as keyof EngineApi](params) as Promise<unknown>,
  ]),
) as Omit<Handlers<EngineSide>, "close">;

const channel: Channel<EngineSide, FaceSide> = new Channel<EngineSide, FaceSide>(portOf(parentPort), {
  ...served,
  async close() {
    const open = await opening?.catch(() => undefined);
    opening = undefined;
    await open?.close();
  },
} as Handlers<EngineSide>);

const editor = editorModelsOver(channel);

function portOf(port: MessagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on("message", listener);
      return disposable(() => port.off("message", listener));
    },
  };
}
