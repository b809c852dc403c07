import { didYouMean } from "../../base/didYouMean.ts";
import type { Scalar } from "./experiment.ts";
import { knownParameters, listOrders, selections, styles } from "./names.ts";
import { meant, type Report } from "./report.ts";
import type { ExperimentFile } from "./schema.ts";

/** Every parameter as a list of values. */
export function readParameters(
  written: ExperimentFile["parameters"],
  hasExamples: boolean,
  report: Report,
): Record<string, readonly Scalar[]> {
  const out: Record<string, readonly Scalar[]> = {};
  for (const [name, given] of Object.entries(written)) {
    const values = Array.isArray(given) ? given : [given];
    const path = ["parameters", name];
    if (!knownParameters.includes(name)) {
      const suggestions = didYouMean(name, knownParameters);
      const near = suggestions.length > 0;
      report(path, {
        code: "unknown-parameter",
        severity: near ? "error" : "warning",
        message: `unknown parameter ${name}`,
        action: near
          ? meant(suggestions, [], "")
          : "it is sent to the provider as it is; remove it if the provider does not know it",
        what: "key",
        suggestions,
      });
    }
    if (name.startsWith("examples.") && !hasExamples) {
      report(path, {
        code: "no-effect",
        message: `${name} varies demonstrations, and the prompt has none`,
        action: "add prompt.examples, or remove this",
        what: "key",
      });
    }
    values.forEach((value, index) => {
      const trouble = parameterTrouble(name, value);
      const place = Array.isArray(given) ? [...path, index] : path;
      if (trouble !== undefined)
        report(place, { code: "wrong-value", message: `${name} is ${JSON.stringify(value)}`, action: trouble });
      else if (values.indexOf(value) < index) {
        report(place, {
          code: "duplicate-value",
          severity: "warning",
          message: `${name} lists ${JSON.stringify(value)} twice`,
          action: "remove one; both would be the same variant",
        });
      }
    });
    out[name] = [...new Set(values)];
  }
  return out;
}

function parameterTrouble(name: string, value: Scalar): string | undefined {
  const number = typeof value === "number" ? value : Number.NaN;
  switch (name) {
    case "temperature":
      return number >= 0 && number <= 2 ? undefined : "write a number from 0 to 2";
    case "top_p":
    case "min_p":
      return number >= 0 && number <= 1 ? undefined : "write a number from 0 to 1";
    case "max_tokens":
      return Number.isInteger(number) && number > 0 ? undefined : "write a whole number from 1 up";
    case "packing":
      return Number.isInteger(number) && number >= 1 && number <= 100
        ? undefined
        : "write a whole number from 1 to 100";
    case "examples.count":
      return Number.isInteger(number) && number >= 0 ? undefined : "write a whole number from 0 up";
    case "seed":
    case "top_k":
      return Number.isInteger(number) ? undefined : "write a whole number";
    case "style":
      return styles.some((each) => each === value) ? undefined : `use ${styles.join(", ")}`;
    case "examples.order":
    case "options.order":
      return listOrders.some((each) => each === value) ? undefined : `use ${listOrders.join(", ")}`;
    case "examples.select":
      return selections.some((each) => each === value) ? undefined : `use ${selections.join(", ")}`;
    default:
      return undefined;
  }
}
