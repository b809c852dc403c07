import type { TrimReport } from "../context/trim.ts";
import type { Example } from "../dataset/example.ts";
import { type ChainStep, endsChain, type HopAnswer, withAnswers } from "../packing/chain.ts";
import type { Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { RunRecord } from "../store/store.ts";
import type { RunContexts } from "./contexts.ts";
import type { Design } from "./design.ts";
import type { PreparedRun } from "./preparedRun.ts";
import { fitRow } from "./prompts.ts";
import type { VariantRequest } from "./requests.ts";
import type { TrialPlan } from "./trialPlan.ts";

/** Turns an ask into what would be sent. */
export function planner(record: RunRecord, planned: Design): PreparedRun["plan"] {
  const { experiment, dataset, prompts, answerTokens, hops, contexts } = planned;

  /** Why a row cannot be asked: it must fit under every layout, or a cut would look like a layout effect. */
  const refusal = (example: Example): string | undefined => {
    for (const one of prompts) {
      // No text has more tokens than bytes, and counting takes longer than this.
      if (one.budget === undefined || 3 * lengthOf(one.layout.assemble(example)) <= one.budget) continue;
      const { trim } = fitRow(one, example, experiment.context.trim);
      if (trim !== undefined && !trim.fits)
        return `the prompt of ${one.variant.id} has ${trim.before} tokens and may have ${trim.budget}: the row counts for no layout`;
    }
    return undefined;
  };
  // The variants of a row are asked about close together.
  const refusals = new Map<number, string | undefined>();
  let refusedAt = 0;
  const refusalAt = (position: number, example: Example): string | undefined => {
    if (prompts.every((one) => one.budget === undefined)) return undefined;
    const generation = [...contexts.managers.values()].reduce((sum, manager) => sum + manager.generation, 0);
    if (generation !== refusedAt) {
      refusals.clear();
      refusedAt = generation;
    }
    if (!refusals.has(position)) {
      if (refusals.size >= 4_096) refusals.clear();
      refusals.set(position, refusal(example));
    }
    return refusals.get(position);
  };

  const planHop = (
    at: number,
    variant: Variant,
    position: number,
    repeat: number,
    earlier: readonly HopAnswer[],
  ): TrialPlan => {
    const row = dataset.examples[record.order[position] ?? -1];
    const hop = hops[at];
    const own = hop?.prompts[variant.index];
    const common = hop?.shared[variant.index];
    if (row === undefined || hop === undefined || own === undefined || common === undefined)
      throw new Error(`no plan for ${variant.id} at ${position}`);
    const example = withAnswers(row, earlier);
    const { prompt, tokens, trim } = fitRow(own, example, experiment.context.trim);
    const { spec, output, labels } = hop;
    const changed = trim === undefined ? undefined : contexts.cutSince(variant.model, position);
    const chain: ChainStep | undefined = spec && {
      id: spec.id,
      output,
      labels,
      earlier,
      follow: (answer) =>
        at + 1 >= hops.length || endsChain(spec, answer)
          ? undefined
          : planHop(at + 1, variant, position, repeat, [...earlier, { id: spec.id, answer }]),
    };
    return {
      variant,
      position,
      repeat,
      example,
      prompt,
      shared: contexts.managers.has(variant.model) ? contextually(common, contexts, variant.model) : common,
      key: common.keyOf(prompt.messages, repeat),
      promptTokens: tokens,
      completionTokens: answerTokens,
      context: trim && JSON.stringify(trim),
      refused: (at === 0 ? refusalAt(position, example) : tooLongHop(trim)) ?? changed,
      ...(contexts.managers.has(variant.model) ? { again: () => planHop(at, variant, position, repeat, earlier) } : {}),
      ...(chain === undefined ? {} : { chain }),
    };
  };
  return (variant, position, repeat) => planHop(0, variant, position, repeat, []);
}

/** The same request with the context that is asked for now; its key does not change with it, as a prompt that fits is read whole. */
function contextually(shared: VariantRequest, contexts: RunContexts, model: string): VariantRequest {
  const tokens = contexts.managers.get(model)?.tokens;
  if (tokens === undefined || tokens === shared.request.contextTokens) return shared;
  const { parameters, tools } = shared.request;
  return {
    ...shared,
    request: { ...shared.request, contextTokens: tokens },
    json: JSON.stringify({ parameters, tools, contextTokens: tokens }),
  };
}

/** Earlier answers may make a later hop's prompt too long. */
function tooLongHop(trim: TrimReport | undefined): string | undefined {
  if (trim === undefined || trim.fits) return undefined;
  return `a later hop's prompt has ${trim.before} tokens and may have ${trim.budget}: the row counts for no layout`;
}

function lengthOf(prompt: Prompt): number {
  let length = 0;
  for (const { pieces } of prompt.messages) for (const { text } of pieces) length += text.length;
  return length;
}
