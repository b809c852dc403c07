import { seededRandom } from "../../base/random.ts";
import { AnswerCache } from "../cache/answerCache.ts";
import { type PriceTable, priceOf } from "../plan/prices.ts";
import { messageText } from "../prompt/prompt.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Providers } from "../provider/registry.ts";
import { openQueue } from "../queue/smartQueue.ts";
import { carryOn, type Reading, runsTools } from "../runner/exchange.ts";
import { completionOf, type RunModel } from "../runner/record.ts";
import { streaming } from "../runner/streaming.ts";
import type { Experiment } from "../spec/experiment.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { ClaimedRequest, RunRecord } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { LocalContexts } from "./localContexts.ts";
import { poolOptions } from "./pools.ts";

export interface WorkOptions {
  /** Only this run's requests. */
  readonly run?: string;
  /** Requests in flight; default 16, of local models as many as their server answers. */
  readonly concurrency?: number;
  /** Ends when the table has had nothing to do for so long; undefined works until it is stopped. */
  readonly idleMs?: number;
}

export interface Worked {
  readonly completed: number;
  readonly failed: number;
}

/** What a worker must know of a run to answer for it. */
interface Job {
  readonly experiment: Experiment;
  readonly reading: Reading;
  /** As the run was started with them. */
  readonly prices: PriceTable;
}

const leaseMs = 60_000;

/**
 * Takes pending requests from the table and answers them, beside the processes whose runs they belong to. A row is claimed
 * before it is sent and kept under a lease, so two workers never send the same one and a worker that dies loses only what it
 * had in flight. Scoring and deciding stay with the run. A model this worker cannot ask (no key, out of reach) is left to others.
 */
export async function work(
  services: Services,
  providers: Providers,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<Worked> {
  const { store, deps, owner } = services;
  const warn = (message: string) => services.emit("log", { level: "warn", message });
  const most = options.concurrency ?? 16;
  const models = new Map<string, Promise<RunModel>>();
  const opened = new Map<string, RunModel>();
  const jobs = new Map<string, Promise<Job | undefined>>();
  /** Models that are left to others. */
  const left = new Set<string>();
  const queue = openQueue({
    clock: deps.clock,
    random: seededRandom("worker", owner),
    facts: (id) => {
      const own = opened.get(id);
      if (own === undefined) throw new Error(`the queue was given ${id}, which was not opened`);
      return own.facts;
    },
    unload: async (id) => {
      const own = opened.get(id);
      await own?.provider.unload?.(own.name);
    },
    settings: { concurrency: most, maxConcurrency: most },
    pools: [
      ...(await limitsOf(services, options.run)),
      // Where nobody says, a local model is asked as many at once as its server answers.
      ...(options.concurrency === undefined ? [] : [{ id: "worker", models: ["*"], concurrency: most }]),
    ],
  });
  const contexts = new LocalContexts(services);
  const cache = new AnswerCache({
    table: store.cache,
    mode: "on",
    clock: deps.clock,
    warn,
    ...(deps.cacheBytes === undefined ? {} : { maxBytes: deps.cacheBytes }),
  });

  const modelOf = (id: string): Promise<RunModel> => {
    const known = models.get(id);
    if (known !== undefined) return known;
    const opening = providers.openModel(id).then(({ provider, model }) => {
      const facts = provider.facts(model);
      const own = { id, name: model, provider, facts, price: priceOf(id, facts, deps.prices) };
      opened.set(id, own);
      return own;
    });
    models.set(id, opening);
    return opening;
  };
  const jobOf = (run: string): Promise<Job | undefined> => {
    const known = jobs.get(run);
    if (known !== undefined) return known;
    const reading = store.runs.get(run).then((record) => record && job(record, services));
    jobs.set(run, reading);
    return reading;
  };

  const counts = { completed: 0, failed: 0 };
  const answerOne = async (row: ClaimedRequest): Promise<void> => {
    const model = await modelOf(row.model);
    const own = await jobOf(row.run);
    const price = own?.prices[row.model] ?? model.price;
    const watch = own && streaming(own.experiment.limits.stream, model.facts, own.reading.output, own.reading.labels);
    const ask = (request: ModelRequest) =>
      queue.add(
        {
          model: row.model,
          run: row.run,
          variant: String(row.variant),
          tokens: row.promptTokensEstimated,
          send: ({ signal: attempt }) => {
            const send = (one: ModelRequest) =>
              model.provider.send(one, { signal: attempt, ...(watch === undefined ? {} : { onText: watch }) });
            if (!model.facts.local || request.contextTokens === undefined) return send(request);
            const local = { tokens: row.promptTokensEstimated, contextTokens: request.contextTokens };
            return contexts.send(model, local, request, send);
          },
        },
        signal,
      );
    const request = requestOf(row, model.name);
    const first = await ask(request);
    const { settled, parsed, tools, plain } =
      own !== undefined && first.reply.outcome.kind === "answered"
        ? await carryOn(first, request, own.reading, ask)
        : { settled: first, parsed: undefined, tools: undefined, plain: true };
    const { outcome } = settled.reply;
    const asked = request.contextTokens ?? 0;
    // Its run planned with more room than this machine has: that is no fault of the prompt's.
    const noRoom = outcome.kind === "tooLong" && (contexts.tokens(row.model) ?? asked) < asked;
    const hopeless =
      noRoom || settled.gaveUp === true || (outcome.kind === "rejected" && outcome.reason !== "badRequest");
    if (hopeless && "message" in outcome && !left.has(row.model)) {
      left.add(row.model);
      warn(`${row.model} is left to others: ${outcome.message}`);
    }
    if (hopeless || outcome.kind === "cancelled") {
      await store.requests.release([row.id]);
      return;
    }
    const expected = { prompt: row.promptTokensEstimated, completion: 0 };
    const completion = completionOf(settled, parsed, expected, { ...model, price }, "call", tools);
    const mode = own?.experiment.cache.mode;
    const keeps = plain && own !== undefined && !runsTools(request, own.reading.allowed);
    const entry =
      keeps && (mode === "on" || mode === "write")
        ? cache.entryFor(row.key, row.model, own.experiment.name, first.reply.outcome)
        : undefined;
    await store.requests.complete(row.id, completion, entry ? { cache: entry } : {});
    counts[completion.status] += 1;
  };

  const held = new Set<Promise<void>>();
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
  };
  let idleSince = deps.clock.monotonic();
  let cancelRenewal = () => {};
  const renew = () => {
    cancelRenewal = deps.clock.after(leaseMs / 3, () => {
      store.requests.renew(owner, leaseMs).catch(failed);
      renew();
    });
  };
  renew();
  try {
    while (!signal.aborted && failure === undefined) {
      await store.requests.recoverStale(isDeadOwner);
      const able = left.size === 0 ? undefined : await askable(services, options.run, left);
      const rows =
        most > held.size && able?.length !== 0
          ? await store.requests.claimNext({
              owner,
              leaseMs,
              limit: most - held.size,
              ...(options.run === undefined ? {} : { run: options.run }),
              ...(able === undefined ? {} : { models: able }),
            })
          : [];
      for (const row of rows) {
        const answering = answerOne(row)
          .catch(failed)
          .finally(() => held.delete(answering));
        held.add(answering);
      }
      if (rows.length > 0 || held.size > 0) idleSince = deps.clock.monotonic();
      if (options.idleMs !== undefined && deps.clock.monotonic() - idleSince >= options.idleMs) break;
      await next(services, held, most, options.idleMs, signal);
    }
    await Promise.all(held);
    if (failure !== undefined) throw failure;
    return counts;
  } finally {
    cancelRenewal();
    queue.dispose();
    await queue.idle();
    await contexts.close();
    await cache.close();
  }
}

/** Waits for room, for work, or a moment, whichever comes first. */
async function next(
  services: Services,
  held: ReadonlySet<Promise<void>>,
  most: number,
  idleMs: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  let release = () => {};
  const changed = new Promise<void>((resolve) => {
    const listening = services.store.requests.onChange(resolve);
    const cancel = services.deps.clock.after(Math.min(1_000, idleMs ?? 1_000), resolve);
    const aborted = () => resolve();
    signal.addEventListener("abort", aborted, { once: true });
    release = () => {
      listening.dispose();
      cancel();
      signal.removeEventListener("abort", aborted);
    };
  });
  await (held.size >= most ? Promise.race(held) : Promise.race([changed, ...held]));
  release();
}

function job(record: RunRecord, { deps }: Services): Job {
  const experiment = JSON.parse(record.experiment) as Experiment;
  const labels = JSON.parse(String(record.settings["labels"] ?? "[]")) as string[];
  const { output } = experiment.prompt;
  const prices = JSON.parse(String(record.settings["prices"] ?? "{}")) as PriceTable;
  return { experiment, prices, reading: { output, labels, allowed: deps.tools ?? {}, clock: deps.clock } };
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

async function recordsOf({ store }: Services, run: string | undefined): Promise<readonly RunRecord[]> {
  if (run === undefined) return store.runs.list({ status: "running", limit: 20 });
  const record = await store.runs.get(run);
  return record === undefined ? [] : [record];
}

/** The models of the runs that are going, without those left to others. */
async function askable(
  services: Services,
  run: string | undefined,
  left: ReadonlySet<string>,
): Promise<readonly string[]> {
  const all = new Set((await recordsOf(services, run)).flatMap((record) => record.models));
  return [...all].filter((model) => !left.has(model));
}

/** The limits of the runs that are going; each process keeps to them on its own. */
async function limitsOf(services: Services, run: string | undefined) {
  return (await recordsOf(services, run)).flatMap((record) =>
    (JSON.parse(record.experiment) as Experiment).limits.pools.map(poolOptions),
  );
}
