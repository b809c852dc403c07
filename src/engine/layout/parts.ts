import type {
  Demonstration,
  DemonstrationSelect,
  ExamplesPart,
  ListOrder,
  OutputPart,
  PartName,
  PromptSpec,
} from "../spec/experiment.ts";

/** Parts whose text the author writes. */
export type TextPartName = Exclude<PartName, "examples" | "output">;

const textPartNames: readonly TextPartName[] = [
  "role",
  "instructions",
  "definitions",
  "context",
  "segment",
  "question",
  "quickCheck",
];

/** Where demonstrations come from once files have been read. */
export type DemonstrationSource =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "pool";
      /** All that may be shown, in file order. */
      readonly pool: readonly Demonstration[];
      readonly count: number;
      readonly select: DemonstrationSelect;
      /** Of those that were chosen; as they were chosen when it is left out. */
      readonly order?: ListOrder;
    };

/** What an arrangement is joined with: the parts of one experiment, placeholders still in their texts. */
export interface ExperimentParts {
  readonly texts: Readonly<Partial<Record<TextPartName, string>>>;
  readonly demonstrations: DemonstrationSource | undefined;
  readonly output: OutputPart;
  /** Labels to choose from; empty when the task has none. */
  readonly labels: readonly string[];
  /** Draws the demonstrations of `select: random`; the same for every row and variant of an experiment. */
  readonly seed: number;
}

/** What `partsOf` needs of a loaded experiment; anything that has these fields will do. */
export interface PromptSource {
  readonly experiment: {
    readonly prompt: PromptSpec;
    readonly dataset: { readonly seed: number };
  };
  /** `output.labels`, with `auto` already collected from the dataset. */
  readonly labels: readonly string[];
  /** The rows of the examples file, or the pairs written in place; empty when there are none. */
  readonly demonstrations: readonly Demonstration[];
}

/** The parts of a loaded experiment. */
export function partsOf(source: PromptSource): ExperimentParts {
  const { prompt, dataset } = source.experiment;
  const texts: Partial<Record<TextPartName, string>> = {};
  for (const name of textPartNames) {
    const text = prompt[name]?.text;
    if (text !== undefined) texts[name] = text;
  }
  return {
    texts,
    demonstrations: prompt.examples && demonstrationSource(prompt.examples, source.demonstrations),
    output: prompt.output,
    labels: source.labels,
    seed: dataset.seed,
  };
}

function demonstrationSource(part: ExamplesPart, pool: readonly Demonstration[]): DemonstrationSource {
  if (part.source.kind === "text") return { kind: "text", text: part.source.text };
  return { kind: "pool", pool, count: part.count, select: part.select };
}
