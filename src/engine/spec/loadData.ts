import { didYouMean } from "../../base/didYouMean.ts";
import { canonicalJson } from "../../base/json.ts";
import { expectedCandidates, guessExpected, guessId, guessText } from "../dataset/columns.ts";
import { type DataTable, type SelectedRows, type Selection, selectRows } from "../dataset/dataset.ts";
import type { Dataset } from "../dataset/example.ts";
import type { Experiment } from "./experiment.ts";
import type { Inputs } from "./loadFiles.ts";
import { hopPath } from "./loadParts.ts";
import { checkLabels, checkRows } from "./loadRows.ts";
import { placeholdersOf } from "./placeholders.ts";
import { textPartNames } from "./prompts.ts";
import { meant, oneOf } from "./report.ts";
import type { Path } from "./source.ts";

/** Reads the dataset and checks everything in the experiment that speaks of its columns and rows. */
export async function loadData(
  draft: Experiment,
  inputs: Inputs,
): Promise<{ readonly experiment: Experiment; readonly dataset: Dataset | undefined }> {
  const written = inputs.written(["dataset"]);
  const at: Path = typeof written === "string" ? ["dataset"] : ["dataset", "path"];
  // The path of a draft may be a stand-in for one that could not be understood.
  if (inputs.written(at) !== draft.dataset.path) return { experiment: draft, dataset: undefined };
  const table = await inputs.table(draft.dataset.path, draft.dataset.format, at);
  if (table === undefined) return { experiment: draft, dataset: undefined };
  if (table.records.length === 0) {
    inputs.report(at, {
      code: "empty-dataset",
      message: `${draft.dataset.path} has no rows`,
      action: "add labelled examples, one a row under a header",
    });
    return { experiment: draft, dataset: undefined };
  }
  const experiment = withColumns(draft, table.columns, inputs);
  const shownColumns = checkPlaceholderColumns(experiment, table.columns, inputs);
  const { expected, id } = experiment.dataset;
  if (expected !== undefined && shownColumns.includes(expected)) {
    inputs.report(["prompt"], {
      code: "shows-answer",
      severity: "warning",
      message: `the prompt shows the column ${expected}, which holds the right answer`,
      action: "remove its placeholder, or name another column in dataset.expected",
      what: "key",
    });
  }
  const rows = selected(table, {
    ...experiment.dataset,
    filter: Object.fromEntries(
      Object.entries(experiment.dataset.filter).filter(([column]) => table.columns.includes(column)),
    ),
    expected: known(expected, table),
    id: known(id, table),
    shown: shownColumns,
    judged: columnsOf(experiment.prompt.segment.text).filter((column) => table.columns.includes(column)),
  });
  checkRows(experiment, rows, at, inputs);
  checkLabels(experiment, rows.dataset, at, inputs);
  return { experiment, dataset: rows.dataset };
}

/** The last selection from each table: while someone types, the dataset's rows seldom change. */
const kept = new WeakMap<DataTable, { readonly key: string; readonly rows: SelectedRows }>();

function selected(table: DataTable, selection: Selection): SelectedRows {
  const key = canonicalJson(selection);
  const last = kept.get(table);
  if (last?.key === key) return last.rows;
  const rows = selectRows(table, selection);
  kept.set(table, { key, rows });
  return rows;
}

function known(column: string | undefined, table: DataTable): string | undefined {
  return column !== undefined && table.columns.includes(column) ? column : undefined;
}

function columnsOf(text: string): string[] {
  return placeholdersOf(text)
    .map((each) => each.column)
    .filter((column) => column !== "");
}

/** The experiment with the columns that the file left open: id, right answer, segment. */
function withColumns(draft: Experiment, columns: readonly string[], inputs: Inputs): Experiment {
  const { dataset } = draft;
  const check = (column: string | undefined, path: Path, what?: "key"): void => {
    if (column === undefined || columns.includes(column)) return;
    inputs.report(path, { ...unknownColumn(column, columns), ...(what === undefined ? {} : { what }) });
  };
  check(dataset.expected, ["dataset", "expected"]);
  check(dataset.id, ["dataset", "id"]);
  for (const column of Object.keys(dataset.filter)) check(column, ["dataset", "filter", column], "key");
  for (const [part, column] of Object.entries(dataset.input)) check(column, ["dataset", "input", part]);

  const used = new Set(promptTexts(draft, inputs).flatMap(({ text }) => columnsOf(text)));
  if (!inputs.parsed.segmentWritten) used.delete("text");
  const id = dataset.id ?? guessId(columns);
  const expected = dataset.expected ?? guessExpected(columns, used);
  if (dataset.expected === undefined) reportExpected(draft, expected, columns, used, inputs);

  let { segment } = draft.prompt;
  if (!inputs.parsed.segmentWritten) {
    const column = guessText(columns, [expected, id]);
    if (column === undefined) {
      inputs.report(["prompt"], {
        code: "no-segment",
        message: "the file does not say which column holds the text to judge",
        action: `write prompt: { segment: "{{column}}" }; columns are ${listed(columns)}`,
        what: "key",
      });
    } else segment = { text: `{{${column}}}`, file: undefined };
  }
  return { ...draft, dataset: { ...dataset, id, expected }, prompt: { ...draft.prompt, segment } };
}

/** Scorers that judge an answer without a right one. */
const selfSufficient: readonly string[] = ["judge", "script"];

function reportExpected(
  draft: Experiment,
  expected: string | undefined,
  columns: readonly string[],
  used: ReadonlySet<string>,
  inputs: Inputs,
): void {
  const at: Path = ["dataset"];
  if (expected === undefined) {
    if (draft.scoring.every((each) => selfSufficient.includes(each.type))) return;
    inputs.report(at, {
      code: "no-expected",
      message: "no column is known to hold the right answers",
      action: `write dataset: { path: …, expected: COLUMN }; columns are ${listed(columns.filter((column) => !used.has(column)))}`,
      what: "key",
    });
    return;
  }
  const others = expectedCandidates(columns).filter((column) => column !== expected && !used.has(column));
  if (others.length > 0) {
    inputs.report(at, {
      code: "ambiguous-expected",
      severity: "info",
      message: `${expected} is taken for the right answer, though ${oneOf(others)} might be meant`,
      action: `write dataset.expected: ${expected} to say so`,
      what: "key",
    });
  }
}

function unknownColumn(
  column: string,
  columns: readonly string[],
): { code: string; message: string; action: string; suggestions: readonly string[] } {
  const near = didYouMean(column, columns);
  return {
    code: "unknown-column",
    message: `the dataset has no column ${column}`,
    action: near.length > 0 ? meant(near, [], "") : `columns are ${listed(columns)}`,
    suggestions: near.length > 0 ? near : columns,
  };
}

function listed(columns: readonly string[]): string {
  return columns.length > 12
    ? `${columns.slice(0, 12).join(", ")} and ${columns.length - 12} more`
    : columns.join(", ");
}

interface PromptText {
  readonly text: string;
  readonly path: Path;
  readonly file: string | undefined;
  /** Hops before it, whose answers it may show. */
  readonly answers: readonly string[];
}

/** Every text of the prompt that an example fills, with the place it was written. */
function promptTexts(experiment: Experiment, inputs: Inputs): PromptText[] {
  const texts: PromptText[] = [];
  for (const name of textPartNames) {
    const part = experiment.prompt[name];
    if (part !== undefined) texts.push({ ...part, path: ["prompt", name], answers: [] });
  }
  for (const [index, hop] of experiment.chain.entries()) {
    const path = hopPath(hop.id, inputs);
    const answers = experiment.chain.slice(0, index).map(({ id }) => id);
    texts.push({ text: hop.question, path: [...path, "question"], file: undefined, answers });
    for (const name of textPartNames) {
      const part = hop.overrides[name];
      if (part !== undefined) texts.push({ ...part, path: [...path, name], answers });
    }
  }
  return texts;
}

/** Reports placeholders without a column; returns the columns that prompts show. */
function checkPlaceholderColumns(experiment: Experiment, columns: readonly string[], inputs: Inputs): string[] {
  const shownColumns = new Set<string>();
  const { input } = experiment.dataset;
  for (const { text, path, file, answers } of promptTexts(experiment, inputs)) {
    const original = inputs.written(path);
    const inPlace = typeof original === "string" ? original : undefined;
    const seen = new Map<string, number>();
    for (const each of placeholdersOf(inPlace ?? text)) {
      if (each.column === "" || answers.includes(each.column)) continue;
      const column = Object.entries(input).find(([part]) => part === each.column)?.[1] ?? each.column;
      if (columns.includes(column)) {
        shownColumns.add(column);
        continue;
      }
      // A mapped column that is not there was reported where it is mapped.
      if (column !== each.column) continue;
      if (file !== undefined) {
        const before = text.slice(0, each.nameStart);
        inputs.reportIn(file, before.split("\n").length, each.nameStart - before.lastIndexOf("\n"), {
          severity: "error",
          ...unknownColumn(column, columns),
        });
        continue;
      }
      if (inPlace === undefined) continue;
      const raw = inPlace.slice(each.start, each.end);
      const nth = seen.get(raw) ?? 0;
      seen.set(raw, nth + 1);
      inputs.report(path, {
        ...unknownColumn(column, columns),
        within: { text: raw, nth, part: [each.nameStart - each.start, each.nameEnd - each.start] },
      });
    }
  }
  return [...shownColumns];
}
