import { didYouMean } from "../../base/didYouMean.ts";
import type { RowList, SelectedRows } from "../dataset/dataset.ts";
import type { Dataset } from "../dataset/example.ts";
import type { Experiment } from "./experiment.ts";
import { shown } from "./issues.ts";
import type { Inputs } from "./loadFiles.ts";
import { oneOf } from "./report.ts";
import type { Path } from "./source.ts";

/** What is wrong with the rows of a dataset and with their answers. */

/** `rows 3, 8, 11 and 240 more`. */
export function rowsText({ rows, count }: RowList): string {
  if (count === 1) return `row ${rows[0]}`;
  return count > rows.length
    ? `rows ${rows.join(", ")} and ${count - rows.length} more`
    : `rows ${rows.slice(0, -1).join(", ")} and ${rows.at(-1)}`;
}

export function checkRows(experiment: Experiment, rows: SelectedRows, at: Path, inputs: Inputs): void {
  const { report } = inputs;
  const { dataset } = experiment;
  const idPath: Path = inputs.written(["dataset", "id"]) === undefined ? at : ["dataset", "id"];
  if (rows.kept === 0) {
    const wanted = Object.entries(dataset.filter).map(([column, value]) => `${column} = ${value}`);
    report(["dataset", "filter"], {
      code: "empty-dataset",
      message: `no row has ${wanted.join(" and ")}`,
      action: "correct the filter, or remove it",
      what: "key",
    });
    return;
  }
  for (const [column, list] of rows.missing) {
    report(at, {
      code: "missing-field",
      severity: "warning",
      message: `${rowsText(list)} ${list.count === 1 ? "has" : "have"} no ${column} and ${list.count === 1 ? "is" : "are"} left out`,
      action: "fill them in, or remove the rows",
    });
  }
  if (rows.dataset.examples.length === 0) {
    report(at, {
      code: "empty-dataset",
      message: "no row has everything the prompt and the score need",
      action: `fill in ${[...rows.missing.keys()].join(", ")}`,
    });
  }
  if (rows.withoutId.count > 0) {
    report(idPath, {
      code: "missing-id",
      message: `${rowsText(rows.withoutId)} ${rows.withoutId.count === 1 ? "has" : "have"} no ${dataset.id}`,
      action: "give each row an id of its own",
    });
  }
  const own = dataset.id !== undefined;
  for (const { id, rows: list } of rows.duplicates.slice(0, 5)) {
    if (own)
      report(idPath, {
        code: "duplicate-id",
        message: `${rowsText(list)} have the same ${dataset.id}, ${shown(id)}`,
        action: "give each row an id of its own, or name another column in dataset.id",
      });
    else
      report(at, {
        code: "duplicate-row",
        severity: "warning",
        message: `${rowsText(list)} are equal`,
        action: "remove all but one, as each counts as evidence",
      });
  }
  const more = rows.duplicates.length - 5;
  if (more > 0) {
    report(own ? idPath : at, {
      code: own ? "duplicate-id" : "duplicate-row",
      severity: own ? "error" : "warning",
      message: `${more} more ${own ? "ids" : "rows"} stand more than once`,
      action: "mend them as the first ones",
    });
  }
}

/** Compares labels as the label score does at its simplest: without regard to case and outer blanks. */
function plainLabel(label: string): string {
  return label.trim().toLowerCase();
}

export function checkLabels(experiment: Experiment, dataset: Dataset, at: Path, inputs: Inputs): void {
  const { output } = experiment.prompt;
  if (experiment.dataset.expected === undefined || dataset.examples.length === 0) return;
  if (output.labels !== "auto") {
    if (output.type === "label") checkLabelList(output.labels, dataset, inputs);
    return;
  }
  if (output.type !== "label" && output.type !== "ranked") return;
  const { labels, examples } = dataset;
  if (labels.length === 1) {
    inputs.report(at, {
      code: "one-label",
      severity: "warning",
      message: `every right answer is ${shown(labels[0])}`,
      action: "check dataset.expected; with one label every layout is right",
    });
  } else if (labels.length > 100 || (examples.length >= 20 && labels.length > examples.length / 2)) {
    const type = labels.every((label) => Number.isFinite(Number(label.replaceAll(",", "")))) ? "number" : "text";
    const place: Path =
      inputs.written(["prompt", "output", "type"]) !== undefined ? ["prompt", "output", "type"] : ["prompt"];
    inputs.report(place, {
      code: "many-labels",
      severity: "warning",
      message: `there are ${labels.length} different right answers, too many for a list of labels`,
      action: `write prompt.output: { type: ${type} }`,
      ...(place.length === 1 ? { what: "key" } : {}),
    });
  }
}

function checkLabelList(list: readonly string[], dataset: Dataset, inputs: Inputs): void {
  const allowed = new Set(list.map(plainLabel));
  const strange = new Map<string, { rows: number[]; count: number }>();
  for (const { expected, row } of dataset.examples) {
    if (expected === undefined || allowed.has(plainLabel(expected))) continue;
    const seen = strange.get(expected) ?? { rows: [], count: 0 };
    seen.count++;
    if (seen.rows.length < 5) seen.rows.push(row);
    strange.set(expected, seen);
  }
  const path: Path = ["prompt", "output", "labels"];
  for (const [label, rows] of [...strange].slice(0, 5)) {
    const near = didYouMean(label, list);
    inputs.report(path, {
      code: "unknown-label",
      message: `the answer ${shown(label)} of ${rowsText(rows)} is not in the list of labels`,
      action:
        near.length > 0
          ? `write ${oneOf(near)} there, or add ${label} to the list`
          : `add ${label} to the list, or correct the dataset`,
    });
  }
  if (strange.size > 5)
    inputs.report(path, {
      code: "unknown-label",
      message: `${strange.size - 5} more answers are not in the list of labels`,
      action: "add them, or write labels: auto",
    });
}
