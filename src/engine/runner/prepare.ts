import { openSampler } from "../decide/open.ts";
import type { AnyScorer } from "../metrics/scorers/scorer.ts";
import { fixedHead, prefixRanks } from "../plan/prefixOrder.ts";
import type { Variant } from "../plan/variants.ts";
import type { RequestRecord, RunRecord, Store } from "../store/store.ts";
import { Budget } from "./budget.ts";
import type { Design } from "./design.ts";
import type { PipelineTask } from "./pipeline.ts";
import { planner } from "./planner.ts";
import type { Judging, PreparedRun, Race } from "./preparedRun.ts";
import { conversationsOf, rolls } from "./rolling.ts";
import type { samplerOptions } from "./samplers.ts";
import type { AllowedTools } from "./tools.ts";
import { trialKey } from "./trialPlan.ts";
import { warmStartNotes } from "./warmStart.ts";

/** Asks kept open where all are made anyway: other processes find work among them, also while the run is down. */
const aheadOfAll = 128;

/** Joins a record with its design: a new run has no stored trials, a resumed one tells them again. */
export async function prepare(
  record: RunRecord,
  planned: Design,
  deps: {
    readonly store: Store;
    readonly slots: (model: string) => number;
    /** Opens the scorers, given the budget that judges share with the run. */
    readonly scoring: (budget: Budget) => Judging & { readonly scorers: readonly AnyScorer[] };
    readonly askVoidAgain?: boolean;
    readonly allowed?: AllowedTools;
  },
): Promise<{
  readonly run: PreparedRun;
  readonly task: PipelineTask;
}> {
  const { experiment, labels } = planned;
  const { store } = deps;
  const stored = await store.trials.scores(record.id);
  const storedDecisions = new Map<string, number>();
  for (const decision of await store.runs.decisions(record.id)) {
    storedDecisions.set(decision.model, Math.max(storedDecisions.get(decision.model) ?? 0, decision.sequence + 1));
  }
  const { sent } = await store.requests.counts(record.id);
  // Answers that were not scored yet, and a judge's, are paid for before there is a trial.
  const aggregates = stored.variant.length === 0 && sent === 0 ? [] : await store.trials.aggregates(record.id);
  const spent = {
    calls: sent,
    tokens: aggregates.reduce((sum, one) => sum + one.promptTokens + one.completionTokens, 0),
    cost: aggregates.reduce((sum, one) => sum + (one.cost ?? 0), 0),
  };
  const adopted = new Map<string, number>();
  const unfinished = await store.requests.unfinished(record.id);
  // Claimed by this very process before its run broke off, as on a full disk: nobody else would ever give them back.
  const left = unfinished.filter(({ leaseOwner }) => leaseOwner !== undefined && leaseOwner === record.owner);
  if (left.length > 0) await store.requests.release(left.map(({ id }) => id));
  for (const row of unfinished) {
    for (const [position, repeat] of row.trials)
      adopted.set(`${trialKey(row.variant, position, repeat)}:${row.key}`, row.id);
  }
  // Answers that another process stored while this run was down: they are scored when they are asked for.
  const answered = new Map<string, RequestRecord>();
  const together = new Map<string, readonly number[]>();
  const hold = (row: RequestRecord) => {
    const positions = row.trials.map(([position]) => position);
    for (const [position, repeat] of row.trials) {
      const trial = trialKey(row.variant, position, repeat);
      answered.set(`${trial}:${row.key}`, row);
      // Later questions are asked of fewer.
      if (positions.length > Math.max(1, together.get(trial)?.length ?? 0)) together.set(trial, positions);
    }
  };
  for (const row of await store.requests.unpublished(record.id, Number.MAX_SAFE_INTEGER)) hold(row);
  if (planned.hops.length > 1 && planned.packed.size > 0 && stored.variant.length > 0) {
    for await (const row of partlyTold(store, record.id, stored)) hold(row);
  }
  const options = JSON.parse(String(record.settings["samplers"])) as Readonly<
    Record<string, ReturnType<typeof samplerOptions>>
  >;
  const races = record.models.map((model): Race => {
    const own = options[model];
    if (own === undefined) throw new Error(`run ${record.id} has no sampler options for ${model}`);
    const variants = planned.variants.filter((variant) => variant.model === model);
    const sampler = openSampler(own);
    // Room for the blocks that fill as well as for those that are asked.
    const size = Math.max(1, ...variants.map(({ index }) => planned.packed.get(index)?.size ?? 1));
    const everything = own.mode === "full" || own.mode === "fixed";
    const least = Math.max(variants.length, everything ? aheadOfAll : 0);
    const lookahead = size * Math.max(least, 2 * deps.slots(model));
    return { model, variants, sampler, lookahead, sendRanks: sendRanks(planned, variants) };
  });
  const plan = planner(record, planned);
  const budget = new Budget(experiment.limits, spent);
  const judging = deps.scoring(budget);
  return {
    run: {
      id: record.id,
      name: record.name,
      file: record.file,
      createdAt: record.createdAt,
      variants: planned.variants,
      races,
      models: planned.models,
      examples: record.order.length,
      repeats: experiment.sampling.repeats,
      scorers: judging.scorers,
      judging,
      plan,
      packed: planned.packed,
      together: planned.hops.length > 1 ? together : new Map(),
      budget,
      maxDurationMs: experiment.limits.maxDuration,
      notes: [...planned.notes, ...warmStartNotes(record)],
      known: stored,
      askVoidAgain: deps.askVoidAgain ?? false,
      storedDecisions,
    },
    task: {
      output: experiment.prompt.output,
      labels,
      allowed: deps.allowed ?? {},
      contexts: planned.contexts,
      conversations: rolls(experiment) ? await conversationsOf(record, planned, plan, store) : undefined,
      stream: experiment.limits.stream,
      adopted,
      answered,
    },
  };
}

/** Answers to packed questions that ended some of their examples' chains, while others were still to go on. */
async function* partlyTold(
  store: Store,
  run: string,
  known: PreparedRun["known"],
): AsyncGenerator<RequestRecord, void, undefined> {
  const told = new Set(
    Array.from(known.variant, (variant, i) => trialKey(variant, known.position[i] ?? 0, known.repeat[i] ?? 0)),
  );
  const limit = 500;
  let after: number | undefined;
  for (;;) {
    const page = await store.requests.list({
      run,
      status: "completed",
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      if (
        row.trials.length > 1 &&
        row.trials.some(([position, repeat]) => !told.has(trialKey(row.variant, position, repeat)))
      )
        yield row;
    }
    after = page.at(-1)?.id;
    if (page.length < limit || after === undefined) return;
  }
}

function sendRanks({ prompts, dataset }: Design, variants: readonly Variant[]): readonly number[] {
  const [example] = dataset.examples;
  const headOf = ({ index }: Variant) => {
    const own = prompts[index];
    return example === undefined || own === undefined ? "" : fixedHead(own.layout.assemble(example));
  };
  return prefixRanks(variants.map(headOf));
}
