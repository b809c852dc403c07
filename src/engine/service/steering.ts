import { UserError } from "../../base/errors.ts";
import type { EngineApi, QueueState } from "../api.ts";
import type { CircuitState } from "../queue/circuitBreaker.ts";
import type { PoolLimits } from "../queue/queue.ts";
import type { Services } from "./deps.ts";
import { circuitScope } from "./pools.ts";
import type { Running } from "./running.ts";

/** Under which scope and key of the state table the queue of the last run is kept, as it was left. */
const queueScope = "queue";
const lastKey = "last";

/** Runs among which those of other processes are looked for. */
const runsLooked = 50;

type LastQueue = NonNullable<QueueState["last"]>;

/** Keeps what the queue of a run that ends had learned, for a look at it when none is going. */
export async function keepQueue(services: Services, last: LastQueue): Promise<void> {
  await services.store.state.set(queueScope, lastKey, JSON.stringify(last));
}

/** What is known of queues beside those that are going here. */
export async function queueState({ store }: Services, running: Running): Promise<QueueState> {
  const last = await store.state.get(queueScope, lastKey);
  const circuits = [...(await store.state.list(circuitScope))].map(([key, json]) => {
    const { kind, failures, probes, retryAt } = JSON.parse(json) as CircuitState;
    return { ...split(key), kind, failures, probes, retryAt };
  });
  const others = (await store.runs.list({ limit: runsLooked })).filter(
    (record) => running.isLive(record) && running.queue(record.id) === undefined,
  );
  return {
    last: last === undefined ? undefined : (JSON.parse(last) as LastQueue),
    circuits: circuits.filter(({ kind }) => kind !== "closed"),
    elsewhere: await Promise.all(
      others.map(async ({ id, name }) => ({
        run: id,
        name,
        models: (await store.requests.stats({ run: id })).byModel,
      })),
    ),
  };
}

/** Changes the limits of a pool of a run that is going here. @throws UserError where there is no such pool or the figure is none. */
export function retune(running: Running, { run, pool, change }: Parameters<EngineApi["retune"]>[0]): void {
  const queue = running.queue(run);
  if (queue === undefined)
    throw new UserError(
      "not-running",
      `run ${run} is not going in this process`,
      "limits of a stored run are its file's",
    );
  const known = queue.snapshot().pools;
  const found = known.find(({ id }) => id === pool);
  if (found === undefined) {
    const action = `use one of ${known.map(({ id }) => id).join(", ")}`;
    throw new UserError("no-pool", `run ${run} has no pool "${pool}"`, action);
  }
  for (const [name, value] of Object.entries(change)) {
    const right = value === null ? name !== "concurrency" : Number.isFinite(value) && value > 0;
    if (!right) throw new UserError("bad-number", `${name} is ${value}`, "give a number above 0");
  }
  const { windowMs } = { ...found.limits, ...found.learned };
  const perWindow = (rate: number | null) =>
    rate === null ? undefined : Math.max(1, Math.floor((rate * windowMs) / 60_000));
  const { requestsPerMinute, tokensPerMinute, concurrency } = change;
  const limits: Partial<PoolLimits> = {
    ...(requestsPerMinute === undefined ? {} : { requests: perWindow(requestsPerMinute) }),
    ...(tokensPerMinute === undefined ? {} : { tokens: perWindow(tokensPerMinute) }),
    ...(concurrency === undefined ? {} : { concurrency: Math.max(1, Math.floor(concurrency)) }),
  };
  queue.retune(pool, limits);
}

/** Forgets that a model did not answer: a run that is going asks it at once, later ones begin afresh. */
export async function resetCircuit(
  { store }: Services,
  running: Running,
  { run, model }: Parameters<EngineApi["resetCircuit"]>[0],
): Promise<void> {
  if (run !== undefined) running.queue(run)?.reset(model);
  for (const key of (await store.state.list(circuitScope)).keys())
    if (split(key).model === model) await store.state.delete(circuitScope, key);
}

/** A circuit is kept under where the model is and what it is called. */
function split(key: string): { readonly scope: string; readonly model: string } {
  const at = key.indexOf(" ");
  return { scope: key.slice(0, at), model: key.slice(at + 1) };
}
