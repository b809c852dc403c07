import { toMessages } from "../prompt/prompt.ts";
import { chatBody, quirksOf } from "../provider/openaiRequest.ts";
import type { Design } from "../runner/design.ts";
import { planner } from "../runner/planner.ts";
import type { PreparedRun } from "../runner/preparedRun.ts";
import { rowOf, type TrialPlan } from "../runner/trialPlan.ts";
import type { RunRecord, Store } from "../store/store.ts";

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
  readonly record: RunRecord;
  readonly planned: Design;
  /** Only trials that could not be had. */
  readonly retry: boolean;
  /** Whether the run will look into the cache. */
  readonly cache: boolean;
  readonly store: Store;
  readonly owner: string;
  readonly leaseMs: number;
}): AsyncGenerator<TrialRow> {
  const { record, planned, store } = p;
  const plan = planner(record, planned);
  const asked = new Set<string>();
  let waiting: TrialPlan[] = [];
  for (const each of p.retry
    ? missing(plan, planned, await store.trials.scores(record.id))
    : everything(plan, record, planned)) {
    if (each.refused !== undefined) continue;
    if (p.cache && asked.has(each.key)) continue;
    if (p.cache) asked.add(each.key);
    waiting.push(each);
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
      fresh.map((plan) => rowOf(record.id, plan, planned.experiment.prompt.output)),
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

function* everything(
  plan: PreparedRun["plan"],
  { order }: RunRecord,
  { variants, experiment }: Design,
): Generator<TrialPlan> {
  for (let position = 0; position < order.length; position++) {
    for (const variant of variants)
      for (let repeat = 0; repeat < experiment.sampling.repeats; repeat++) yield plan(variant, position, repeat);
  }
}

function* missing(plan: PreparedRun["plan"], { variants }: Design, known: PreparedRun["known"]): Generator<TrialPlan> {
  for (const [i, score] of known.score.entries()) {
    const variant = variants[known.variant[i] ?? -1];
    if (!Number.isNaN(score) || variant === undefined) continue;
    yield plan(variant, known.position[i] ?? 0, known.repeat[i] ?? 0);
  }
}
