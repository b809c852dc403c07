import { canonicalJson } from "../../base/json.ts";
import type { Scalar } from "../spec/experiment.ts";
import { holm } from "../stats/multiple.ts";
import type { VariantRecord } from "../store/store.ts";
import { interactionFigures, type LayoutInteraction, layoutInteraction } from "./interaction.ts";
import type { RunTable } from "./runTable.ts";

/** Whether what a layout does depends on a factor beside it: the order of the examples or labels, the style, the packing, … */
export interface FactorInteraction {
  readonly model: string;
  readonly factor: string;
  readonly values: readonly Scalar[];
  readonly rows: number;
  /** Holm-corrected over all factors and models; null with too few rows. */
  readonly p: number | null;
  readonly explanation: string;
}

interface Tested extends LayoutInteraction {
  readonly model: string;
  readonly factor: string;
  readonly values: readonly Scalar[];
}

/** A test for each parameter with several values, model by model, other parameters at the value they have first. */
export function factorInteractions(table: RunTable): readonly FactorInteraction[] {
  const models = [...new Set(table.variants.map(({ model }) => model))];
  const tested = models.flatMap((model) => testsOf(table, model));
  const corrected = holm(tested.flatMap(({ test }) => test?.p ?? []));
  let at = 0;
  return tested.map(({ model, factor, values, rows, test }) => {
    const p = test === undefined ? null : (corrected[at++] ?? 1);
    const where = models.length > 1 ? `${model}: ` : "";
    const figures = test === undefined || p === null ? "" : interactionFigures(test, p, rows);
    const explanation =
      p === null
        ? `${where}The ${rows} rows that all were asked are too few to say whether the effect of a layout depends on ${factor}.`
        : p < table.alpha
          ? `${where}What a layout does depends on ${factor} (${figures}): choose them together.`
          : `${where}No sign that what a layout does depends on ${factor} (${figures}); that is no proof that it does not.`;
    return { model, factor, values, rows, p, explanation };
  });
}

function testsOf(table: RunTable, model: string): Tested[] {
  const own = table.variants.filter((variant) => variant.model === model);
  const factors = [...new Set(own.flatMap(({ parameters }) => Object.keys(parameters)))];
  return factors.flatMap((factor) => {
    const values = [...new Set(own.map(({ parameters }) => parameters[factor]))];
    const [first] = own;
    if (values.length < 2 || first === undefined) return [];
    const rest = otherThan(factor, first);
    const groups = values.map((value) =>
      own.filter((variant) => variant.parameters[factor] === value && otherThan(factor, variant) === rest),
    );
    const found = layoutInteraction(table, groups);
    return found === undefined ? [] : [{ ...found, model, factor, values: values.flatMap((value) => value ?? []) }];
  });
}

function otherThan(factor: string, { parameters }: VariantRecord): string {
  const { [factor]: _, ...others } = parameters;
  return canonicalJson(others);
}
