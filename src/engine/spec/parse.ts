import type { Diagnostic, Range } from "./diagnostic.ts";
import { envForm, envNames, hasBrokenEnv } from "./env.ts";
import type { Experiment, LayoutSpec } from "./experiment.ts";
import { reportIssues, resolveUnions } from "./issues.ts";
import { type CheckLayout, readLayouts } from "./layouts.ts";
import { builtinLayouts, builtinProviders, builtinScorers, defaultLayouts } from "./names.ts";
import { readParameters } from "./parameters.ts";
import { readChain, readPrompt } from "./prompts.ts";
import { pathKey, type Repaired, valueAt, without } from "./repair.ts";
import { hasErrors, type Report, reporter, sorted } from "./report.ts";
import { type ExperimentFile, experimentSchema } from "./schema.ts";
import { pathText } from "./schemaWalk.ts";
import {
  readAssert,
  readDataset,
  readEnsembles,
  readModels,
  readPools,
  readSampling,
  readScoring,
  readTools,
} from "./sections.ts";
import { type Path, readSource, type SourceDocument } from "./source.ts";

export interface ParseOptions {
  /** Names of the layouts the product knows. Default: the built-in ones. */
  readonly layouts?: readonly string[];
  /** Layouts declared for the whole workspace; the file may use them by name. */
  readonly workspaceLayouts?: readonly LayoutSpec[];
  /** Judges hybrids, whose members may exclude each other. Default: any combination passes. */
  readonly checkLayout?: CheckLayout;
  /** Prefixes of model ids. Default: the built-in providers. */
  readonly providers?: readonly string[];
  /** Names of scorers. Default: the built-in ones. */
  readonly scorers?: readonly string[];
}

export interface ParsedExperiment {
  readonly file: string;
  readonly text: string;
  /** Undefined when there is an error among the diagnostics. */
  readonly experiment: Experiment | undefined;
  /** What could be understood in spite of errors, defaults in place of the rest: good for a preview, not for a run. */
  readonly draft: Experiment | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Environment variables that the file asks for. */
  readonly env: readonly string[];
  /** False when the segment's column is a guess, because the file does not say. */
  readonly segmentWritten: boolean;
  /** Where the value at a path stands, or the key that holds it; `["layouts", 2, "user", 0]` is a path. */
  locate(path: Path, what?: "key" | "value"): Range | undefined;
  /** The document, for the language features. */
  readonly source: SourceDocument;
}

/** Reads an experiment file, YAML or JSON. Never throws: every mistake is a diagnostic, all of them in one pass. */
export function parseExperiment(text: string, file: string, options: ParseOptions = {}): ParsedExperiment {
  const source = readSource(text, file);
  const diagnostics: Diagnostic[] = [...source.diagnostics];
  const finish = (
    draft: Experiment | undefined,
    env: readonly string[] = [],
    segmentWritten = false,
  ): ParsedExperiment => ({
    file,
    text,
    experiment: hasErrors(diagnostics) ? undefined : draft,
    draft,
    diagnostics: sorted(diagnostics),
    env,
    segmentWritten,
    locate: source.locate,
    source,
  });

  if (source.value === null || typeof source.value !== "object" || Array.isArray(source.value)) {
    if (diagnostics.length === 0) {
      const empty = source.value === null || source.value === undefined;
      reporter(source, diagnostics)([], {
        code: empty ? "empty-file" : "wrong-type",
        message: empty ? "the file is empty" : "the file is not a map of keys and values",
        action: "write name, dataset and models, each on its own line",
      });
    }
    return finish(undefined);
  }

  const found: Diagnostic[] = [];
  const { file: read, repaired } = validate(source, found);
  const report = reporter(source, found, repaired.original);
  const env = checkEnv(source.value, reporter(source, found));
  const built =
    read === undefined
      ? undefined
      : build(read, source, report, options, valueAt(source.value, ["name"]) === undefined);
  // Below the first error in the syntax the reader guesses, and so would we.
  const broken =
    source.diagnostics.find((each) => each.code === "syntax")?.range.start.line ?? Number.POSITIVE_INFINITY;
  diagnostics.push(
    ...found.filter(
      (each) => each.range.start.line < broken && !(each.code === "missing-key" && broken < Number.POSITIVE_INFINITY),
    ),
  );
  return finish(built?.experiment, env, built?.segmentWritten);
}

/** Checks the file against the schema, then leaves out what is wrong until the rest passes. */
function validate(
  source: SourceDocument,
  diagnostics: Diagnostic[],
): { readonly file: ExperimentFile | undefined; readonly repaired: Repaired } {
  const dropped = new Set<string>();
  const report = reporter(source, diagnostics);
  for (const path of emptyKeys(source.value)) {
    dropped.add(pathKey(path));
    if (!requiredKeys.some((key) => path.length === 1 && path[0] === key)) {
      report(path, {
        code: "empty-key",
        severity: "warning",
        message: `${pathText(path)} has no value`,
        action: "write one, or remove the key",
        what: "key",
      });
    }
  }
  let repaired = without(source.value, dropped);
  let result = experimentSchema.safeParse(repaired.value);
  if (!result.success) {
    const first = repaired;
    reportIssues(
      result.error.issues,
      (path) => valueAt(source.value, first.original(path)),
      reporter(source, diagnostics, first.original),
    );
  }
  for (let round = 0; round < 8 && !result.success; round++) {
    for (const issue of resolveUnions(result.error.issues)) {
      const path = repaired.original(issue.path);
      const keys = issue.code === "unrecognized_keys" ? issue.keys : undefined;
      if (keys !== undefined) for (const key of keys) dropped.add(pathKey([...path, key]));
      // What is missing cannot be left out; its holder can.
      else if (valueAt(repaired.value, issue.path) === undefined && path.length > 1)
        dropped.add(pathKey(path.slice(0, -1)));
      else dropped.add(pathKey(path));
    }
    repaired = withRequired(without(source.value, dropped));
    result = experimentSchema.safeParse(repaired.value);
  }
  return { file: result.success ? result.data : undefined, repaired };
}

const requiredKeys = ["name", "dataset", "models"] as const;

/** Stand-ins for the keys that must be there, so that the other sections can be judged without them. */
function withRequired(repaired: Repaired): Repaired {
  return {
    value: {
      name: "unnamed",
      dataset: { path: "missing.csv" },
      models: ["builtin:reader"],
      ...(repaired.value as object),
    },
    original: repaired.original,
  };
}

/** Keys without a value, as they stand while someone types. Inside schemas and scorers' options null may be meant. */
function emptyKeys(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [];
  if (path.at(-1) === "schema" || path[0] === "scoring" || (path[0] === "tools" && path[2] === "parameters")) return [];
  const found: Path[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (inner === null && !Array.isArray(value)) found.push(here);
    else found.push(...emptyKeys(inner, here));
  }
  return found;
}

/** Where `${env:NAME}` may stand: values that are used while running and stored by name only. */
function mayUseEnv(path: Path): boolean {
  return path[0] === "track" || path[0] === "scoring" || (path[0] === "cache" && path[1] === "shared");
}

function checkEnv(value: unknown, report: Report): string[] {
  const names = new Set<string>();
  const walk = (node: unknown, path: Path): void => {
    if (typeof node === "string") {
      const wanted = envNames(node);
      if (mayUseEnv(path)) {
        for (const name of wanted) names.add(name);
        if (hasBrokenEnv(node))
          report(path, {
            code: "env-syntax",
            message: "an environment variable is not named properly",
            action: `write ${envForm} with letters, digits and _`,
          });
      } else if (wanted.length > 0 && !node.startsWith("env:")) {
        report(path, {
          code: "env-place",
          severity: "warning",
          message: `environment variables are not read in ${pathText(path)}, so the text stays as it is`,
          action: "use them under track, scoring and cache.shared; keys of providers need no entry",
        });
      }
    } else if (node !== null && typeof node === "object") {
      for (const [key, inner] of Object.entries(node)) walk(inner, [...path, Array.isArray(node) ? Number(key) : key]);
    }
  };
  walk(value, []);
  return [...names];
}

function build(
  file: ExperimentFile,
  source: SourceDocument,
  report: Report,
  options: ParseOptions,
  unnamed: boolean,
): { readonly experiment: Experiment; readonly segmentWritten: boolean } {
  const dataset = readDataset(file.dataset, report);
  const { prompt, present, segmentWritten } = readPrompt(file.prompt, dataset.input, source, report);
  const names = {
    builtin: options.layouts ?? builtinLayouts,
    workspace: options.workspaceLayouts ?? [],
    check: options.checkLayout,
  };
  const layouts = readLayouts(
    file.layouts ?? defaultLayouts.filter((name) => names.builtin.includes(name)),
    ["layouts"],
    names,
    present,
    report,
  );
  const models = readModels(file.models, options.providers ?? builtinProviders, report);
  const parameters = readParameters(file.parameters, present.has("examples"), report);
  const { sampling, stopping } = readSampling(
    file,
    Object.values(parameters).some((values) => values.length > 1),
    layouts.map((layout) => layout.name),
    report,
  );
  if (prompt.quickCheck === undefined && file.layouts?.some((each) => each === "sandwich")) {
    const index = file.layouts.indexOf("sandwich");
    report(["layouts", index], {
      code: "no-quick-check",
      severity: "info",
      message: "the sandwich layout has no quickCheck",
      action: "add prompt.quickCheck; until then it asks the question again",
    });
  }
  return {
    segmentWritten,
    experiment: {
      name: unnamed ? "unnamed" : file.name,
      dataset,
      models,
      prompt,
      chain: readChain(file.chain, dataset.input, source, report),
      layouts,
      tools: readTools(file, report),
      parameters,
      sampling,
      stopping,
      scoring: readScoring(file, prompt.output, options.scorers ?? builtinScorers, report),
      ensemble: readEnsembles(file, layouts, report),
      limits: {
        pools: readPools(file, models, report),
        preset: file.limits.preset,
        maxCalls: file.limits.maxCalls,
        maxTokens: file.limits.maxTokens,
        maxCost: file.limits.maxCost,
        maxDuration: file.limits.maxDuration,
        stream: file.limits.stream,
        timeout: file.limits.timeout,
        retries: file.limits.retries,
      },
      context: { ...file.context, maxTokens: file.context.maxTokens },
      cache: { mode: file.cache.mode, shared: file.cache.shared },
      packing: file.packing,
      assert: readAssert(file, report),
      track: {
        mlflow: file.track.mlflow,
        wandb: file.track.wandb,
        slack: file.track.slack,
        discord: file.track.discord,
      },
    },
  };
}
