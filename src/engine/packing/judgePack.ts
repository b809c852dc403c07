import { type ParsedAnswer, parseAnswer } from "../response/answer.ts";
import type { Outcome } from "../response/outcome.ts";
import type { TrialPlan } from "../runner/trialPlan.ts";
import type { OutputPart } from "../spec/experiment.ts";
import { hopResults } from "./chain.ts";
import { unpack } from "./unpack.ts";

/** One trial's part of a packed answer. */
export interface PackedAnswer {
  readonly plan: TrialPlan;
  readonly outcome: Outcome;
  readonly parsed: ParsedAnswer | undefined;
}

/** What became of a packed request. */
export interface JudgedPack {
  readonly answers: readonly PackedAnswer[];
  /** To be asked alone: what is missing, doubled or malformed, and all of it where the request as a whole was too much. */
  readonly unanswered: readonly TrialPlan[];
  /** The request's own reading, for its row. */
  readonly parsed: ParsedAnswer | undefined;
}

export function judgePack(
  members: readonly TrialPlan[],
  outcome: Outcome,
  output: OutputPart,
  labels: readonly string[],
): JudgedPack {
  if (outcome.kind !== "answered") {
    const tooMuch =
      outcome.kind === "tooLong" ||
      outcome.kind === "filtered" ||
      (outcome.kind === "unavailable" && outcome.reason === "timeout");
    return tooMuch
      ? { answers: [], unanswered: members, parsed: undefined }
      : {
          answers: members.map((plan) => ({ plan, outcome, parsed: undefined })),
          unanswered: [],
          parsed: undefined,
        };
  }
  // All stand at the same hop.
  const how = members[0]?.chain ?? { output, labels };
  const texts = unpack(outcome.text, members.length, how.output);
  const answers: PackedAnswer[] = [];
  const unanswered: TrialPlan[] = [];
  members.forEach((plan, i) => {
    const text = texts.get(i + 1);
    const parsed =
      text === undefined ? undefined : parseAnswer({ text, tokenConfidence: undefined }, how.output, how.labels);
    if (text === undefined || parsed?.kind !== "valid") unanswered.push(plan);
    else answers.push({ plan, outcome: { ...outcome, text }, parsed });
  });
  return { answers, unanswered, parsed: wholeReading(texts, members) };
}

function wholeReading(texts: ReadonlyMap<number, string>, members: readonly TrialPlan[]): ParsedAnswer {
  if (texts.size === 0) {
    const message = `the answer is no JSON array of ${members.length} numbered answers`;
    return { kind: "invalid", problem: "malformedJson", message, errors: [], json: undefined };
  }
  const value = [...texts].map(([id, answer]) => {
    const step = members[id - 1]?.chain;
    return { id, answer, ...(step === undefined ? {} : { hops: hopResults(step, answer) }) };
  });
  return { kind: "valid", prediction: "", value, confidence: undefined, ranking: undefined, recorded: undefined };
}
