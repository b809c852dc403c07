import { didYouMean } from "../../base/didYouMean.ts";
import { envForm } from "./env.ts";
import type { Experiment, ScorerSpec } from "./experiment.ts";
import type { LoadOptions } from "./load.ts";
import type { Inputs } from "./loadFiles.ts";
import { builtinProviders } from "./names.ts";
import { placeholdersOf } from "./placeholders.ts";
import { meant } from "./report.ts";
import type { Path } from "./source.ts";

/** Fills in the rubrics that stand in files, and finds what scorers name: databases, scripts, the judge's provider. */
export async function loadScoring(
  experiment: Experiment,
  inputs: Inputs,
  { providers = builtinProviders, trusted = true }: Pick<LoadOptions, "providers" | "trusted"> = {},
): Promise<Experiment> {
  if (!Array.isArray(inputs.written(["scoring"]))) return experiment;
  const scoring = await Promise.all(
    experiment.scoring.map((spec, index) => loadScorer(spec, ["scoring", index], inputs, providers, trusted)),
  );
  return { ...experiment, scoring };
}

async function loadScorer(
  spec: ScorerSpec,
  at: Path,
  inputs: Inputs,
  providers: readonly string[],
  trusted: boolean,
): Promise<ScorerSpec> {
  const { database, file, model, rubric } = spec.options;
  if (spec.type === "sql" && typeof database === "string") {
    const named = placeholdersOf(database).length > 0 || /:\/\/|env:/.test(database);
    if (!named) await inputs.open(database, [...at, "database"]);
    if (/:\/\/[^/@]*:[^/@$]+@/.test(database))
      inputs.report([...at, "database"], {
        code: "inline-secret",
        message: "the address of the database holds a password, and runs keep what their file says",
        action: `put it in the environment and write ${envForm}`,
      });
  }
  if (spec.type === "script" && typeof file === "string") {
    await inputs.open(file, [...at, "file"]);
    if (!trusted)
      inputs.report([...at, "file"], {
        code: "untrusted-script",
        severity: "warning",
        message: `${file} does not run here: scripts run in trusted workspaces only`,
        action: "trust the workspace, or score without it",
      });
  }
  if (spec.type !== "judge") return spec;
  const options = { ...spec.options };
  if (typeof model === "string") options["model"] = judgeModel(model, [...at, "model"], inputs, providers);
  const rubricFile = typeof rubric === "object" && rubric !== null && "file" in rubric ? rubric.file : undefined;
  if (typeof rubricFile === "string") {
    const text = await inputs.text(rubricFile, [...at, "rubric", "file"]);
    if (text !== undefined && text.trim() === "")
      inputs.report([...at, "rubric", "file"], {
        code: "empty-file",
        message: `${rubricFile} is empty`,
        action: "write in it what makes an answer good",
      });
    options["rubric"] = text ?? "";
  }
  return { ...spec, options };
}

/** The id as `provider:model`. */
function judgeModel(id: string, at: Path, inputs: Inputs, providers: readonly string[]): string {
  const split = id.search(/[:/]/);
  const provider = split < 0 ? "" : id.slice(0, split);
  if (split < 0 || id.slice(split + 1).trim() === "") {
    const action = "write provider:model, such as openai:gpt-4.1-mini";
    inputs.report(at, { code: "model-syntax", message: `the judge ${id} is no model id`, action });
    return id;
  }
  if (!providers.includes(provider)) {
    const near = didYouMean(provider, providers).map((name) => `${name}:${id.slice(split + 1)}`);
    inputs.report(at, {
      code: "unknown-provider",
      message: `unknown provider ${provider} of the judge`,
      action: meant(near, providers, "providers"),
      suggestions: near,
    });
  }
  if (provider === "replay")
    inputs.report(at, {
      code: "judge-replay",
      message: "recorded answers cannot judge: what they would be asked is not known",
      action: "name a model that answers",
    });
  return `${provider}:${id.slice(split + 1)}`;
}
