import { contentHash } from "../../base/hash.ts";
import type { ExamplesPart, Experiment, HopSpec, PartName, TextPart } from "./experiment.ts";
import type { Inputs } from "./loadFiles.ts";
import { openBraces, placeholdersOf } from "./placeholders.ts";
import { textPartNames, withInput } from "./prompts.ts";
import type { Path } from "./source.ts";

/** One text of the prompt, as its history keeps it. */
export interface PartText {
  readonly part: PartName;
  /** Set for a part of one hop of a chain. */
  readonly hop: string | undefined;
  readonly text: string;
  readonly file: string | undefined;
  /** Content address of the text. */
  readonly hash: string;
}

/** The experiment with the texts of its `{file: …}` parts. A part whose file is missing is empty, and was reported. */
export async function loadParts(
  draft: Experiment,
  inputs: Inputs,
): Promise<{ readonly experiment: Experiment; readonly parts: readonly PartText[] }> {
  const parts: PartText[] = [];
  const keep = (part: PartName, hop: string | undefined, { text, file }: TextPart): void => {
    parts.push({ part, hop, text, file, hash: contentHash(text) });
  };
  const filled = async (part: TextPart, path: Path): Promise<TextPart> => {
    if (part.file === undefined) return part;
    const text = (await inputs.text(part.file, [...path, "file"])) ?? "";
    checkFileText(text, part.file, inputs);
    return { text: withInput(text, draft.dataset.input), file: part.file };
  };

  const prompt = { ...draft.prompt };
  for (const name of textPartNames) {
    const part = prompt[name];
    if (part === undefined) continue;
    const done = await filled(part, ["prompt", name]);
    prompt[name] = done;
    keep(name, undefined, done);
  }
  if (prompt.examples !== undefined) prompt.examples = await loadExamplesText(prompt.examples, inputs);
  if (prompt.examples?.source.kind === "text") keep("examples", undefined, prompt.examples.source);
  if (prompt.output.text !== undefined) keep("output", undefined, { text: prompt.output.text, file: undefined });

  const chain: HopSpec[] = [];
  for (const hop of draft.chain) {
    const overrides = { ...hop.overrides };
    keep("question", hop.id, { text: hop.question, file: undefined });
    for (const name of textPartNames) {
      const part = overrides[name];
      if (part === undefined) continue;
      const done = await filled(part, [...hopPath(hop.id, inputs), name]);
      overrides[name] = done;
      keep(name, hop.id, done);
    }
    if (hop.output?.text !== undefined) keep("output", hop.id, { text: hop.output.text, file: undefined });
    chain.push({ ...hop, overrides });
  }
  return { experiment: { ...draft, prompt, chain }, parts };
}

async function loadExamplesText(examples: ExamplesPart, inputs: Inputs): Promise<ExamplesPart> {
  const { source } = examples;
  if (source.kind !== "text" || source.file === undefined) return examples;
  const text = (await inputs.text(source.file, ["prompt", "examples", "file"])) ?? "";
  return { ...examples, source: { ...source, text } };
}

/** Where a hop stands in the file; its place in the experiment may differ when another hop was unreadable. */
export function hopPath(id: string, inputs: Inputs): Path {
  const written = inputs.written(["chain"]);
  const index = Array.isArray(written) ? written.findIndex((_, at) => inputs.written(["chain", at, "id"]) === id) : -1;
  return ["chain", Math.max(0, index)];
}

function checkFileText(text: string, file: string, inputs: Inputs): void {
  const at = (offset: number) => {
    const before = text.slice(0, offset);
    return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
  };
  const action = "write {{column}}, or \\{{ for braces that stay";
  for (const { column, start } of placeholdersOf(text)) {
    const place = at(start);
    if (column === "")
      inputs.reportIn(file, place.line, place.column, {
        severity: "error",
        code: "placeholder-syntax",
        message: "a placeholder names no column",
        action,
      });
  }
  for (const start of openBraces(text)) {
    const place = at(start);
    inputs.reportIn(file, place.line, place.column, {
      severity: "error",
      code: "placeholder-syntax",
      message: "a placeholder is not closed",
      action,
    });
  }
}
