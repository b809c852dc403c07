import { UserError } from "../base/errors.ts";
import { Emitter, type Event } from "../base/event.ts";
import { exec } from "../base/node/exec.ts";
import { readLines, writeWhole } from "../base/node/wholeFile.ts";
import { storedEnsembles } from "./analysis/storedEnsembles.ts";
import { storedPositions } from "./analysis/storedPositions.ts";
import { storedRules } from "./analysis/storedRules.ts";
import { type EngineApi, type EngineEvents, exportFormats } from "./api.ts";
import { defaultCacheBytes } from "./cache/answerCache.ts";
import { exportLines, importLines } from "./cache/transfer.ts";
import { GpuMonitor } from "./gpu/monitor.ts";
import { readGpus } from "./gpu/readGpus.ts";
import { writeReport } from "./report/write.ts";
import type { RunSummary } from "./runner/events.ts";
import { exploring, overallVerdict } from "./runner/overallVerdict.ts";
import { storedRaces } from "./runner/samplers.ts";
import type { BatchServer } from "./serve/server.ts";
import { Analytics } from "./service/analytics.ts";
import { assertedOf, judgeAssert, markBaseline } from "./service/asserting.ts";
import { Authoring } from "./service/authoring.ts";
import { Batching } from "./service/batching.ts";
import { BatchJobs } from "./service/batchJobs.ts";
import { runBatch } from "./service/batchRuns.ts";
import { compareSides, sideBySide } from "./service/comparing.ts";
import type { EngineDeps, Services } from "./service/deps.ts";
import { examine, listModels, loadedModels } from "./service/doctor.ts";
import { Fetching } from "./service/fetching.ts";
import { OneServer } from "./service/oneServer.ts";
import { priceList } from "./service/pricing.ts";
import { rescore } from "./service/rescoring.ts";
import { Results } from "./service/results.ts";
import { findRun, Running } from "./service/running.ts";
import { newExperiment } from "./service/scaffolding.ts";
import { type ServeOptions, serve } from "./service/serving.ts";
import { Sources } from "./service/source.ts";
import { queueState, resetCircuit, retune } from "./service/steering.ts";
import { Submissions } from "./service/submissions.ts";
import { Submitting } from "./service/submitting.ts";
import { type Worked, type WorkOptions, work } from "./service/working.ts";
import type { Simulator } from "./simulator/options.ts";
import { openStore } from "./store/openStore.ts";
import { processOwner } from "./store/owner.ts";

/** The engine as a face in the same process holds it. */
export interface Engine extends EngineApi {
  on<K extends keyof EngineEvents>(name: K, listener: (payload: EngineEvents[K]) => void): ReturnType<Event<never>>;
  /** Answers pending requests of any process on this store until the signal aborts, or the table is idle for long enough. */
  work(options: WorkOptions, signal: AbortSignal): Promise<Worked>;
  /** Serves OpenAI's files, batches and chat completions from this store until it is closed. */
  serve(options: ServeOptions): Promise<BatchServer>;
  /** The result of a run that is going here. */
  finished(run: string): Promise<RunSummary>;
  /** Stops what is going, stores it, and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Puts the engine together: every wiring decision stands here. One store for everything; each run gets its own providers,
 * queue and view of the cache from `Running`; `Results` reads; `Authoring` needs no run. What a face must give is
 * `EngineDeps`, what it gets is `EngineApi` and three events.
 */
export async function openEngine(deps: EngineDeps): Promise<Engine> {
  const store = await openStore(deps.store, { clock: deps.clock });
  const emitters: { readonly [K in keyof EngineEvents]: Emitter<EngineEvents[K]> } = {
    run: new Emitter(),
    changed: new Emitter(),
    gpu: new Emitter(),
    batch: new Emitter(),
    log: new Emitter(),
  };
  const absent = new Set<string>();
  const gpus = new GpuMonitor({
    clock: deps.clock,
    read: () =>
      readGpus({
        exec: deps.exec ?? exec,
        now: () => deps.clock.now(),
        loaded: () => withProviders(loadedModels),
        absent,
      }),
  });
  gpus.onReport((report) => emitters.gpu.fire(report));
  const services: Services = {
    deps,
    store,
    owner: processOwner(deps.clock.now()),
    gpus,
    emit: (name, payload) => emitters[name].fire(payload),
  };
  const sources = new Sources(deps);
  const running = new Running(services, sources);
  const results = new Results(services, running);
  const analytics = new Analytics(store, running);
  const authoring = new Authoring(services, sources, running);
  const jobs = new BatchJobs(services);
  const batching = new Batching(sources, running, jobs);
  const submissions = new Submissions(services);
  const submitting = new Submitting(services, sources, running, submissions);
  const fetching = new Fetching(services, sources, running, submissions);
  const batchServer = new OneServer<BatchServer>();
  const simulator = new OneServer<Simulator>();

  const withProviders = async <T>(work: (providers: ReturnType<Running["providers"]>) => Promise<T>): Promise<T> => {
    const providers = running.providers(process.cwd());
    try {
      return await work(providers);
    } finally {
      await providers.close();
    }
  };

  return {
    check: (p) => authoring.check(p),
    complete: (p) => authoring.complete(p),
    hover: (p) => authoring.hover(p),
    symbols: (p) => authoring.symbols(p),
    quickFixes: (p) => authoring.quickFixes(p),
    definition: (p) => authoring.definition(p),
    preview: (p) => authoring.preview(p),
    previewText: (p) => authoring.previewText(p),
    declareLayout: (p) => authoring.declareLayout(p),
    estimate: (p) => authoring.estimate(p),

    start: (p) => running.start(p, p.options),
    resume: (p) => running.resume(p),
    async stop({ run, now }) {
      running.stop(run, now);
    },
    async pauseModel({ run, model, paused }) {
      running.pauseModel(run, model, paused);
    },

    async retune(p) {
      retune(running, p);
    },
    resetCircuit: (p) => resetCircuit(services, running, p),
    queueState: () => queueState(services, running),

    runs: (p) => results.runs(p),
    run: (p) => results.run(p),
    progress: (p) => results.progress(p),
    deleteRun: (p) => results.delete(p.run),
    async judge({ run }) {
      const record = await findRun(store, run);
      return judgeAssert(store, record, await results.summary(record));
    },
    async markBaseline({ run }) {
      await markBaseline(store, await findRun(store, run));
    },
    decisions: (p) => results.decisions(p.run),
    trials: (p) => results.trials(p),
    trial: (p) => results.trial(p),
    confusion: (p) => results.confusion(p.run, p.variant),
    async redecide({ run, equivalence, confidence }) {
      const record = await findRun(store, run);
      const races = await storedRaces(store, record, (options) => ({
        ...options,
        equivalence,
        ...(confidence === undefined ? {} : { confidence }),
      }));
      const { settings } = record;
      const other =
        settings["equivalence"] !== equivalence || (confidence ?? settings["confidence"]) !== settings["confidence"];
      const verdict = overallVerdict(races);
      return {
        verdict: other ? exploring(verdict) : verdict,
        rows: Math.max(...races.map((race) => race.sampler.watermark)),
      };
    },
    async rescore({ run, judge }) {
      const record = await findRun(store, run);
      if (running.isLive(record))
        throw new UserError("running", `run ${record.id} is still going`, "wait for it, or stop it first");
      const providers = running.providers(record.file);
      try {
        return await rescore(services, sources, results, record, providers, { judge });
      } finally {
        await providers.close();
      }
    },
    compare: (p) => compareSides(store, p),
    sideBySide: (p) => sideBySide(store, p),
    async ensemble({ run, ...spec }) {
      return storedEnsembles(store, await findRun(store, run), [spec]);
    },
    async fitRules({ run }) {
      return storedRules(store, await findRun(store, run));
    },
    async positions({ run, column }) {
      return storedPositions(store, await findRun(store, run), column);
    },
    efficiency: (p) => analytics.efficiency(p),
    patterns: (p) => analytics.patterns(p),
    calibration: (p) => analytics.calibration(p),
    lengths: (p) => analytics.lengths(p),
    crossModel: (p) => analytics.crossModel(p),
    timeline: (p) => analytics.timeline(p),
    async export({ run, format, to }) {
      if (!exportFormats.includes(format)) {
        throw new UserError(
          "unknown-format",
          `there is no export format "${format}"`,
          `use one of ${exportFormats.join(", ")}`,
        );
      }
      const record = await findRun(store, run);
      const summary = await results.summary(record);
      const rows = await writeReport(
        {
          record,
          summary,
          trials: () => store.trials.each({ run: record.id }),
          asserted: () => assertedOf(store, record, summary),
          analytics: () => analytics.all(record),
        },
        format,
        to,
      );
      return { file: to, rows };
    },

    async cacheStats() {
      const { byModel, ...totals } = await store.cache.stats();
      const used = await store.cache.lastUsed();
      const groups = byModel.map((group) => ({ ...group, usedAt: used.get(`${group.model} ${group.experiment}`) }));
      return { ...totals, maxBytes: deps.cacheBytes ?? defaultCacheBytes, groups };
    },
    cacheList: (p) => store.cache.list(p),
    async cacheAnswer({ key }) {
      return (await store.cache.get([key])).get(key);
    },
    cacheCoverage: (p) => authoring.coverage(p),
    async cacheDelete(p) {
      const deleted = await store.cache.delete(p);
      services.emit("changed", { what: "cache" });
      return { deleted };
    },
    async cachePut({ entries }) {
      await store.cache.put(entries);
      services.emit("changed", { what: "cache" });
    },
    async cacheExport({ to }) {
      let entries = 0;
      await writeWhole(
        to,
        (async function* () {
          for await (const line of exportLines(store.cache)) {
            entries += 1;
            yield line;
          }
        })(),
      );
      return { file: to, entries };
    },
    async cacheImport({ from }) {
      const report = await importLines(store.cache, readLines(from));
      services.emit("changed", { what: "cache" });
      return report;
    },
    async requests({ run, ...filter }) {
      return store.requests.list({ ...filter, ...(run === undefined ? {} : { run: (await findRun(store, run)).id }) });
    },
    async cleanup({ olderThanDays }) {
      if (!(olderThanDays >= 0))
        throw new UserError("bad-number", `an age of ${olderThanDays} days`, "give a number of days from 0 up");
      return { deleted: await store.requests.cleanup(deps.clock.now() - olderThanDays * 86_400_000) };
    },
    requestStats: (p) => store.requests.stats(p),

    scaffold: (p) => newExperiment(sources, p),
    models: (p) => withProviders((providers) => listModels(providers, p.providers)),
    prices: ({ folder }) => priceList(services, sources, folder),
    doctor: () => withProviders((providers) => examine(services, providers)),
    gpu: () => gpus.read(),
    async gpuSamples({ run }) {
      return store.gpuSamples.list((await findRun(store, run)).id);
    },
    async simulator({ start, port }) {
      if (!start) {
        await simulator.stop();
        return { url: undefined };
      }
      const { url } = await simulator.start(async () => {
        const { startSimulator } = await import("./simulator/simulator.ts");
        return startSimulator(port === undefined ? {} : { port });
      });
      return { url };
    },

    batchConvert: (p) => batching.convert(p),
    batchRun: (p) => runBatch({ services, sources, running, jobs }, p),
    async batchStop({ job, now }) {
      jobs.stop(job, now);
    },
    batchAnalyze: (p) => batching.analyze(p),
    batchSample: (p) => batching.sample(p),
    batchSubmit: (p) => submitting.submit(p),
    batchSubmissions: (p) => submissions.list(p),
    batchCancel: (p) => submissions.cancel(p),
    batchFetch: (p) => fetching.fetch(p),
    async batchServer({ start, ...options }) {
      if (!start) {
        await batchServer.stop();
        return { url: undefined };
      }
      const { url } = await batchServer.start(() => serve(services, running.providers(process.cwd()), options));
      return { url };
    },

    serve: (options) => serve(services, running.providers(process.cwd(), options.concurrency), options),
    on: (name, listener) => emitters[name].event(listener),
    work: (options, signal) => withProviders((providers) => work(services, providers, options, signal)),
    finished: (run) => running.finished(run),
    async close() {
      jobs.stopAll();
      await running.close();
      gpus.dispose();
      await simulator.stop();
      await batchServer.stop();
      await store.close();
      for (const emitter of Object.values(emitters)) emitter.dispose();
    },
  };
}
