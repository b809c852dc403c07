import { promptBudget } from "../context/window.ts";
import { listed } from "../decide/words.ts";
import type { LayoutSource } from "../layout/compile.ts";
import type { Variant } from "../plan/variants.ts";
import type { VariantPrompts } from "../runner/prompts.ts";
import type { RunModel } from "../runner/record.ts";
import { variantRequest } from "../runner/requests.ts";
import type { Experiment, Scalar } from "../spec/experiment.ts";
import { packedLayout } from "./packedLayout.ts";
import { type PackedVariant, packSize } from "./packing.ts";

/** Parameters that bound an answer's length; a packed answer is as long as all its members' together. */
const answerLimits: ReadonlySet<string> = new Set(["max_tokens", "max_completion_tokens", "num_predict"]);

/**
 * How the variants that pack do so, by place. Recorded answers are one a trial, tools are called for one example, and rules choose
 * a layout for one text: such variants stay unpacked.
 */
export function packedVariants({
  source,
  prompts,
  models,
  contextTokens,
  next,
}: {
  readonly source: LayoutSource & { readonly experiment: Experiment };
  readonly prompts: readonly VariantPrompts[];
  readonly models: ReadonlyMap<string, RunModel>;
  readonly contextTokens: ReadonlyMap<string, number>;
  /** The same of the chain's next hop. */
  readonly next?: ReadonlyMap<number, PackedVariant> | undefined;
}): ReadonlyMap<number, PackedVariant> {
  const { experiment } = source;
  const packed = new Map<number, PackedVariant>();
  for (const one of prompts) {
    const { variant, counter } = one;
    const size = packSize(experiment, variant);
    const model = models.get(variant.model);
    const spec = experiment.layouts.find(({ name }) => name === variant.layout);
    if (size < 2 || model === undefined || spec === undefined || !canPack(experiment, model, spec)) continue;
    const { output } = experiment.prompt;
    // The schema is that of one answer; the prompt tells it, and each item is held against it.
    const answers = { ...experiment, prompt: { ...experiment.prompt, output: { ...output, schema: undefined } } };
    const roomy = { ...variant, parameters: withRoom(variant.parameters, size) };
    packed.set(variant.index, {
      size,
      shared: variantRequest(answers, roomy, model, contextTokens.get(model.id)),
      assemble: packedLayout(source, spec, variant.parameters).assemble,
      tokens: counter.prompt,
      get budget() {
        return one.budget ?? packBudget(contextTokens.get(variant.model));
      },
      next: next?.get(variant.index),
    });
  }
  return packed;
}

/** A context chosen for single prompts holds as much of a pack as fits, with estimates up to a fifth low. */
function packBudget(contextTokens: number | undefined): number | undefined {
  const budget = promptBudget({ maxTokens: undefined, windowTokens: contextTokens });
  return budget === undefined ? undefined : Math.floor(budget / 1.2);
}

type LayoutSpec = Experiment["layouts"][number];

function canPack(
  { tools }: Experiment,
  { facts }: RunModel,
  layout: LayoutSpec,
): layout is Exclude<LayoutSpec, { kind: "dynamic" }> {
  return tools.length === 0 && !facts.replayed && layout.kind !== "dynamic";
}

function withRoom(parameters: Variant["parameters"], size: number): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      answerLimits.has(name) && typeof value === "number" ? size * (value + 16) : value,
    ]),
  );
}

/** What a reader must know of the packing. */
export function packingNotes(
  experiment: Experiment,
  variants: readonly Variant[],
  packed: ReadonlyMap<number, PackedVariant>,
): string[] {
  const sizes = [...new Set([...packed.values()].map(({ size }) => size))].sort((a, b) => a - b);
  const left = variants.filter((variant) => packSize(experiment, variant) > 1 && !packed.has(variant.index));
  return [
    ...(sizes.length === 0
      ? []
      : [
          `A request carries up to ${listed(sizes.map(String), "or")} examples: an answer may depend on its neighbours. parameters: { packing: [1, ${sizes.at(-1)}] } shows what that does to accuracy.`,
        ]),
    ...(left.length === 0
      ? []
      : [
          `${listed(left.map(({ id }) => id))} ${left.length === 1 ? "is" : "are"} not packed: recorded answers, tools and rules by text need a request for each example.`,
        ]),
  ];
}
