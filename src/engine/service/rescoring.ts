import { UserError } from "../../base/errors.ts";
import { fieldsOf } from "../../base/untyped.ts";
import type { Rescored } from "../api.ts";
import { AnswerCache } from "../cache/answerCache.ts";
import { type AnyScorer, isSlow, type ScoreInput, type SlowScore } from "../metrics/scorers/scorer.ts";
import { unpack } from "../packing/unpack.ts";
import type { ToolCall } from "../prompt/prompt.ts";
import type { Providers } from "../provider/registry.ts";
import { openQueue } from "../queue/smartQueue.ts";
import { readAnswer } from "../response/read.ts";
import { Budget, describeBudget } from "../runner/budget.ts";
import { checkBudget, design } from "../runner/design.ts";
import type { JudgeTrouble } from "../runner/judgeCalls.ts";
import { scoredTrial } from "../runner/phases.ts";
import { scoreAnswer } from "../runner/record.ts";
import { storedRaces } from "../runner/samplers.ts";
import { summarise } from "../runner/summary.ts";
import type { Experiment, OfferedTool, OutputPart } from "../spec/experiment.ts";
import type { ReadyExperiment } from "../spec/load.ts";
import type { DecisionRecord, ExampleRecord, RunRecord, Store, TrialRecord, TrialRow } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { type Asking, openJudges, openScoring } from "./judging.ts";
import { queueOptions } from "./pools.ts";
import type { Results } from "./results.ts";
import type { Sources } from "./source.ts";

/** How the experiment judges answers now. */
interface Judging {
  readonly scorers: readonly AnyScorer[];
  /** Names of the scorers that the stored scores are of, the primary first. */
  readonly stored: readonly string[];
  readonly output: OutputPart;
  readonly labels: readonly string[];
  readonly tools: readonly OfferedTool[];
  /** How each hop of a chain is read; empty without one. */
  readonly hops: readonly { readonly output: OutputPart; readonly labels: readonly string[] }[];
  /** Right answers and fields by example id; a row that is gone is judged as it was stored. */
  readonly examples: ReadonlyMap<string, Pick<ExampleRecord, "expected" | "fields">>;
}

/** Rows judged between two writes. */
const batch = 1000;

/**
 * Reads every stored answer again as the experiment file asks for it now, scores it with the file's scorers and right answers,
 * and decides anew from the new scores. Queries and scripts are executed again. No model is asked, unless judges may be: what a
 * judge said of an equal answer is known without asking, and an answer that it did not judge keeps its score. Trials without an
 * answer keep what they have.
 */
export async function rescore(
  services: Services,
  sources: Sources,
  results: Results,
  record: RunRecord,
  providers: Providers,
  options: { readonly judge?: boolean | undefined },
): Promise<Rescored> {
  const { judging, close } = await judgingOf(services, sources, record, providers, options.judge === true);
  try {
    return await rescoreWith(services, results, record, judging);
  } finally {
    await close();
  }
}

async function rescoreWith(
  services: Services,
  results: Results,
  record: RunRecord,
  judging: Judging,
): Promise<Rescored> {
  const { store } = services;
  const before = await results.summary(record);
  const { packing, parameters } = JSON.parse(record.experiment) as Experiment;
  const packs = packing.segmentsPerRequest > 1 || parameters["packing"] !== undefined;
  const counts = { trials: 0, changed: 0, kept: 0, unjudged: 0 };
  let waiting: Again[] = [];
  const write = async () => {
    const scored = await scoreAll(judging, waiting);
    const known = scored.filter((each) => each !== undefined);
    counts.unjudged += scored.length - known.length;
    known.forEach(({ again, before: was }) => {
      if (again.score !== was.score || again.state !== was.state) counts.changed += 1;
    });
    if (known.length > 0) await store.trials.rescore(known.map(({ again }) => again));
    waiting = [];
  };
  for await (const trial of store.trials.each({ run: record.id })) {
    counts.trials += 1;
    // What tools were called for stands beside the text of an answer.
    const called =
      judging.tools.length === 0 || trial.request === undefined
        ? []
        : ((await store.requests.get(trial.request))?.toolCalls ?? []);
    const own = packs ? await packedPart(store, trial, judging.output) : trial;
    const again = judge(record.id, own, called, await hopJudging(store, trial, judging));
    if (again === undefined) {
      counts.kept += 1;
      continue;
    }
    waiting.push(again);
    if (waiting.length >= batch) await write();
  }
  if (waiting.length > 0) await write();

  const races = await storedRaces(store, record);
  await store.runs.clearDecisions(record.id);
  const at = services.deps.clock.now();
  await store.runs.addDecisions(
    record.id,
    races.flatMap(({ model, sampler }) =>
      sampler.decisions().map(
        ({ variant, ...decision }): DecisionRecord => ({
          ...decision,
          model,
          variant: variant ?? undefined,
          numbers: { ...decision.numbers },
          at,
        }),
      ),
    ),
  );
  const summary = await summarise(store, {
    record,
    status: before.status,
    stopped: before.stopped,
    durationMs: before.durationMs,
    races,
    layoutMetrics: before.variants.map((variant) => variant.layoutMetrics),
    requests: before.requests,
    queue: before.queue,
    alerts: before.alerts ?? [],
    notes: JSON.parse(String(record.settings["notes"] ?? "[]")) as string[],
  });
  await store.runs.update(record.id, {
    verdict: JSON.stringify(summary.verdict),
    summary: JSON.stringify(summary),
  });
  services.emit("changed", { what: "runs" });
  return { schema: "layoutlab/score@1", ...counts, scorers: judging.scorers.map((scorer) => scorer.name), summary };
}

async function judgingOf(
  services: Services,
  sources: Sources,
  record: RunRecord,
  providers: Providers,
  mayAsk: boolean,
): Promise<{ readonly judging: Judging; close(): Promise<void> }> {
  if (record.file === "")
    throw new UserError("no-file", `run ${record.id} has no experiment file`, "it cannot be scored again");
  const loaded = await sources.ready({ file: record.file });
  const { experiment, dataset } = loaded;
  const { output } = experiment.prompt;
  const labels = output.labels === "auto" ? dataset.labels : output.labels;
  const asking = await askingOf(services, loaded, record, providers, !mayAsk);
  const scoring = openScoring({ services, sources, record, experiment, asking });
  let trouble: JudgeTrouble | undefined;
  scoring.onTrouble((each) => {
    trouble ??= each;
  });
  return {
    judging: {
      scorers: scoring.scorers,
      stored: record.scorers,
      output,
      labels,
      tools: experiment.tools,
      hops: experiment.chain.map((hop) => ({
        output: hop.output ?? output,
        labels: hop.output === undefined || hop.output.labels === "auto" ? labels : hop.output.labels,
      })),
      examples: new Map(dataset.examples.map((example) => [example.id, example])),
    },
    async close() {
      scoring.close();
      asking?.queue.dispose();
      await asking?.cache.close();
      if (trouble !== undefined) {
        const message =
          trouble.kind === "budget" ? describeBudget(trouble.reached) : `${trouble.model}: ${trouble.message}`;
        services.emit("log", { level: "warn", message: `the judge stopped early: ${message}` });
      }
    },
  };
}

/** How the judges are asked, if there are any. */
async function askingOf(
  services: Services,
  loaded: ReadyExperiment,
  record: RunRecord,
  providers: Providers,
  silent: boolean,
): Promise<Asking | undefined> {
  const prices = services.deps.prices ?? {};
  const judges = await openJudges(loaded.experiment, providers, prices);
  if (judges.size === 0) return undefined;
  const planned = await design(loaded, {}, { providers, prices }, record.variants);
  if (!silent) checkBudget(planned.experiment, judges);
  const cache = new AnswerCache({
    table: services.store.cache,
    mode: loaded.experiment.cache.mode,
    clock: services.deps.clock,
    warn: (message) => services.emit("log", { level: "warn", message }),
  });
  const queue = openQueue(await queueOptions(planned, {}, services, judges));
  return { judges, queue, cache, budget: new Budget(loaded.experiment.limits), silent };
}

/** An answer read again, with what its slow scorers are still to say. */
interface Again {
  readonly trial: TrialRecord;
  readonly input: ScoreInput | undefined;
  readonly before: TrialRow;
}

/** Undefined in the place of one that a judge was not asked about. */
async function scoreAll(
  { scorers, stored }: Judging,
  all: readonly Again[],
): Promise<readonly ({ readonly again: TrialRecord; readonly before: TrialRow } | undefined)[]> {
  const slow = scorers.filter(isSlow);
  const { signal } = new AbortController();
  let starting = true;
  const how = { signal, group: "", coming: () => starting };
  const scores = all.map(async ({ trial, input, before }) => {
    if (input === undefined || slow.length === 0) return { again: trial, before };
    const found = await Promise.all(
      slow.map(async (scorer): Promise<readonly [string, SlowScore]> => {
        const score = await scorer.judge(input, how);
        return [scorer.name, score.kind === "withdrawn" ? storedScore(before, scorer.name, stored) : score];
      }),
    );
    const again = scoredTrial(trial, scorers[0]?.name ?? "", new Map(found));
    return again && { again, before };
  });
  starting = false;
  for (const scorer of slow) scorer.calm?.("");
  return Promise.all(scores);
}

/** What the scorer of that name said when the run went on. */
function storedScore(before: TrialRow, name: string, [primary]: readonly string[]): SlowScore {
  const note = before.notes?.[name];
  const value = name === primary ? before.score : before.scores[name];
  return note === undefined || value === undefined ? { kind: "withdrawn" } : { kind: "scored", value, note };
}

/** A chain's last answer is read as the hop that gave it asks for it; its request says how many there were. */
async function hopJudging(store: Store, trial: TrialRow, judging: Judging): Promise<Judging> {
  if (judging.hops.length === 0 || trial.request === undefined) return judging;
  const request = await store.requests.get(trial.request);
  const parsed: unknown = request?.parsedResponse === undefined ? undefined : JSON.parse(request.parsedResponse);
  // All examples of a packed request stand at the same hop.
  const answered = fieldsOf(Array.isArray(parsed) ? parsed[0] : parsed)?.["hops"];
  const hop = Array.isArray(answered) ? judging.hops[answered.length - 1] : undefined;
  return hop === undefined ? judging : { ...judging, ...hop };
}

/** A trial of a packed request with its own part of the answer. */
async function packedPart(store: Store, trial: TrialRow, output: OutputPart): Promise<TrialRow> {
  const request = trial.request === undefined ? undefined : await store.requests.get(trial.request);
  if (request === undefined || request.trials.length < 2) return trial;
  const place = request.trials.findIndex(
    ([position, repeat]) => position === trial.position && repeat === trial.repeat,
  );
  const parts = unpack(trial.rawResponse ?? "", request.trials.length, output);
  return { ...trial, rawResponse: parts.get(place + 1) };
}

/** Undefined where there is nothing to read again, or nothing to hold it against. */
function judge(run: string, trial: TrialRow, toolCalls: readonly ToolCall[], judging: Judging): Again | undefined {
  const { rawResponse } = trial;
  // What could not be scored has an answer all the same.
  const answered = trial.state === "scored" || trial.state === "unparsable" || trial.notes !== undefined;
  if (rawResponse === undefined || !answered) return undefined;
  const example = judging.examples.get(trial.exampleId) ?? { expected: trial.expected, fields: {} };
  // A line that came with its score, and no right answer to check it by.
  if (example.expected === undefined && trial.source === "replay") return undefined;
  const answer = { text: rawResponse, toolCalls, tokenConfidence: trial.confidence };
  const { parsed } = readAnswer(answer, judging.output, judging.labels, judging.tools);
  const base = {
    run,
    variant: trial.variant,
    position: trial.position,
    repeat: trial.repeat,
    exampleId: trial.exampleId,
    request: trial.request,
    expected: example.expected,
  };
  const { score, state, prediction, confidence, scores, input } = scoreAnswer(
    rawResponse,
    parsed,
    example,
    judging.scorers,
  );
  return { trial: { ...base, state, prediction, score, confidence, scores }, input, before: trial };
}
