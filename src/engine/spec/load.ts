import type { FileReader } from "../../base/files.ts";
import { contentHash } from "../../base/hash.ts";
import type { Dataset } from "../dataset/example.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Demonstration, Experiment } from "./experiment.ts";
import { loadData } from "./loadData.ts";
import { loadDemonstrations } from "./loadDemonstrations.ts";
import { Inputs, type LoadCache } from "./loadFiles.ts";
import { loadParts, type PartText } from "./loadParts.ts";
import { loadScoring } from "./loadScoring.ts";
import { type ParsedExperiment, type ParseOptions, parseExperiment } from "./parse.ts";
import { hasErrors, reporter, sorted } from "./report.ts";

export interface LoadOptions extends ParseOptions {
  /** Keeps data files between calls, for callers who load at every keystroke. See `createLoadCache`. */
  readonly cache?: LoadCache;
  /** Whether scripts that score may run; default true. */
  readonly trusted?: boolean;
}

interface Loaded {
  readonly parsed: ParsedExperiment;
  /** Of the experiment file, and of the parts and data files it names. */
  readonly diagnostics: readonly Diagnostic[];
  /** Demonstrations in the order of their file; which of them a prompt shows is decided by `count` and `select`. */
  readonly demonstrations: readonly Demonstration[];
  /** Every text of the prompt with its content address. */
  readonly parts: readonly PartText[];
  /** Environment variables to resolve while running. */
  readonly env: readonly string[];
}

/** An experiment with everything a run needs. There may be warnings. */
export interface ReadyExperiment extends Loaded {
  readonly kind: "ready";
  /** Texts of `{file: …}` parts are in it, and the columns that were guessed. */
  readonly experiment: Experiment;
  readonly dataset: Dataset;
}

/** At least one diagnostic is an error. What could be read is here for previews; do not run it. */
export interface BrokenExperiment extends Loaded {
  readonly kind: "broken";
  readonly experiment: Experiment | undefined;
  readonly dataset: Dataset | undefined;
}

export type LoadedExperiment = ReadyExperiment | BrokenExperiment;

/**
 * Reads an experiment file with everything it names: texts of parts, the dataset, demonstrations. All mistakes of all files are
 * found in one pass; nothing is thrown for what a user can write. `files` decides which paths may be read at all.
 */
export async function loadExperiment(
  text: string,
  file: string,
  files: FileReader,
  options: LoadOptions = {},
): Promise<LoadedExperiment> {
  const parsed = parseExperiment(text, file, options);
  const diagnostics: Diagnostic[] = [...parsed.diagnostics];
  if (parsed.draft === undefined) {
    return {
      kind: "broken",
      parsed,
      diagnostics,
      experiment: undefined,
      dataset: undefined,
      demonstrations: [],
      parts: [],
      env: parsed.env,
    };
  }
  const inputs = new Inputs(parsed, files, reporter(parsed.source, diagnostics), diagnostics, options.cache);
  const { experiment: withTexts, parts } = await loadParts(parsed.draft, inputs);
  await inputs.checkModels(withTexts.models);
  const withScorers = await loadScoring(withTexts, inputs, options);
  const { experiment, dataset } = await loadData(withScorers, inputs);
  const demonstrations = await loadDemonstrations(experiment, dataset, inputs);
  const common = {
    parsed,
    diagnostics: sorted(diagnostics),
    demonstrations,
    parts: parsed.segmentWritten ? parts : parts.map((each) => withGuess(each, experiment)),
    env: parsed.env,
  };
  if (dataset === undefined || hasErrors(diagnostics)) return { kind: "broken", ...common, experiment, dataset };
  return { kind: "ready", ...common, experiment, dataset };
}

/** The segment's text as the dataset's columns decided it. */
function withGuess(part: PartText, { prompt }: Experiment): PartText {
  const { text } = prompt.segment;
  return part.part === "segment" && part.hop === undefined ? { ...part, text, hash: contentHash(text) } : part;
}
