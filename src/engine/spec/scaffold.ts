import { UserError } from "../../base/errors.ts";
import { guessExpected, guessId, likelyExpected, likelyText, wordsOf } from "../dataset/columns.ts";
import type { DataTable } from "../dataset/dataset.ts";
import { exampleRows } from "./scaffoldExample.ts";
import { yamlScalar } from "./yamlText.ts";

export interface ScaffoldOptions {
  /** Name of the experiment. */
  readonly name: string;
  /** Address of the JSON Schema for the file's first line, for editors without the extension. */
  readonly schema?: string;
}

export interface NewFile {
  /** Relative to the new experiment's folder. */
  readonly path: string;
  readonly text: string;
}

/** What a new experiment took the columns of a data file for. */
export interface Guess {
  readonly text: string;
  readonly expected: string;
  readonly id: string | undefined;
  readonly labels: readonly string[];
  readonly output: "label" | "number" | "text";
  /** Columns that were as likely, in the order in which they would have been taken. */
  readonly others: { readonly text: readonly string[]; readonly expected: readonly string[] };
}

/** Which columns hold text, right answer and id. Throws a `UserError` when the file cannot be a labelled dataset. */
export function guessColumns(path: string, table: DataTable): Guess {
  const action = "write a header and one example a row: its text and its right answer";
  // The path starts at the new file's folder, where the user does not stand.
  const shown = path.slice(path.lastIndexOf("/") + 1);
  if (table.records.length === 0) throw new UserError("empty-dataset", `${shown} has no rows`, action);
  // Braces would end a placeholder before the column's name does.
  const columns = table.columns.filter((column) => !/[{}]/.test(column));
  const facts = new Map(columns.map((column) => [column, columnFacts(table, column)]));
  const id = guessId(columns) ?? columns.find((column) => isKey(column, facts.get(column), table.records.length));
  const others = columns.filter((column) => column !== id);
  const varying = others.filter((column) => (facts.get(column)?.values.size ?? 0) > 1);
  const byName = guessExpected(others);
  const named = likelyExpected(others).filter((column) => column === byName || varying.includes(column));
  const [expected, ...otherExpected] = firstTier(named, others.length < 2 ? [] : fewest(varying, facts));
  const rest = others.filter((column) => column !== expected);
  // What may be another column of right answers, such as label_text, is no text to judge.
  const texts = likelyText(rest.filter((column) => !named.includes(column)));
  const [text, ...otherText] = firstTier(texts, longest(rest, facts));
  if (expected === undefined || text === undefined) {
    const why =
      others.length < 2
        ? `needs two columns, and has ${columns.join(", ") || "none"}`
        : `has no column of right answers: each of ${others.join(", ")} holds one value only`;
    throw new UserError("no-labels", `${shown} ${why}`, action);
  }
  const labels = [...(facts.get(expected)?.values ?? [])];
  const many = labels.length > 100 || (table.records.length >= 20 && labels.length > table.records.length / 2);
  const numeric = labels.every((label) => Number.isFinite(Number(label)));
  return {
    text,
    expected,
    id,
    labels,
    output: many ? (numeric ? "number" : "text") : "label",
    others: {
      text: otherText,
      expected: otherExpected.filter((column) => column !== text),
    },
  };
}

/** A column that is named as a key and has another value in each row. */
function isKey(column: string, facts: ColumnFacts | undefined, rows: number): boolean {
  return ["id", "uuid", "key", "index"].includes(wordsOf(column).at(-1) ?? "") && facts?.values.size === rows;
}

/** Names say more than values do. */
function firstTier(named: readonly string[], measured: readonly string[]): readonly string[] {
  return named.length > 0 ? named : measured;
}

interface ColumnFacts {
  readonly values: ReadonlySet<string>;
  readonly meanLength: number;
}

function columnFacts(table: DataTable, column: string): ColumnFacts {
  const values = new Set<string>();
  let length = 0;
  for (const { fields } of table.records) {
    const text = String(fields[column] ?? "").trim();
    length += text.length;
    if (text !== "") values.add(text);
  }
  return { values, meanLength: length / table.records.length };
}

/** Columns with the fewest values are most likely the label; of several the last, where tables mostly have it. */
function fewest(varying: readonly string[], facts: ReadonlyMap<string, ColumnFacts>): readonly string[] {
  const size = (column: string) => facts.get(column)?.values.size ?? 0;
  const least = Math.min(...varying.map(size));
  return varying.filter((column) => size(column) === least).toReversed();
}

/** Columns with the longest texts; of several the first. Within a tenth they are as long. */
function longest(columns: readonly string[], facts: ReadonlyMap<string, ColumnFacts>): readonly string[] {
  const length = (column: string) => facts.get(column)?.meanLength ?? 0;
  const most = Math.max(...columns.map(length));
  return columns.filter((column) => length(column) >= 0.9 * most);
}

/** An experiment file for a data file at `path`, relative to the new file's folder; a valid one, with comments on what to change. */
export function scaffoldFromData(
  options: ScaffoldOptions,
  path: string,
  table: DataTable,
): { readonly text: string; readonly guess: Guess } {
  const guess = guessColumns(path, table);
  const shown = guess.labels.slice(0, 20).map((label) => label.replaceAll(/\s+/g, " "));
  const more = guess.labels.length - shown.length;
  const listed =
    guess.output === "label"
      ? `# ${guess.labels.length} labels: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}\n`
      : "";
  const { question, role, quickCheck } = wordings[guess.output];
  const { others } = guess;
  const asLikely = [
    ...(others.expected.length === 0 ? [] : [`\n# Right answers might also stand in ${others.expected.join(", ")}.`]),
    ...(others.text.length === 0 ? [] : [`\n# The text might also be ${others.text.join(", ")}: see prompt.segment.`]),
  ].join("");
  const text = `${head(options)}
# ${table.records.length} examples. Other keys: format, filter, limit, shuffle.${asLikely}
dataset:
  path: ${yamlScalar(path)}
  expected: ${yamlScalar(guess.expected)}${guess.id === undefined ? "" : `\n  id: ${yamlScalar(guess.id)}`}
${modelsBlock}
# The parts of the prompt. {{column}} stands for that column of the example; { file: part.md } reads a part from a file.
prompt:
  role: ${role}
  instructions: Read the text and decide. Answer with nothing else.
  # definitions: |
  #   What each label means, one a line. This helps most where labels are easily confused.
  # examples: { path: data/shots.csv, count: 5, select: first }
  segment: ${JSON.stringify(`{{${guess.text}}}`)}
  question: ${question}
  quickCheck: ${quickCheck}
  ${listed === "" ? "" : `${listed}  `}output: { type: ${guess.output}${guess.output === "label" ? ", labels: auto" : ""} }
${settingsBlock}`;
  return { text, guess };
}

const wordings = {
  label: {
    role: "You label texts.",
    question: "Which label fits?",
    quickCheck: "Answer with one label from the list.",
  },
  number: {
    role: "You answer questions with a number.",
    question: "What is the answer?",
    quickCheck: "Answer with the number alone.",
  },
  text: {
    role: "You answer questions briefly.",
    question: "What is the answer?",
    quickCheck: "Answer in a few words.",
  },
} as const;

function head({ name, schema }: ScaffoldOptions): string {
  return `${schema === undefined ? "" : `# yaml-language-server: $schema=${schema}\n`}name: ${yamlScalar(name)}
`;
}

const modelsBlock = `
# builtin:reader answers offline, for trying things out. Others: openai:gpt-4.1-mini, ollama:gemma3:12b, replay:outputs.jsonl
models: [builtin:reader]
`;

const settingsBlock = `
# Where the parts stand in the prompt. Your own: { name: mine, system: [role, instructions], user: [segment, question, output] }
layouts: [standard, recency, sandwich, minimal-system, question-first]

# Asks only as much as a sure answer needs; differences up to two points count as none.
sampling: { mode: adaptive, confidence: 0.95, equivalence: 0.02, seed: 1 }

# limits: { maxCalls: 2000, maxCost: 5, pools: [{ models: ["*"], requestsPerMinute: 60 }] }
`;

/** A small experiment that runs as it stands: the experiment file and its data. */
export function scaffoldExample(options: ScaffoldOptions): readonly NewFile[] {
  const text = `${head(options)}
# A CSV, TSV, JSONL or JSON file with one labelled example a row. Put your own in its place.
dataset:
  path: data/messages.csv
  expected: label
${modelsBlock}
# The parts of the prompt. {{column}} stands for that column of the example; { file: part.md } reads a part from a file.
prompt:
  role: You sort the messages that customers send to a shop.
  instructions: Read the message and decide what the customer needs. Answer with one label and nothing else.
  definitions: |
    delivery: the parcel is late, lost, or its arrival is in question
    damage: something arrived broken, wrong or incomplete
    refund: money is to be paid back, or was paid back wrongly
    account: signing in, personal data, or the customer's profile
  examples:
    - { input: The courier left a note but there is nothing at the depot., output: delivery }
    - { input: Two of the six glasses are cracked., output: damage }
    - { input: I sent the shoes back and still wait for my money., output: refund }
    - { input: How do I change the address in my profile?, output: account }
  segment: "{{text}}"
  question: Which label fits the message?
  quickCheck: Answer with one label from the list.
  output: { type: label, labels: [delivery, damage, refund, account] }
${settingsBlock}`;
  return [
    { path: `${fileName(options.name)}.layout.yaml`, text },
    { path: "data/messages.csv", text: exampleRows },
  ];
}

/** A file name for an experiment's name. */
export function fileName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return plain === "" ? "experiment" : plain.slice(0, 60);
}
