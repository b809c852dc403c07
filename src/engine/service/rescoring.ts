import { UserError } from "../../base/errors.ts";
import { fieldsOf } from "../../base/untyped.ts";
import type { Rescored } from "../api.ts";
import { openScorers } from "../metrics/scorers/open.ts";
import type { Scorer } from "../metrics/scorers/scorer.ts";
import { unpack } from "../packing/unpack.ts";
import type { ToolCall } from "../prompt/prompt.ts";
import { readAnswer } from "../response/read.ts";
import { storedRaces } from "../runner/samplers.ts";
import { summarise } from "../runner/summary.ts";
import type { Experiment, OfferedTool, OutputPart } from "../spec/experiment.ts";
import type { DecisionRecord, ExampleRecord, RunRecord, Store, TrialRecord, TrialRow } from "../store/store.ts";
import type { Services } from "./deps.ts";
import type { Results } from "./results.ts";
import type { Sources } from "./source.ts";

/** How the experiment judges answers now. */
interface Judging {
  readonly scorers: readonly Scorer[];
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
 * and decides anew from the new scores. No model is asked. Trials without an answer keep what they have.
 */
export async function rescore(
  services: Services,
  sources: Sources,
  results: Results,
  record: RunRecord,
): Promise<Rescored> {
  const { store } = services;
  const judging = await judgingOf(sources, record);
  const before = await results.summary(record);
  const { packing, parameters } = JSON.parse(record.experiment) as Experiment;
  const packs = packing.segmentsPerRequest > 1 || parameters["packing"] !== undefined;
  const counts = { trials: 0, changed: 0, kept: 0 };
  let waiting: TrialRecord[] = [];
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
    if (again.score !== trial.score || again.state !== trial.state) counts.changed += 1;
    waiting.push(again);
    if (waiting.length >= batch) {
      await store.trials.rescore(waiting);
      waiting = [];
    }
  }
  if (waiting.length > 0) await store.trials.rescore(waiting);

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

async function judgingOf(sources: Sources, record: RunRecord): Promise<Judging> {
  if (record.file === "")
    throw new UserError("no-file", `run ${record.id} has no experiment file`, "it cannot be scored again");
  const { experiment, dataset } = await sources.ready({ file: record.file });
  const { output } = experiment.prompt;
  const labels = output.labels === "auto" ? dataset.labels : output.labels;
  return {
    scorers: openScorers(experiment.scoring),
    output,
    labels,
    tools: experiment.tools,
    hops: experiment.chain.map((hop) => ({
      output: hop.output ?? output,
      labels: hop.output === undefined || hop.output.labels === "auto" ? labels : hop.output.labels,
    })),
    examples: new Map(dataset.examples.map((example) => [example.id, example])),
  };
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
function judge(
  run: string,
  trial: TrialRow,
  toolCalls: readonly ToolCall[],
  judging: Judging,
): TrialRecord | undefined {
  const { rawResponse } = trial;
  if (rawResponse === undefined || (trial.state !== "scored" && trial.state !== "unparsable")) return undefined;
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
  if (parsed.kind === "invalid") {
    return { ...base, state: "unparsable", prediction: undefined, score: 0, confidence: undefined, scores: {} };
  }
  const [primary, ...others] = judging.scorers.map(
    (scorer) => [scorer.name, scorer.score({ parsed, text: rawResponse, example }).value] as const,
  );
  return {
    ...base,
    state: "scored",
    prediction: parsed.prediction,
    score: primary?.[1] ?? 0,
    confidence: parsed.confidence,
    scores: Object.fromEntries(others),
  };
}
