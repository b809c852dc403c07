import type { AnyScorer } from "../metrics/scorers/scorer.ts";
import { hopResults } from "../packing/chain.ts";
import { judgePack } from "../packing/judgePack.ts";
import { resumedPlans } from "../packing/packing.ts";
import type { Outcome } from "../response/outcome.ts";
import { type ReadAnswer, readAnswer } from "../response/read.ts";
import type { OutputPart } from "../spec/experiment.ts";
import type { RequestRecord } from "../store/store.ts";
import { type TrialDraft, trialOf } from "./record.ts";
import { adoptionKey, type TrialPlan } from "./trialPlan.ts";

/** How the answers of a run become scores. */
export interface Judging {
  readonly run: string;
  readonly scorers: readonly AnyScorer[];
  readonly output: OutputPart;
  readonly labels: readonly string[];
  /** Answers an interrupted run holds, by `adoptionKey`. */
  readonly answered: ReadonlyMap<string, RequestRecord>;
}

/** What an outcome decides. */
export interface Judged {
  /** What executing and judging has to say is not in them yet. */
  readonly drafts: readonly TrialDraft[];
  /** Trials of a packed request that it left open; they are to be asked alone. */
  readonly unanswered: readonly TrialPlan[];
  /** Requests of the next hop, for trials whose chain goes on. */
  readonly next: readonly TrialPlan[];
  /** Bystanders of which nothing more comes: their trials are stored already, or asked for later. */
  readonly left: number;
  /** The request's own reading, for its row. */
  readonly parsed: ReadAnswer["parsed"] | undefined;
}

/** Reads the answer to one trial; nothing where there is none, or where it is a pack's, whose parts are read apart. */
export function readPlan(plan: TrialPlan, outcome: Outcome, judging: Judging): Partial<ReadAnswer> {
  if (outcome.kind !== "answered" || plan.pack !== undefined) return {};
  const { output, labels } = plan.chain ?? judging;
  return readAnswer(outcome, output, labels, plan.shared.request.tools);
}

/** The trials that an outcome decides. `id` is undefined where their request gets its row with them. */
export function judge(
  plan: TrialPlan,
  outcome: Outcome,
  parsed: ReadAnswer["parsed"] | undefined,
  id: number | undefined,
  { run, scorers, output, labels, answered }: Judging,
): Judged {
  const judged =
    plan.pack === undefined
      ? { answers: [{ plan, outcome, parsed }], unanswered: [], parsed: withHops(plan, parsed) }
      : judgePack(plan.pack, outcome, output, labels);
  const drafts: TrialDraft[] = [];
  const following: TrialPlan[] = [];
  let left = 0;
  for (const each of judged.answers) {
    const next = each.parsed?.kind === "valid" ? each.plan.chain?.follow(each.parsed.prediction) : undefined;
    if (next !== undefined) following.push(each.plan.bystander ? { ...next, bystander: true } : next);
    else if (each.plan.bystander) left += 1;
    else drafts.push(trialOf(run, each.plan, each.outcome, each.parsed, scorers, id));
  }
  const unanswered = judged.unanswered.filter(({ bystander }) => !bystander);
  left += judged.unanswered.length - unanswered.length;
  const next = resumedPlans(plan.packedNext, following, (one) => answered.has(adoptionKey(one)));
  return { drafts, unanswered, next: next.plans, left: left + next.left, parsed: judged.parsed };
}

/** The reading of a chain's last request tells all its hops. */
function withHops({ chain }: TrialPlan, parsed: ReadAnswer["parsed"] | undefined): ReadAnswer["parsed"] | undefined {
  if (chain === undefined || parsed?.kind !== "valid") return parsed;
  return { ...parsed, value: { answer: parsed.value, hops: hopResults(chain, parsed.prediction) } };
}
