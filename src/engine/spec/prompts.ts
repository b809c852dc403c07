import type { ExamplesPart, HopSpec, OutputPart, PartName, PromptSpec, TextPart } from "./experiment.ts";
import { openBraces, placeholdersOf } from "./placeholders.ts";
import type { Report } from "./report.ts";
import type { ExperimentFile } from "./schema.ts";
import { formatOf, writtenText } from "./sections.ts";
import type { Path, SourceDocument } from "./source.ts";

export type TextPartName = Exclude<PartName, "examples" | "output">;

export const textPartNames: readonly TextPartName[] = [
  "role",
  "instructions",
  "definitions",
  "context",
  "segment",
  "question",
  "quickCheck",
];

type WrittenPrompt = ExperimentFile["prompt"];
type WrittenText = string | { readonly file: string };
export type InputColumns = Readonly<Partial<Record<PartName, string>>>;

/** A part's text in which `{{segment}}` and other mapped part names have become the columns that fill them. */
export function withInput(text: string, input: InputColumns): string {
  let out = "";
  let from = 0;
  for (const { column, start, end } of placeholdersOf(text)) {
    const mapped = Object.hasOwn(input, column) ? input[column as PartName] : undefined;
    if (mapped === undefined) continue;
    out += `${text.slice(from, start)}{{${mapped}}}`;
    from = end;
  }
  return out + text.slice(from);
}

/** Reports placeholders that cannot be meant as they are written in a text of the file itself. */
function checkPlaceholders(text: string, path: Path, report: Report): void {
  let nth = 0;
  for (const each of placeholdersOf(text)) {
    const raw = text.slice(each.start, each.end);
    if (each.column !== "") continue;
    report(path, {
      code: "placeholder-syntax",
      message: "a placeholder names no column",
      action: "write {{column}}, or \\{{ for braces that stay",
      within: { text: raw, nth: nth++ },
    });
  }
  if (openBraces(text).length > 0) {
    report(path, {
      code: "placeholder-syntax",
      message: "a placeholder is not closed",
      action: "write {{column}}, or \\{{ for braces that stay",
      within: { text: "{{", nth: text.slice(0, openBraces(text)[0]).split("{{").length - 1 },
    });
  }
}

export interface ReadPrompt {
  readonly prompt: PromptSpec;
  /** False when the segment is a guess that the dataset's columns must confirm. */
  readonly segmentWritten: boolean;
  /** Parts that will have text. */
  readonly present: ReadonlySet<PartName>;
}

export function readPrompt(
  written: WrittenPrompt,
  input: InputColumns,
  source: SourceDocument,
  report: Report,
): ReadPrompt {
  const part = (name: TextPartName): TextPart | undefined => {
    const column = input[name];
    const given = written[name];
    if (given === undefined) return column === undefined ? undefined : { text: `{{${column}}}`, file: undefined };
    if (
      typeof given === "string" &&
      column !== undefined &&
      !placeholdersOf(given).some((each) => each.column === name || each.column === column)
    ) {
      report(["dataset", "input", name], {
        code: "no-effect",
        severity: "warning",
        message: `prompt.${name} is written out and does not use the column ${column}`,
        action: `put {{${name}}} into prompt.${name}, or remove one of the two`,
        what: "key",
      });
    }
    return readText(given, ["prompt", name], input, report);
  };
  const segment = part("segment");
  const prompt: PromptSpec = {
    role: part("role"),
    instructions: part("instructions"),
    definitions: part("definitions"),
    examples: written.examples === undefined ? undefined : readExamples(written.examples, source, report),
    context: part("context"),
    segment: segment ?? { text: "{{text}}", file: undefined },
    question: part("question"),
    quickCheck: part("quickCheck"),
    output: readOutput(written.output, ["prompt", "output"], source, report),
  };
  const present = new Set<PartName>(["segment", "output"]);
  for (const name of textPartNames) if (prompt[name] !== undefined) present.add(name);
  if (prompt.examples !== undefined) present.add("examples");
  checkVarying(prompt, segment, report);
  return { prompt, segmentWritten: segment !== undefined, present };
}

/** Without any placeholder all examples would share one prompt, which measures nothing. */
function checkVarying(prompt: PromptSpec, segment: TextPart | undefined, report: Report): void {
  if (segment === undefined || segment.file !== undefined) return;
  if (placeholdersOf(segment.text).length > 0) return;
  const others = textPartNames.some(
    (name) =>
      name !== "segment" && (prompt[name]?.file !== undefined || placeholdersOf(prompt[name]?.text ?? "").length > 0),
  );
  report(["prompt", "segment"], {
    code: "no-placeholder",
    severity: others ? "warning" : "error",
    message: others
      ? "the segment is the same for every example"
      : "no part uses a column, so every example gets the same prompt",
    action: 'write the column to judge, such as segment: "{{text}}"',
  });
}

function readText(given: WrittenText, path: Path, input: InputColumns, report: Report): TextPart {
  if (typeof given !== "string") return { text: "", file: given.file };
  checkPlaceholders(given, path, report);
  if (given.trim() === "") {
    report(path, {
      code: "empty-part",
      severity: "warning",
      message: `${String(path.at(-1))} is empty`,
      action: "write its text, or remove the key",
    });
  }
  // A block text ends with the line end of its last line, which is YAML's and not the author's.
  return { text: withInput(given, input).replace(/\n+$/, ""), file: undefined };
}

function readExamples(
  given: NonNullable<WrittenPrompt["examples"]>,
  source: SourceDocument,
  report: Report,
): ExamplesPart {
  const path = ["prompt", "examples"];
  if (typeof given === "string") {
    if (placeholdersOf(given).length > 0) checkPlaceholders(given, path, report);
    return { source: { kind: "text", text: given, file: undefined }, count: 1, select: "first" };
  }
  if (Array.isArray(given) || "pairs" in given) {
    const listed = Array.isArray(given) ? given : given.pairs;
    const at = Array.isArray(given) ? path : [...path, "pairs"];
    const pairs = listed.map((pair, index) => ({
      input: pair.input,
      output: writtenText(source, [...at, index, "output"], pair.output),
    }));
    const count = Array.isArray(given) ? pairs.length : (given.count ?? pairs.length);
    if (count > pairs.length) {
      report([...path, "count"], {
        code: "too-few-demonstrations",
        message: `count is ${count}, and there are ${pairs.length} pairs`,
        action: "lower it, or write more pairs",
      });
    }
    return { source: { kind: "inline", pairs }, count, select: Array.isArray(given) ? "first" : given.select };
  }
  if ("file" in given) return { source: { kind: "text", text: "", file: given.file }, count: 1, select: "first" };
  const format = given.format ?? formatOf(given.path);
  if (format === undefined) {
    report([...path, "path"], {
      code: "unknown-format",
      message: `the ending of ${given.path} does not tell its format`,
      action: "add format: csv, tsv, jsonl or json; text that is written out goes under file",
    });
  }
  return {
    source: { kind: "file", path: given.path, format: format ?? "csv", input: given.input, expected: given.expected },
    count: given.count,
    select: given.select,
  };
}

function readOutput(
  given: NonNullable<WrittenPrompt["output"]>,
  path: Path,
  source: SourceDocument,
  report: Report,
): OutputPart {
  if (typeof given === "string") {
    return { type: "label", labels: "auto", schema: undefined, confidence: false, maxCandidates: 5, text: given };
  }
  const { type, schema, confidence, maxCandidates, text } = given;
  const labels =
    given.labels === "auto"
      ? "auto"
      : given.labels.map((label, index) => writtenText(source, [...path, "labels", index], label));
  if (labels !== "auto") {
    labels.forEach((label, index) => {
      if (labels.indexOf(label) < index)
        report([...path, "labels", index], {
          code: "duplicate-label",
          message: `the label ${label} stands twice`,
          action: "remove one",
        });
    });
    if (type !== "label" && type !== "ranked" && type !== "json") {
      report([...path, "labels"], {
        code: "no-effect",
        severity: "warning",
        message: `labels have no effect with type: ${type}`,
        action: "use type: label, or remove them",
        what: "key",
      });
    }
  }
  if (schema !== undefined && type !== "json") {
    report([...path, "schema"], {
      code: "no-effect",
      severity: "warning",
      message: `schema has no effect with type: ${type}`,
      action: "use type: json, or remove it",
      what: "key",
    });
  }
  return { type, labels, schema, confidence, maxCandidates, text };
}

export function readChain(
  written: ExperimentFile["chain"],
  input: InputColumns,
  source: SourceDocument,
  report: Report,
): HopSpec[] {
  return written.map((hop, index) => {
    const path = ["chain", index];
    if (written.findIndex((each) => each.id === hop.id) < index) {
      report([...path, "id"], {
        code: "duplicate-hop",
        message: `the hop ${hop.id} stands twice`,
        action: "give it another id",
      });
    }
    checkPlaceholders(hop.question, [...path, "question"], report);
    const overrides: Partial<Record<TextPartName, TextPart>> = {};
    for (const name of textPartNames) {
      const given = name === "question" ? undefined : hop[name];
      if (given !== undefined) overrides[name] = readText(given, [...path, name], input, report);
    }
    return {
      id: hop.id,
      question: withInput(hop.question, input),
      stopWhen: hop.stopWhen === undefined ? undefined : writtenText(source, [...path, "stopWhen"], hop.stopWhen),
      overrides,
      output: hop.output === undefined ? undefined : readOutput(hop.output, [...path, "output"], source, report),
    };
  });
}
