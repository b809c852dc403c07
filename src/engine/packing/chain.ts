import type { Example } from "../dataset/example.ts";
import type { LayoutSource } from "../layout/compile.ts";
import { looseLabel } from "../response/labels.ts";
import type { TrialPlan } from "../runner/trialPlan.ts";
import type { Experiment, HopSpec, OutputPart, PromptSpec } from "../spec/experiment.ts";

/** What a hop was answered. */
export interface HopAnswer {
  readonly id: string;
  readonly answer: string;
}

/** Where a trial stands in its chain. */
export interface ChainStep {
  /** How this hop's answer is read. */
  readonly output: OutputPart;
  readonly labels: readonly string[];
  /** Name of this hop. */
  readonly id: string;
  /** Hops before this one. */
  readonly earlier: readonly HopAnswer[];
  /** The request of the next hop; undefined when this answer ends the chain. */
  follow(answer: string): TrialPlan | undefined;
}

type ChainSource = LayoutSource & { readonly experiment: Experiment };

/** The experiment as one hop asks it. */
export function hopSource(source: ChainSource, hop: HopSpec): ChainSource {
  const { prompt, labels } = hopPrompt(source, hop);
  return { ...source, experiment: { ...source.experiment, prompt }, labels };
}

/** The prompt with the hop's question, the parts it replaces, and its kind of answer. */
export function hopPrompt(
  { experiment, labels }: LayoutSource,
  hop: HopSpec,
): { readonly prompt: PromptSpec; readonly labels: readonly string[] } {
  return {
    prompt: {
      ...experiment.prompt,
      ...hop.overrides,
      question: { text: hop.question, file: undefined },
      output: hop.output ?? experiment.prompt.output,
    },
    labels: hop.output === undefined || hop.output.labels === "auto" ? labels : hop.output.labels,
  };
}

/** Whether an answer ends the chain before its last hop, compared as labels are. */
export function endsChain(hop: HopSpec, answer: string): boolean {
  return hop.stopWhen !== undefined && looseLabel(hop.stopWhen) === looseLabel(answer);
}

/** The example as a later hop sees it: earlier answers stand in columns named as their hops. */
export function withAnswers(example: Example, earlier: readonly HopAnswer[]): Example {
  if (earlier.length === 0) return example;
  return {
    ...example,
    fields: { ...example.fields, ...Object.fromEntries(earlier.map(({ id, answer }) => [id, answer])) },
  };
}

/** All hops of a chain that ended, as the last request's row keeps them. */
export function hopResults(step: ChainStep, answer: string): readonly HopAnswer[] {
  return [...step.earlier, { id: step.id, answer }];
}
