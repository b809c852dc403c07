import type { DemonstrationSelect, LayoutSpec, ListOrder, Scalar, Style } from "../spec/experiment.ts";
import { type CompiledRule, dynamicLayout } from "./dynamic.ts";
import type { Arrangement } from "./layout.ts";
import { inOrder } from "./order.ts";
import { type ExperimentParts, type PromptSource, partsOf } from "./parts.ts";
import { compileLayout, type RenderedLayout } from "./render.ts";
import { type LayoutProblem, resolveLayout } from "./resolve.ts";

/** A loaded experiment, as far as prompts need it. */
export interface LayoutSource extends PromptSource {
  readonly experiment: PromptSource["experiment"] & { readonly layouts: readonly LayoutSpec[] };
}

export type Compiled = { readonly kind: "compiled"; readonly layout: RenderedLayout } | LayoutProblem;

/** Prompts of one variant: a layout of the experiment under parameter values. */
export function compileVariantPrompts(
  source: LayoutSource,
  layout: LayoutSpec,
  parameters: Readonly<Record<string, Scalar>> = {},
): Compiled {
  if (layout.kind === "dynamic") {
    const rules: CompiledRule[] = [];
    for (const { when, use } of layout.rules) {
      const compiled = compileVariantPrompts(source, use, parameters);
      if (compiled.kind === "problem") return compiled;
      rules.push({ when, layout: compiled.layout });
    }
    return {
      kind: "compiled",
      layout: dynamicLayout(layout.name, rules, source.experiment.prompt.segment.text),
    };
  }
  const declared = source.experiment.layouts.filter((each) => each.kind === "declared");
  const resolved = resolveLayout(layout, declared);
  if (resolved.kind === "problem") return resolved;
  const varied = withParameters(resolved.arrangement, partsOf(source), parameters);
  return { kind: "compiled", layout: compileLayout(varied.arrangement, varied.parts) };
}

/** Applies `style`, `examples.*` and `options.order`; a variant's style wins over a declared layout's. */
export function withParameters(
  arrangement: Arrangement,
  parts: ExperimentParts,
  parameters: Readonly<Record<string, Scalar>>,
): { readonly arrangement: Arrangement; readonly parts: ExperimentParts } {
  const { style, "examples.count": count, "examples.select": select, "options.order": options } = parameters;
  const demonstrations = parts.demonstrations;
  const changed =
    demonstrations?.kind === "pool"
      ? {
          ...demonstrations,
          count: typeof count === "number" ? count : demonstrations.count,
          select: isSelect(select) ? select : demonstrations.select,
          ...(isOrder(parameters["examples.order"]) ? { order: parameters["examples.order"] } : {}),
        }
      : count === 0
        ? undefined
        : demonstrations;
  return {
    arrangement: isStyle(style) ? { ...arrangement, style } : arrangement,
    parts: {
      ...parts,
      demonstrations: changed,
      labels: isOrder(options) ? inOrder(parts.labels, options, parts.seed) : parts.labels,
    },
  };
}

function isStyle(value: Scalar | undefined): value is Style {
  return value === "plain" || value === "markdown" || value === "xml";
}

function isOrder(value: Scalar | undefined): value is ListOrder {
  return value === "asWritten" || value === "reversed" || value === "shuffled";
}

function isSelect(value: Scalar | undefined): value is DemonstrationSelect {
  return value === "first" || value === "random" || value === "nearest";
}
