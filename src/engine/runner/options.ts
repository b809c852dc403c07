import { UserError } from "../../base/errors.ts";
import type { RunOptions } from "../api.ts";
import type { Experiment, SamplingMode } from "../spec/experiment.ts";
import { oneOf } from "../spec/report.ts";
import { gridMode } from "./samplers.ts";

const modes: readonly SamplingMode[] = ["adaptive", "full", "fixed", "doubling", "bandit", "halving", "bayes"];

/** The experiment with what the command line or the editor asked for instead. @throws UserError for names that are not there. */
export function withOptions(experiment: Experiment, options: RunOptions): Experiment {
  const sampling = options.warm === true ? gridMode(experiment) : options.sampling;
  const cache = options.warm === true || options.cache;
  if (sampling !== undefined && !isMode(sampling)) {
    throw new UserError("unknown-mode", `there is no sampling mode "${sampling}"`, `use one of ${modes.join(", ")}`);
  }
  for (const [name, value] of Object.entries({
    limit: options.limit,
    "max-calls": options.maxCalls,
    concurrency: options.concurrency,
  })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new UserError("bad-number", `${name} is ${value}`, "give a whole number from 1 up");
    }
  }
  if (options.aa === true && sampling !== undefined && sampling !== "full" && sampling !== "fixed") {
    throw new UserError(
      "aa-mode",
      `noise cannot be measured in ${sampling} mode`,
      "leave the mode out, or use full or fixed",
    );
  }
  if (options.maxCost !== undefined && !(options.maxCost > 0)) {
    throw new UserError("bad-number", `max-cost is ${options.maxCost}`, "give an amount in US dollars above 0");
  }
  const moded =
    sampling === undefined ? experiment : { ...experiment, sampling: { ...experiment.sampling, mode: sampling } };
  return {
    ...experiment,
    models: options.models ?? experiment.models,
    layouts: options.layouts === undefined ? experiment.layouts : chosenLayouts(experiment, options.layouts),
    ...(options.aa === true ? twice(moded) : { sampling: moded.sampling }),
    limits: {
      ...experiment.limits,
      ...(options.maxCalls === undefined ? {} : { maxCalls: options.maxCalls }),
      ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
    },
    cache: cache === undefined ? experiment.cache : { ...experiment.cache, mode: cache ? "on" : "off" },
  };
}

/** Every trial asked twice or more, over rows that no score decides. */
function twice({ sampling, stopping }: Experiment): Pick<Experiment, "sampling" | "stopping"> {
  const mode = sampling.mode === "fixed" ? "fixed" : "full";
  return {
    sampling: { ...sampling, mode, repeats: Math.max(2, sampling.repeats) },
    stopping: { ...stopping, rule: "none" },
  };
}

/** Layouts of the file by name; a built-in one may be named even where the file does not list it. */
function chosenLayouts(experiment: Experiment, names: readonly string[]): Experiment["layouts"] {
  if (names.length === 0)
    throw new UserError(
      "no-layouts",
      "no layout is named",
      `use ${oneOf(experiment.layouts.map((layout) => layout.name))}`,
    );
  return names.map((name) => experiment.layouts.find((layout) => layout.name === name) ?? { kind: "named", name });
}

function isMode(name: string): name is SamplingMode {
  return modes.some((mode) => mode === name);
}
