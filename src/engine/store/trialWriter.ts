import { codeOf, trialStates } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import type { Completion, TrialRecord } from "./store.ts";
import { number, orNull } from "./values.ts";

/** Characters of an answer that stand in the trial's own row; a longer one is a body beside it. */
const inlineLength = 120;

/** What a trial's row repeats of its request, so that it can be sorted by it. */
export type RequestFacts = Pick<Completion, "source" | "promptTokens" | "completionTokens" | "latencyMs">;

/** Writes the trials that a request answered; each takes its share of the tokens, so that they add up. */
export function writeTrials(
  context: StoreContext,
  run: number,
  trials: readonly TrialRecord[],
  request: number,
  facts: RequestFacts,
): void {
  const share = (tokens: number | undefined) => tokens && Math.round(tokens / trials.length);
  const own =
    trials.length < 2
      ? facts
      : {
          source: facts.source,
          promptTokens: share(facts.promptTokens),
          completionTokens: share(facts.completionTokens),
          latencyMs: facts.latencyMs,
        };
  for (const trial of trials) writeTrial(context, run, trial, request, own);
}

/** Writes a trial in the open transaction, in place of an earlier one of the same place. */
function writeTrial(
  context: StoreContext,
  run: number,
  trial: TrialRecord,
  request: number | undefined,
  facts: RequestFacts | undefined,
): void {
  const { connection, tallies } = context;
  const values = [
    codeOf(trialStates, trial.state),
    orNull(trial.score),
    orNull(trial.confidence),
    ...inlined(context, trial.prediction),
    ...inlined(context, trial.expected),
    trial.exampleId,
    orNull(request),
    facts === undefined ? null : codeOfSource(facts.source),
    orNull(facts?.promptTokens),
    orNull(facts?.completionTokens),
    // A replayed latency was measured another day; it is no latency of this run.
    facts?.source === "call" ? orNull(facts.latencyMs) : null,
    scoresText(trial),
  ];
  const inserted = connection.run(
    `INSERT INTO trial (run, position, variant, repeat, state, score, confidence, prediction, prediction_body, expected,
      expected_body, example, request, source, prompt_tokens, completion_tokens, latency_ms, scores)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    run,
    trial.position,
    trial.variant,
    trial.repeat,
    ...values,
  );
  if (inserted === 0) {
    const place = [run, trial.position, trial.variant, trial.repeat];
    subtract(context, run, trial.variant, place);
    connection.run(
      `UPDATE trial SET state = ?, score = ?, confidence = ?, prediction = ?, prediction_body = ?, expected = ?,
        expected_body = ?, example = ?, request = ?, source = ?, prompt_tokens = ?, completion_tokens = ?, latency_ms = ?,
        scores = ? WHERE run = ? AND position = ? AND variant = ? AND repeat = ?`,
      ...values,
      ...place,
    );
  }
  tallies.variants.add([run, trial.variant], trialAmounts(codeOf(trialStates, trial.state), trial.score ?? 0, 1));
}

/** Changes what scoring says of a trial and leaves what its request said; false when there is no such trial. */
export function rescoreTrial(context: StoreContext, run: number, trial: TrialRecord): boolean {
  const { connection, tallies } = context;
  const place = [run, trial.position, trial.variant, trial.repeat];
  if (!subtract(context, run, trial.variant, place)) return false;
  connection.run(
    `UPDATE trial SET state = ?, score = ?, confidence = ?, prediction = ?, prediction_body = ?, expected = ?,
      expected_body = ?, scores = ? WHERE run = ? AND position = ? AND variant = ? AND repeat = ?`,
    codeOf(trialStates, trial.state),
    orNull(trial.score),
    orNull(trial.confidence),
    ...inlined(context, trial.prediction),
    ...inlined(context, trial.expected),
    scoresText(trial),
    ...place,
  );
  tallies.variants.add([run, trial.variant], trialAmounts(codeOf(trialStates, trial.state), trial.score ?? 0, 1));
  return true;
}

function subtract(context: StoreContext, run: number, variant: number, place: readonly number[]): boolean {
  const old = context.connection.get(
    "SELECT state, score FROM trial WHERE run = ? AND position = ? AND variant = ? AND repeat = ?",
    ...place,
  );
  if (old === undefined) return false;
  const score = old["score"] === null ? 0 : number(old["score"]);
  context.tallies.variants.add([run, variant], trialAmounts(number(old["state"]), score, -1));
  return true;
}

/** Columns of variantColumns that a trial touches, times `sign`; the rest count requests. */
function trialAmounts(state: number, score: number, sign: 1 | -1): number[] {
  const amounts = [sign, 0, 0, 0, 0, sign * score, 0, 0, 0, 0, 0, 0];
  amounts[1 + state] = sign;
  return amounts;
}

/** Notes stand among the scores, under a name that no scorer has. */
const notesKey = "";

function scoresText({ scores, notes }: TrialRecord): string | null {
  if (notes !== undefined) return JSON.stringify({ ...scores, [notesKey]: notes });
  for (const _ in scores) return JSON.stringify(scores);
  return null;
}

/** What `scores` holds, taken apart again. */
export function readScores(stored: string | undefined): Pick<TrialRecord, "scores" | "notes"> {
  if (stored === undefined) return { scores: {} };
  const { [notesKey]: notes, ...scores } = JSON.parse(stored) as Record<string, number> & {
    readonly [notesKey]?: NonNullable<TrialRecord["notes"]>;
  };
  return notes === undefined ? { scores } : { scores, notes };
}

function inlined(context: StoreContext, answer: string | undefined): [string | null, number | null] {
  if (answer === undefined) return [null, null];
  if (answer.length <= inlineLength) return [answer, null];
  return [answer.slice(0, inlineLength), context.registry.body(answer)];
}

function codeOfSource(source: Completion["source"]): number {
  return source === "call" ? 0 : source === "cache" ? 1 : 2;
}
