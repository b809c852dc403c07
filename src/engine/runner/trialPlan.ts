import type { Example } from "../dataset/example.ts";
import type { ChainStep } from "../packing/chain.ts";
import type { PackedVariant } from "../packing/packing.ts";
import type { Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { TrialRef } from "../provider/provider.ts";
import type { OutputPart } from "../spec/experiment.ts";
import type { NewRequest } from "../store/store.ts";
import type { ExpectedTokens } from "./record.ts";
import type { VariantRequest } from "./requests.ts";

/** One example under one variant, once, ready to be asked. */
export interface TrialPlan {
  readonly variant: Variant;
  /** Place in the run's order. */
  readonly position: number;
  readonly repeat: number;
  readonly example: Example;
  readonly prompt: Prompt;
  /** What it shares with every request of its variant; the messages are joined when it is sent. */
  readonly shared: VariantRequest;
  readonly key: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** What was left out so that it fits, JSON; undefined when nothing was. */
  readonly context: string | undefined;
  /** Why it must not be sent: a prompt of this row does not fit, so the row counts for no layout. */
  readonly refused: string | undefined;
  /** That of its local model's context when it was planned. */
  readonly generation?: number;
  /** Plans it anew, when less fits than before. */
  readonly again?: (() => TrialPlan) | undefined;
  /** The trials that this one request answers, in the order of their numbers; absent when it is a trial itself. */
  readonly pack?: readonly TrialPlan[];
  /** Its trial is stored, or not asked for now: it is here because the request it is part of was about it too. */
  readonly bystander?: true;
  /** How the members of a pack go on to the next hop together. */
  readonly packedNext?: PackedVariant | undefined;
  /** Absent without a chain, and on packs, whose members have it. */
  readonly chain?: ChainStep;
}

/** The trials of a request. */
export function trialsOf(plan: TrialPlan): readonly TrialPlan[] {
  return plan.pack ?? [plan];
}

export function trialKey(variant: number, position: number, repeat: number): string {
  return `${variant}:${position}:${repeat}`;
}

/** Rows of an interrupted run are found again by what they ask, of whom and for which trial. */
export function adoptionKey(plan: TrialPlan): string {
  return `${trialKey(plan.variant.index, plan.position, plan.repeat)}:${plan.key}`;
}

export function refOf({ example, variant, repeat }: TrialPlan): TrialRef {
  return { example: example.id, layout: variant.layout, repeat, parameters: variant.parameters };
}

export function expectedOf(plan: TrialPlan): ExpectedTokens {
  return { prompt: plan.promptTokens, completion: plan.completionTokens };
}

/** Its row in the table. `output` is the experiment's; a hop of a chain has its own. */
export function rowOf(run: string, plan: TrialPlan, output: OutputPart): NewRequest {
  return {
    run,
    variant: plan.variant.index,
    model: plan.variant.model,
    key: plan.key,
    taskType: (trialsOf(plan)[0]?.chain?.output ?? output).type,
    complexity: plan.promptTokens < 500 ? "low" : plan.promptTokens < 4000 ? "medium" : "high",
    priority: plan.position,
    messages: plan.prompt.messages,
    request: plan.shared.json,
    context: plan.context,
    responseSchema: plan.shared.schemaJson,
    promptTokensEstimated: plan.promptTokens,
    trials: trialsOf(plan).map(({ position, repeat }) => [position, repeat] as const),
  };
}
