import { didYouMean } from "../../base/didYouMean.ts";
import type {
  DataFormat,
  DatasetSpec,
  EnsembleSpec,
  Experiment,
  OutputPart,
  PoolSpec,
  SamplingSpec,
  Scalar,
  ScorerSpec,
  StoppingSpec,
} from "./experiment.ts";
import { layoutName } from "./layouts.ts";
import { meant, type Report } from "./report.ts";
import type { ExperimentFile } from "./schema.ts";
import { defaultOptions } from "./schemaScoring.ts";
import type { SourceDocument } from "./source.ts";

/** Sections of the file, each from its validated form to the experiment's, with what only several keys together can show. */

const endings: Readonly<Record<string, DataFormat>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
};

/** The format a path's ending stands for. */
export function formatOf(path: string): DataFormat | undefined {
  return endings[/\.([A-Za-z]+)$/.exec(path)?.[1]?.toLowerCase() ?? ""];
}

export function readDataset(written: ExperimentFile["dataset"], report: Report): DatasetSpec {
  const spec =
    typeof written === "string" ? { path: written, input: {}, filter: {}, seed: 1, shuffle: false } : { ...written };
  const format = ("format" in spec ? spec.format : undefined) ?? formatOf(spec.path);
  if (format === undefined) {
    const action = "say which: dataset: { path: …, format: csv }, or tsv, jsonl, json";
    report(typeof written === "string" ? ["dataset"] : ["dataset", "path"], {
      code: "unknown-format",
      message: `the ending of ${spec.path} does not tell its format`,
      action,
    });
  }
  if (typeof written !== "string" && written.limit === undefined && written.shuffle) {
    report(["dataset", "shuffle"], {
      code: "no-effect",
      severity: "info",
      message: "shuffle without limit keeps every row",
      action: "add limit to draw a random subset; a run draws its own order anyway",
    });
  }
  return {
    path: spec.path,
    format: format ?? "csv",
    input: definedOnly(spec.input),
    expected: "expected" in spec ? spec.expected : undefined,
    id: "id" in spec ? spec.id : undefined,
    filter: spec.filter,
    limit: "limit" in spec ? spec.limit : undefined,
    seed: spec.seed,
    shuffle: spec.shuffle,
  };
}

function definedOnly<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Model ids as `provider:model`. */
export function readModels(written: readonly string[], providers: readonly string[], report: Report): string[] {
  const ids: string[] = [];
  written.forEach((id, index) => {
    const path = ["models", index];
    const at = id.search(/[:/]/);
    const provider = at < 0 ? "" : id.slice(0, at);
    const model = at < 0 ? id : id.slice(at + 1);
    if (at < 0 && providers.includes(id)) {
      report(path, { code: "model-syntax", message: `${id} names no model`, action: `write ${id}:MODEL` });
    } else if (!providers.includes(provider)) {
      // A bare model name, or one with a maker's prefix, is most likely served by something that speaks OpenAI's API.
      const near = at < 0 ? [] : didYouMean(provider, providers).map((name) => `${name}:${model}`);
      const suggestions = near.length > 0 ? near : [`openai:${id}`, `ollama:${id}`];
      const message = at < 0 ? `the model ${id} has no provider` : `unknown provider ${provider}`;
      report(path, {
        code: "unknown-provider",
        message,
        action:
          near.length > 0
            ? meant(near, [], "")
            : `write provider:model, such as ${suggestions[0]}; providers are ${providers.join(", ")}`,
        suggestions,
      });
    } else if (model.trim() === "" || /\s/.test(id)) {
      report(path, {
        code: "model-syntax",
        message: `the model id "${id}" ${model.trim() === "" ? "names no model" : "holds a blank"}`,
        action: "write provider:model without blanks",
      });
    } else {
      const normal = `${provider}:${model}`;
      if (ids.includes(normal))
        report(path, {
          code: "duplicate-model",
          message: `the model ${normal} is listed twice`,
          action: "remove one; sampling.repeats asks again",
        });
      else ids.push(normal);
    }
  });
  return ids;
}

export function readSampling(
  file: ExperimentFile,
  searchable: boolean,
  layouts: readonly string[],
  report: Report,
): { sampling: SamplingSpec; stopping: StoppingSpec } {
  const { sampling, stopping } = file;
  const { mode } = sampling;
  const max = sampling.max ?? (mode === "doubling" || mode === "bayes" ? 500 : undefined);
  if (sampling.max !== undefined && sampling.initial > sampling.max) {
    report(["sampling", "max"], {
      code: "sampling-conflict",
      message: `max (${sampling.max}) is below initial (${sampling.initial})`,
      action: "raise max, or lower initial",
    });
  }
  const { baseline } = sampling;
  if (baseline !== undefined && !layouts.includes(baseline)) {
    const suggestions = didYouMean(baseline, layouts);
    report(["sampling", "baseline"], {
      code: "unknown-layout",
      message: `the baseline ${baseline} is not among the layouts`,
      action: meant(suggestions, layouts, "layouts"),
      suggestions: suggestions.length > 0 ? suggestions : layouts,
    });
  }
  if (sampling.objective === "cheaper" && baseline === undefined) {
    report(["sampling", "objective"], {
      code: "sampling-conflict",
      message: "the objective cheaper needs a layout to be held against",
      action: "add sampling.baseline with the layout in use today",
    });
  }
  const adaptive = mode === "adaptive";
  const rule = stopping.rule ?? (adaptive ? "sequential" : "none");
  const conflict = (message: string, action: string) =>
    report(["stopping", "rule"], { code: "stopping-conflict", severity: "warning", message, action });
  if (stopping.rule === "sequential" && (mode === "full" || mode === "fixed")) {
    conflict(
      `sampling.mode ${mode} asks every planned trial, so nothing is stopped early`,
      "use sampling.mode adaptive, or stopping.rule none",
    );
  }
  if (stopping.rule === "none" && adaptive)
    conflict("without a stopping rule the adaptive mode asks every trial", "use sequential, or sampling.mode full");
  if (stopping.rule === "patience" && adaptive)
    conflict("patience bounds no error rate, so the verdict is without its guarantee", "use sequential");
  if (stopping.rule !== "patience" && (stopping.patience !== 3 || stopping.threshold !== 0.1)) {
    report(["stopping", stopping.patience !== 3 ? "patience" : "threshold"], {
      code: "no-effect",
      severity: "info",
      message: "patience and threshold count for the rule patience only",
      action: "set rule: patience, or remove them",
      what: "key",
    });
  }
  if (mode === "bayes" && !searchable) {
    report(["sampling", "mode"], {
      code: "sampling-conflict",
      severity: "warning",
      message: "bayes searches parameters, and there is nothing to search",
      action: "list several values under parameters, or use adaptive",
    });
  }
  const hot = Object.entries(file.parameters).some(
    ([name, value]) => name === "temperature" && [value].flat().some((each) => each !== 0),
  );
  if (sampling.repeats > 1 && !hot) {
    report(["sampling", "repeats"], {
      code: "no-effect",
      severity: "info",
      message: "repeats ask the same prompt again, and the temperature is not raised",
      action: "set parameters.temperature above 0, or repeats: 1",
    });
  }
  return { sampling: { ...sampling, max, baseline, budget: sampling.budget }, stopping: { ...stopping, rule } };
}

/** Scorers; the default follows from what an answer is. */
export function readScoring(
  file: ExperimentFile,
  output: OutputPart,
  known: readonly string[],
  report: Report,
): ScorerSpec[] {
  const byOutput: Readonly<Record<string, string>> = {
    label: "label",
    json: "json",
    text: "normalised",
    number: "number",
    ranked: "ranked",
    sql: "sql",
  };
  if (file.scoring === undefined) {
    const primary = { type: byOutput[output.type] ?? "exact", options: {} };
    if (primary.type === "sql") reportBare("sql", ["a database"], ["scoring"], report);
    if (output.type !== "ranked") return [primary];
    // Top-1 decides; how far down the right answer stands is reported beside it.
    const among = output.maxCandidates < 2 ? [] : [{ type: "ranked", options: { k: output.maxCandidates } }];
    return [primary, ...among, { type: "mrr", options: {} }];
  }
  return file.scoring.map((written, index) => {
    const { type, ...given } = typeof written === "string" ? { type: written } : written;
    if (!known.includes(type)) {
      const suggestions = didYouMean(type, known);
      report(typeof written === "string" ? ["scoring", index] : ["scoring", index, "type"], {
        code: "unknown-scorer",
        message: `unknown scorer ${type}`,
        action: meant(suggestions, known, "scorers"),
        suggestions: suggestions.length > 0 ? suggestions : known,
      });
    }
    if (typeof written !== "string") return { type, options: given };
    const { options, missing } = defaultOptions(type);
    if (missing.length > 0) reportBare(type, missing, ["scoring", index], report);
    return { type, options };
  });
}

/** A scorer's name alone, where it needs options. */
function reportBare(type: string, missing: readonly string[], at: readonly (string | number)[], report: Report): void {
  const examples: Readonly<Record<string, string>> = {
    sql: "{ type: sql, database: shop.sqlite }",
    script: "{ type: script, file: score.mjs }",
    judge: "{ type: judge, model: openai:gpt-4.1-mini, rubric: … }",
  };
  report(at, {
    code: "scorer-option",
    message: `the scorer ${type} needs ${missing.join(" and ")}`,
    action: `write ${examples[type] ?? "its options"}`,
  });
}

/** Tools, each name once. */
export function readTools(file: ExperimentFile, report: Report): Experiment["tools"] {
  file.tools.forEach((tool, index) => {
    if (file.tools.findIndex(({ name }) => name === tool.name) < index) {
      report(["tools", index, "name"], {
        code: "duplicate-tool",
        message: `there are two tools called ${tool.name}`,
        action: "give each a name of its own",
      });
    }
  });
  return file.tools;
}

export function readEnsembles(file: ExperimentFile, layouts: Experiment["layouts"], report: Report): EnsembleSpec[] {
  const names = layouts.map(layoutName);
  file.ensemble.forEach((each, index) => {
    each.layouts.forEach((name, at) => {
      if (names.includes(name)) return;
      const suggestions = didYouMean(name, names);
      report(["ensemble", index, "layouts", at], {
        code: "unknown-layout",
        message: `the ensemble combines ${name}, which is not among the layouts`,
        action: `add ${name} to layouts, or use ${names.slice(0, 6).join(", ")}`,
        suggestions: suggestions.length > 0 ? suggestions : names,
      });
    });
  });
  return file.ensemble;
}

export function readPools(file: ExperimentFile, models: readonly string[], report: Report): PoolSpec[] {
  return file.limits.pools.map((pool, index) => {
    pool.models.forEach((glob, at) => {
      const pattern = new RegExp(`^${glob.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
      if (models.some((id) => pattern.test(id))) return;
      report(["limits", "pools", index, "models", at], {
        code: "no-effect",
        severity: "warning",
        message: `${glob} fits none of the models`,
        action: "write model ids, with * for anything, such as openai:*",
      });
    });
    if (pool.requestsPerMinute === undefined && pool.tokensPerMinute === undefined && pool.concurrency === undefined) {
      report(["limits", "pools", index], {
        code: "no-effect",
        severity: "warning",
        message: "the pool limits nothing",
        action: "set requestsPerMinute, tokensPerMinute or concurrency",
      });
    }
    return {
      ...pool,
      requestsPerMinute: pool.requestsPerMinute,
      tokensPerMinute: pool.tokensPerMinute,
      concurrency: pool.concurrency,
      kind: pool.kind,
    };
  });
}

export function readAssert(file: ExperimentFile, report: Report): Experiment["assert"] {
  const written = file.assert;
  if (written === undefined) return undefined;
  if (written.minGain !== undefined && written.against === undefined) {
    report(["assert", "minGain"], {
      code: "no-effect",
      severity: "warning",
      message: "minGain compares with nothing",
      action: "set against: baseline, or a run's id",
      what: "key",
    });
  }
  return { accuracy: comparison(written.accuracy), against: written.against, minGain: written.minGain };
}

type Comparison = NonNullable<NonNullable<Experiment["assert"]>["accuracy"]>;

function comparison(written: string | number | undefined): Comparison | undefined {
  if (written === undefined) return undefined;
  if (typeof written === "number") return { op: ">=", value: written };
  const [, op, value] = /^(>=|<=|==|>|<)\s*(.*)$/.exec(written) ?? [];
  return { op: (op ?? ">=") as Comparison["op"], value: Number(value) };
}

/** Labels as their author wrote them: `1.0` stays `1.0`. */
export function writtenText(source: SourceDocument, path: readonly (string | number)[], value: Scalar): string {
  return typeof value === "string" ? value : (source.written(path) ?? String(value));
}
