import { seededRandom } from "../../base/random.ts";
import { AnswerCache } from "../cache/answerCache.ts";
import { priceOf } from "../plan/prices.ts";
import { messageText } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Providers } from "../provider/registry.ts";
import { openQueue } from "../queue/smartQueue.ts";
import { completionOf, type RunModel } from "../runner/record.ts";
import type { Experiment } from "../spec/experiment.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { ClaimedRequest } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { poolOptions } from "./pools.ts";

export interface WorkOptions {
  /** Only this run's requests. */
  readonly run?: string;
  /** Requests held at once; default 16. */
  readonly concurrency?: number;
  /** Ends when the table has had nothing to do for so long; undefined works until it is stopped. */
  readonly idleMs?: number;
}

export interface Worked {
  readonly completed: number;
  readonly failed: number;
}

const leaseMs = 60_000;

/**
 * Takes pending requests from the table and answers them, beside the processes whose runs they belong to. A row is claimed
 * before it is sent and kept under a lease, so two workers never send the same one and a worker that dies loses only what it
 * had in flight. Scoring and deciding stay with the run.
 */
export async function work(
  services: Services,
  providers: Providers,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<Worked> {
  const { store, deps, owner } = services;
  const most = options.concurrency ?? 16;
  const models = new Map<string, Promise<RunModel>>();
  const experiments = new Map<string, Promise<Experiment | undefined>>();
  const queue = openQueue({
    clock: deps.clock,
    random: seededRandom("worker", owner),
    pools: [...(await limitsOf(services, options.run)), { id: "worker", models: ["*"], concurrency: most }],
  });
  const cache = new AnswerCache({
    table: store.cache,
    mode: "on",
    clock: deps.clock,
    warn: (message) => services.emit("log", { level: "warn", message }),
    ...(deps.cacheBytes === undefined ? {} : { maxBytes: deps.cacheBytes }),
  });

  const modelOf = (id: string): Promise<RunModel> => {
    const known = models.get(id);
    if (known !== undefined) return known;
    const opening = providers.openModel(id).then(({ provider, model }) => {
      const facts = provider.facts(model);
      return { id, name: model, provider, facts, price: priceOf(id, facts, deps.prices) };
    });
    models.set(id, opening);
    return opening;
  };
  const experimentOf = (run: string): Promise<Experiment | undefined> => {
    const known = experiments.get(run);
    if (known !== undefined) return known;
    const reading = store.runs.get(run).then((record) => record && (JSON.parse(record.experiment) as Experiment));
    experiments.set(run, reading);
    return reading;
  };

  const counts = { completed: 0, failed: 0 };
  const answerOne = async (row: ClaimedRequest): Promise<void> => {
    const model = await modelOf(row.model);
    const experiment = await experimentOf(row.run);
    const settled = await queue.add(
      {
        model: row.model,
        run: row.run,
        variant: String(row.variant),
        tokens: row.promptTokensEstimated,
        send: ({ signal: attempt }) => model.provider.send(requestOf(row, model.name), { signal: attempt }),
      },
      signal,
    );
    const { outcome } = settled.reply;
    if (outcome.kind === "cancelled") {
      await store.requests.release([row.id]);
      return;
    }
    const completion = completionOf(
      settled,
      undefined,
      { prompt: row.promptTokensEstimated, completion: 0 },
      model,
      "call",
    );
    const keeps = experiment?.cache.mode === "on" || experiment?.cache.mode === "write";
    const entry = keeps ? cache.entryFor(row.key, row.model, experiment.name, outcome) : undefined;
    await store.requests.complete(row.id, completion, entry ? { cache: entry } : {});
    counts[completion.status] += 1;
  };

  const held = new Set<Promise<void>>();
  let failure: unknown;
  let idleSince = deps.clock.monotonic();
  let cancelRenewal = () => {};
  const renew = () => {
    cancelRenewal = deps.clock.after(leaseMs / 3, () => {
      void store.requests.renew(owner, leaseMs);
      renew();
    });
  };
  renew();
  try {
    while (!signal.aborted && failure === undefined) {
      await store.requests.recoverStale(isDeadOwner);
      const rows = await store.requests.claimNext({
        owner,
        leaseMs,
        limit: most - held.size,
        ...(options.run === undefined ? {} : { run: options.run }),
      });
      for (const row of rows) {
        const answering = answerOne(row)
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => held.delete(answering));
        held.add(answering);
      }
      if (rows.length > 0 || held.size > 0) idleSince = deps.clock.monotonic();
      if (options.idleMs !== undefined && deps.clock.monotonic() - idleSince >= options.idleMs) break;
      await next(services, held, most, signal);
    }
    await Promise.all(held);
    if (failure !== undefined) throw failure;
    return counts;
  } finally {
    cancelRenewal();
    queue.dispose();
    await cache.close();
  }
}

/** Waits for room, for work, or a moment, whichever comes first. */
async function next(
  services: Services,
  held: ReadonlySet<Promise<void>>,
  most: number,
  signal: AbortSignal,
): Promise<void> {
  let release = () => {};
  const changed = new Promise<void>((resolve) => {
    const listening = services.store.requests.onChange(resolve);
    const cancel = services.deps.clock.after(1_000, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    release = () => {
      listening.dispose();
      cancel();
    };
  });
  await (held.size >= most ? Promise.race(held) : Promise.race([changed, ...held]));
  release();
}

/** What is sent: everything stands in the row. */
function requestOf(row: ClaimedRequest, model: string): ModelRequest {
  const rest = JSON.parse(row.request) as Pick<ModelRequest, "parameters" | "tools" | "contextTokens">;
  return {
    model,
    messages: row.prompt.map((message) => ({ role: message.role, content: messageText(message) })),
    parameters: rest.parameters,
    tools: rest.tools,
    contextTokens: rest.contextTokens,
    responseSchema:
      row.responseSchema === undefined
        ? undefined
        : (JSON.parse(row.responseSchema) as Readonly<Record<string, unknown>>),
  };
}

/** The limits of the runs that are going; each process keeps to them on its own. */
async function limitsOf(services: Services, run: string | undefined) {
  const { store } = services;
  const records =
    run === undefined ? await store.runs.list({ status: "running", limit: 20 }) : [await store.runs.get(run)];
  return records.flatMap((record) =>
    record === undefined ? [] : (JSON.parse(record.experiment) as Experiment).limits.pools.map(poolOptions),
  );
}
