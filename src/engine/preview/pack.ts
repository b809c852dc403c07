import type { Example } from "../dataset/example.ts";
import { storedOrder } from "../decide/order.ts";
import { packedLayout } from "../packing/packedLayout.ts";
import { packSize } from "../packing/packing.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { Experiment, Scalar } from "../spec/experiment.ts";
import type { PreviewSource } from "./preview.ts";

/** The request that an example shares with others. */
export interface PackedPrompt {
  readonly prompt: Prompt;
  /** Places of its examples in the dataset, in the order of their numbers. */
  readonly members: readonly number[];
}

export interface PackOptions {
  readonly layout: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly model: string | undefined;
  /** Place of the example in the dataset. */
  readonly index: number;
  readonly seed: Experiment["sampling"]["seed"];
  readonly segmentsPerRequest: number;
  readonly tools: number;
  readonly budget: number | undefined;
  readonly count: (prompt: Prompt) => number;
  /** The example as the hop shows it. */
  readonly seenAs: (example: Example) => Example;
}

/**
 * The packed prompt as a run sends it: the examples of one block of the stored order, in halves where it would be too long.
 * Undefined where every example has a request of its own.
 */
export function packedPrompt(source: PreviewSource, options: PackOptions): PackedPrompt | undefined {
  const { index, parameters, budget, count } = options;
  const size = packSize({ packing: { segmentsPerRequest: options.segmentsPerRequest } }, { parameters });
  const spec = source.experiment.layouts.find(({ name }) => name === options.layout) ?? {
    kind: "named",
    name: options.layout,
  };
  if (size < 2 || options.tools > 0 || spec.kind === "dynamic" || /^replay[:/]/.test(options.model ?? ""))
    return undefined;
  const order = storedOrder(source.examples.length, options.seed);
  const position = order.indexOf(index);
  const start = position - (position % size);
  const layout = packedLayout(source, spec, parameters);
  let members = order.slice(start, start + size);
  for (;;) {
    if (members.length < 2) return undefined;
    const prompt = layout.assemble(
      members.flatMap((at) => {
        const example = source.examples[at];
        return example === undefined ? [] : [options.seenAs(example)];
      }),
    );
    if (budget === undefined || count(prompt) <= budget) return { prompt, members };
    const half = Math.ceil(members.length / 2);
    members = members.indexOf(index) < half ? members.slice(0, half) : members.slice(half);
  }
}
