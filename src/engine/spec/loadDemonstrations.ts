import { guessExpected, guessText } from "../dataset/columns.ts";
import type { Dataset } from "../dataset/example.ts";
import type { Demonstration, ExamplesPart, Experiment } from "./experiment.ts";

import type { Inputs } from "./loadFiles.ts";
import { rowsText } from "./loadRows.ts";
import { fillTemplate, parseTemplate, placeholdersOf } from "./placeholders.ts";
import type { Path } from "./source.ts";

type FileSource = Extract<ExamplesPart["source"], { kind: "file" }>;

const at: Path = ["prompt", "examples"];

/** The demonstrations of an experiment, and what is wrong with them. */
export async function loadDemonstrations(
  experiment: Experiment,
  dataset: Dataset | undefined,
  inputs: Inputs,
): Promise<readonly Demonstration[]> {
  const part = experiment.prompt.examples;
  if (part === undefined || part.source.kind === "text") return [];
  const pairs = part.source.kind === "inline" ? part.source.pairs : await readPairs(part.source, experiment, inputs);
  if (pairs === undefined) return [];
  const wanted = Math.max(
    part.count,
    ...(experiment.parameters["examples.count"] ?? []).filter((value) => typeof value === "number"),
  );
  // Pairs written in place were counted when the file was read.
  if (part.source.kind === "file" && pairs.length < wanted) {
    const inGrid = wanted > part.count;
    inputs.report(inGrid ? ["parameters", "examples.count"] : [...at, "count"], {
      code: "too-few-demonstrations",
      message: `${wanted} demonstrations are asked for, and ${part.source.path} has ${pairs.length}`,
      action: "lower the number, or add rows to the file",
    });
  }
  if (dataset !== undefined) reportLeaks(experiment, dataset, pairs, inputs);
  return pairs;
}

async function readPairs(
  source: FileSource,
  experiment: Experiment,
  inputs: Inputs,
): Promise<readonly Demonstration[] | undefined> {
  const table = await inputs.table(source.path, source.format, [...at, "path"]);
  if (table === undefined) return undefined;
  const { columns } = table;
  if (table.records.length === 0) {
    inputs.report([...at, "path"], {
      code: "empty-dataset",
      message: `${source.path} has no rows`,
      action: "add demonstrations, one a row under a header",
    });
    return undefined;
  }
  const segment = experiment.prompt.segment.text;
  const own = experiment.dataset.expected;
  const expected = source.expected ?? (own !== undefined && columns.includes(own) ? own : guessExpected(columns));
  const fits = placeholdersOf(segment).every(({ column }) => columns.includes(column));
  const guessed = fits ? undefined : guessText(columns, [expected, "id"]);
  const input = source.input ?? guessed;
  const complain = (column: string | undefined, key: "input" | "expected"): void => {
    if (column !== undefined && columns.includes(column)) return;
    const written = source[key] !== undefined;
    inputs.report([...at, written ? key : "path"], {
      code: "unknown-column",
      message:
        column === undefined
          ? `${source.path} has no column that is known to hold ${key === "input" ? "the text" : "the right answer"}`
          : `${source.path} has no column ${column}`,
      action: `name one in prompt.examples.${key}; columns are ${columns.join(", ")}`,
      suggestions: written ? columns : [],
    });
  };
  if (!fits || source.input !== undefined) complain(input, "input");
  complain(expected, "expected");
  if (
    expected === undefined ||
    !columns.includes(expected) ||
    (input !== undefined && !columns.includes(input)) ||
    (input === undefined && !fits)
  )
    return undefined;

  const template = parseTemplate(input === undefined ? segment : `{{${input}}}`);
  const pairs: Demonstration[] = [];
  const lacking = { rows: [] as number[], count: 0 };
  for (const { fields, row } of table.records) {
    const text = fillTemplate(template, fields).trim();
    const output = String(fields[expected] ?? "").trim();
    if (text !== "" && output !== "") pairs.push({ input: text, output });
    else if (++lacking.count <= 5) lacking.rows.push(row);
  }
  if (lacking.count > 0) {
    inputs.report([...at, "path"], {
      code: "missing-field",
      severity: "warning",
      message: `${rowsText(lacking)} of ${source.path} ${lacking.count === 1 ? "lacks text or answer and is" : "lack text or answer and are"} left out`,
      action: "fill them in, or remove the rows",
    });
  }
  return pairs;
}

/** A demonstration that is also asked hands the model the answer. */
function reportLeaks(experiment: Experiment, dataset: Dataset, pairs: readonly Demonstration[], inputs: Inputs): void {
  const shown = new Set(pairs.map((pair) => pair.input.trim()));
  const { text } = experiment.prompt.segment;
  // A demonstration may hold the column alone where the segment puts words around it.
  const templates = [parseTemplate(text), ...placeholdersOf(text).map(({ column }) => [{ column }])];
  const leaked = { rows: [] as number[], count: 0 };
  for (const { fields, row } of dataset.examples) {
    if (!templates.some((template) => shown.has(fillTemplate(template, fields).trim()))) continue;
    if (++leaked.count <= 5) leaked.rows.push(row);
  }
  if (leaked.count === 0) return;
  inputs.report(at, {
    code: "leaked-demonstration",
    severity: "warning",
    message: `${rowsText(leaked)} of the dataset ${leaked.count === 1 ? "is" : "are"} also among the demonstrations`,
    action: "keep the two files apart, or the answer is given away",
    what: "key",
  });
}
