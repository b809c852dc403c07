import { toMessages } from "../prompt/prompt.ts";
import { chatBody, quirksOf } from "../provider/openaiRequest.ts";
import type { Design } from "../runner/prepare.ts";
import type { PreparedRun } from "../runner/preparedRun.ts";
import { rowOf, type TrialPlan } from "../runner/trialPlan.ts";
import type { Store } from "../store/store.ts";

export interface TrialRow {
  /** Of the request table; the answer comes back under it. */
  readonly row: number;
  readonly body: object;
  /** Full id. */
  readonly model: string;
  readonly tokens: number;
}

/** Rows written together. */
const group = 256;

/**
 * The requests of a run's full grid as rows of the table, held for a batch: no worker and no resumed run sends what is out
 * already. What the cache knows, what does not fit and, among equal prompts, all but the first are left to the run itself.
 */
export async function* trialRows(p: {
  readonly run: PreparedRun;
  readonly planned: Design;
  /** Only trials that could not be had. */
  readonly retry: boolean;
  /** Whether the run will look into the cache. */
  readonly cache: boolean;
  readonly store: Store;
  readonly owner: string;
  readonly leaseMs: number;
}): AsyncGenerator<TrialRow> {
  const { run, planned, store } = p;
  const asked = new Set<string>();
  let waiting: TrialPlan[] = [];
  for (const plan of p.retry ? missing(run) : everything(run)) {
    if (plan.refused !== undefined) continue;
    if (p.cache && asked.has(plan.key)) continue;
    if (p.cache) asked.add(plan.key);
    waiting.push(plan);
    if (waiting.length < group) continue;
    yield* rows(waiting);
    waiting = [];
  }
  yield* rows(waiting);

  async function* rows(plans: readonly TrialPlan[]): AsyncGenerator<TrialRow> {
    const known = p.cache ? await store.cache.has(plans.map(({ key }) => key)) : new Set<string>();
    const fresh = plans.filter(({ key }) => !known.has(key));
    if (fresh.length === 0) return;
    const ids = await store.requests.enqueue(
      fresh.map((plan) => rowOf(run.id, plan, planned.experiment.prompt.output)),
    );
    await store.requests.claim(ids, p.owner, p.leaseMs);
    for (const [i, plan] of fresh.entries()) {
      const request = { ...plan.shared.request, messages: toMessages(plan.prompt) };
      yield {
        row: ids[i] as number,
        body: chatBody(request, quirksOf(request.model)),
        model: plan.variant.model,
        tokens: plan.promptTokens,
      };
    }
  }
}

function* everything(run: PreparedRun): Generator<TrialPlan> {
  for (let position = 0; position < run.examples; position++) {
    for (const variant of run.variants)
      for (let repeat = 0; repeat < run.repeats; repeat++) yield run.plan(variant, position, repeat);
  }
}

function* missing(run: PreparedRun): Generator<TrialPlan> {
  for (const [i, score] of run.known.score.entries()) {
    const variant = run.variants[run.known.variant[i] ?? -1];
    if (!Number.isNaN(score) || variant === undefined) continue;
    yield run.plan(variant, run.known.position[i] ?? 0, run.known.repeat[i] ?? 0);
  }
}
