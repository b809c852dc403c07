import type { Experiment, Scalar } from "../spec/experiment.ts";

/** Layout x model x parameters: what is compared. */
export interface Variant {
  /** Place in the run. */
  readonly index: number;
  /** `layout/provider:model`, with `/name=value,…` for the parameters that vary; the same in every run of the file. */
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
}

/** Parameters that shape the prompt; all others are sent to the model. */
export const promptParameters: ReadonlySet<string> = new Set([
  "examples.count",
  "examples.select",
  "examples.order",
  "options.order",
  "packing",
  "style",
]);

/** Every combination of the parameter lists, the first parameter varying slowest. */
export function parameterGrid(parameters: Experiment["parameters"]): readonly Readonly<Record<string, Scalar>>[] {
  let grid: Readonly<Record<string, Scalar>>[] = [{}];
  for (const [name, values] of Object.entries(parameters)) {
    grid = grid.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return grid;
}

/** The variants of an experiment: models slowest, then layouts, then parameters. */
export function expandVariants(experiment: Experiment): readonly Variant[] {
  const varying = new Set(
    Object.entries(experiment.parameters).flatMap(([name, values]) => (values.length > 1 ? [name] : [])),
  );
  const variants: Variant[] = [];
  for (const model of experiment.models) {
    for (const layout of experiment.layouts) {
      for (const parameters of parameterGrid(experiment.parameters)) {
        const shown = Object.entries(parameters).filter(([name]) => varying.has(name));
        const suffix = shown.length === 0 ? "" : `/${shown.map(([name, value]) => `${name}=${value}`).join(",")}`;
        variants.push({
          index: variants.length,
          id: `${layout.name}/${model}${suffix}`,
          layout: layout.name,
          model,
          parameters,
        });
      }
    }
  }
  return variants;
}

/** Parameters that go to the model. */
export function modelParameters(parameters: Readonly<Record<string, Scalar>>): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !promptParameters.has(name)));
}
