/**
 * The engine without an editor or a terminal: the front door of `layoutlab/engine`. `openEngine` gives the whole of it; the
 * rest are its parts for scripts that need only one: statistics, the race, layouts, the queue, the store, the simulator.
 */
export { systemClock } from "../base/clock.ts";
export { UserError } from "../base/errors.ts";
export type * from "./api.ts";
export { exportFormats } from "./api.ts";
export { compare } from "./decide/compare.ts";
export { decideMatrix } from "./decide/decideMatrix.ts";
export { parseMatrix } from "./decide/matrix.ts";
export { openSampler } from "./decide/open.ts";
export type { Decision, Sampler, Verdict } from "./decide/sampler.ts";
export { type Engine, openEngine } from "./engine.ts";
export { builtinLayouts } from "./layout/builtin.ts";
export { compileLayout } from "./layout/render.ts";
export { resolveLayout } from "./layout/resolve.ts";
export type { Provider } from "./provider/provider.ts";
export { createProviders } from "./provider/registry.ts";
export type { Queue } from "./queue/queue.ts";
export { openQueue } from "./queue/smartQueue.ts";
export type { RunEvent, RunSummary, RunView, VariantSummary } from "./runner/events.ts";
export type { EngineDeps } from "./service/deps.ts";
export { startSimulator } from "./simulator/simulator.ts";
export { loadExperiment } from "./spec/load.ts";
export { parseExperiment } from "./spec/parse.ts";
export * as stats from "./stats/index.ts";
export { openStore } from "./store/openStore.ts";
export type { Store } from "./store/store.ts";
