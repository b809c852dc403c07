import type { Example } from "../dataset/example.ts";
import type { Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { VariantRequest } from "../runner/requests.ts";
import type { TrialPlan } from "../runner/trialPlan.ts";
import type { Experiment } from "../spec/experiment.ts";

/** How one variant's trials share requests. */
export interface PackedVariant {
  /** Most segments a request carries. */
  readonly size: number;
  readonly shared: VariantRequest;
  assemble(examples: readonly Example[]): Prompt;
  tokens(prompt: Prompt): number;
  /** Most tokens a prompt may have; undefined when nothing limits it. */
  readonly budget: number | undefined;
  /** How the chain's next hop is packed; undefined after the last. */
  readonly next: PackedVariant | undefined;
}

/** Segments that a request of the variant carries: the parameter `packing` where it varies, else the experiment's. */
export function packSize(experiment: Pick<Experiment, "packing">, variant: Pick<Variant, "parameters">): number {
  const { packing } = variant.parameters;
  return typeof packing === "number" ? packing : experiment.packing.segmentsPerRequest;
}

/** Tokens an item of the answer takes beside the answer itself. */
const itemTokens = 10;

/** One request for several trials of a variant; several where it would be longer than allowed. */
export function packedPlans(packed: PackedVariant, members: readonly TrialPlan[]): readonly TrialPlan[] {
  const [first] = members;
  if (first === undefined || members.length === 1) return members;
  const prompt = packed.assemble(members.map(({ example }) => example));
  const promptTokens = packed.tokens(prompt);
  if (packed.budget !== undefined && promptTokens > packed.budget) {
    const half = Math.ceil(members.length / 2);
    return [...packedPlans(packed, members.slice(0, half)), ...packedPlans(packed, members.slice(half))];
  }
  return [
    {
      ...first,
      pack: members,
      // Its members are asked alone when it does not fit.
      again: undefined,
      packedNext: packed.next,
      prompt,
      shared: packed.shared,
      key: packed.shared.keyOf(prompt.messages, first.repeat),
      promptTokens,
      completionTokens: members.reduce((sum, { completionTokens }) => sum + completionTokens + itemTokens, 0),
      context: undefined,
    },
  ];
}

/**
 * Requests for members some of whom are bystanders: as it was made before where its answer is kept, which then tells for the
 * others what it told; else without them. `left` counts the bystanders that are no longer part of any.
 */
export function resumedPlans(
  packed: PackedVariant | undefined,
  members: readonly TrialPlan[],
  isAnswered: (plan: TrialPlan) => boolean,
): { readonly plans: readonly TrialPlan[]; readonly left: number } {
  const made = (plans: readonly TrialPlan[]) => (packed === undefined ? plans : packedPlans(packed, plans));
  if (!members.some(({ bystander }) => bystander)) return { plans: made(members), left: 0 };
  const plans: TrialPlan[] = [];
  const others: TrialPlan[] = [];
  let left = 0;
  for (const piece of made(members)) {
    const own = piece.pack ?? [piece];
    const wanted = own.filter(({ bystander }) => !bystander);
    if (wanted.length > 0 && (wanted.length === own.length || isAnswered(piece))) plans.push(piece);
    else {
      others.push(...wanted);
      left += own.length - wanted.length;
    }
  }
  return { plans: [...plans, ...made(others)], left };
}
