import { seededRandom } from "../../base/random.ts";
import type { RunOptions } from "../api.ts";
import type { CircuitState } from "../queue/circuitBreaker.ts";
import type { PoolOptions } from "../queue/pool.ts";
import { presets } from "../queue/presets.ts";
import type { QueueOptions } from "../queue/smartQueue.ts";
import type { Design } from "../runner/design.ts";
import type { RunModel } from "../runner/record.ts";
import type { PoolSpec } from "../spec/experiment.ts";
import type { Services } from "./deps.ts";

/** Under which scope of the state table circuits survive a restart. */
export const circuitScope = "circuit";

/** What the queue of a run is opened with: the experiment's limits, the providers' facts, circuits as they were left. */
export async function queueOptions(
  planned: Design,
  options: RunOptions,
  services: Services,
  judges: ReadonlyMap<string, RunModel> = new Map(),
): Promise<QueueOptions> {
  const { experiment } = planned;
  const models = new Map([...judges, ...planned.models]);
  const { limits } = experiment;
  const preset = presets[limits.preset];
  const circuits = new Map<string, CircuitState>();
  for (const [model, state] of await services.store.state.list(circuitScope))
    circuits.set(model, JSON.parse(state) as CircuitState);
  // By where the model is, too: a corrected address is another server.
  const circuitOf = (id: string) => `${models.get(id)?.facts.scope ?? ""} ${id}`;
  const pools = limits.pools.map(poolOptions);
  // A concurrency given for this run holds for all models together, whatever the file's pools say.
  if (options.concurrency !== undefined)
    pools.push({ id: "concurrency", models: ["*"], concurrency: options.concurrency });
  return {
    clock: services.deps.clock,
    random: seededRandom("queue", experiment.sampling.seed),
    settings: {
      ...preset,
      ...(limits.timeout === undefined ? {} : { timeoutMs: limits.timeout }),
      ...(limits.retries === undefined ? {} : { retries: limits.retries }),
    },
    pools,
    mode: options.queue ?? "smart",
    facts: (id) => {
      const model = models.get(id);
      if (model === undefined) throw new Error(`the queue was given ${id}, which the run does not have`);
      return model.facts;
    },
    unload: async (id) => {
      const model = models.get(id);
      await model?.provider.unload?.(model.name);
    },
    circuits: {
      // Whoever starts a run may have mended the server just now: an open circuit is probed at once.
      load: (model) => {
        const state = circuits.get(circuitOf(model));
        return state && { ...state, retryAt: 0 };
      },
      save: (model, state) => {
        services.store.state.set(circuitScope, circuitOf(model), JSON.stringify(state)).catch((error: unknown) => {
          services.emit("log", { level: "warn", message: `the state of ${model} could not be kept: ${String(error)}` });
        });
      },
    },
  };
}

/** The file gives rates a minute; a pool counts by its window. */
export function poolOptions(spec: PoolSpec): PoolOptions {
  const perWindow = (rate: number | undefined) =>
    rate === undefined ? undefined : Math.max(1, Math.floor((rate * spec.window) / 60_000));
  return {
    models: spec.models,
    requests: perWindow(spec.requestsPerMinute),
    tokens: perWindow(spec.tokensPerMinute),
    windowMs: spec.window,
    kind: spec.kind,
    concurrency: spec.concurrency,
  };
}
