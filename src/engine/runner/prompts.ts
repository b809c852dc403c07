import { UserError } from "../../base/errors.ts";
import { approximateTokenizer, type TokenCounter } from "../context/tokenizer.ts";
import { fitPrompt, type TrimReport } from "../context/trim.ts";
import { knownWindow, promptBudget } from "../context/window.ts";
import type { Example } from "../dataset/example.ts";
import { compileVariantPrompts, type LayoutSource } from "../layout/compile.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { layoutMetrics, metricsMean } from "../layout/metrics.ts";
import { expectedAnswerTokens } from "../layout/output.ts";
import type { RenderedLayout } from "../layout/render.ts";
import type { Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { ContextSpec, Experiment } from "../spec/experiment.ts";

/** A variant's prompts, as a run asks for them. */
export interface VariantPrompts {
  readonly variant: Variant;
  readonly layout: RenderedLayout;
  readonly counter: TokenCounter;
  /** Most tokens a prompt may have; undefined when nothing limits it. */
  readonly budget: number | undefined;
}

export interface FittedPrompt {
  readonly prompt: Prompt;
  readonly tokens: number;
  /** Set when something was left out, or when it does not fit at all. */
  readonly trim: TrimReport | undefined;
}

/** Joins every variant's layout with the experiment's parts. @throws UserError for a layout that cannot be made. */
export function variantPrompts(
  source: LayoutSource & { readonly experiment: Experiment },
  variants: readonly Variant[],
  counterOf: (model: string) => TokenCounter,
  windowOf: (model: string) => number | undefined = knownWindow,
): readonly VariantPrompts[] {
  const { experiment } = source;
  const answerTokens = expectedAnswerTokens(experiment.prompt.output, source.labels, approximateTokenizer.count);
  return variants.map((variant) => {
    const spec = experiment.layouts.find((layout) => layout.name === variant.layout);
    if (spec === undefined) throw new Error(`no layout ${variant.layout}`);
    const compiled = compileVariantPrompts(source, spec, variant.parameters);
    if (compiled.kind === "problem") throw new UserError(compiled.code, compiled.message, compiled.action);
    return {
      variant,
      layout: compiled.layout,
      counter: counterOf(variant.model),
      // Asked anew each time, as the window of a local model may shrink.
      get budget() {
        return promptBudget({
          maxTokens: experiment.context.maxTokens,
          windowTokens: windowOf(variant.model),
          answerTokens,
        });
      },
    };
  });
}

export function fitRow(prompts: VariantPrompts, example: Example, trim: ContextSpec["trim"]): FittedPrompt {
  const { budget } = prompts;
  if (budget === undefined) {
    const prompt = prompts.layout.assemble(example);
    return { prompt, tokens: prompts.counter.prompt(prompt), trim: undefined };
  }
  const { prompt, report } = fitPrompt(prompts.layout, example, {
    budget,
    trim,
    count: prompts.counter.prompt,
  });
  return { prompt, tokens: report.after, trim: report.before === report.after && report.fits ? undefined : report };
}

/** Mean metrics over the given examples, one per variant. */
export function meanMetrics(all: readonly VariantPrompts[], examples: readonly Example[]): readonly LayoutMetrics[] {
  return all.map(({ layout, counter }) => {
    const mean = metricsMean();
    for (const example of examples) mean.add(layoutMetrics(layout.assemble(example), counter.piece));
    const result = mean.mean();
    if (result === undefined) throw new Error("no example to measure");
    return result;
  });
}
