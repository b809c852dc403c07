import { readFileSync } from "node:fs";
import path from "node:path";
import Papa from "papaparse";
import type { Example } from "../../../src/engine/dataset/example.ts";
import { builtinLayout } from "../../../src/engine/layout/builtin.ts";
import type { Arrangement } from "../../../src/engine/layout/layout.ts";
import type { ExperimentParts } from "../../../src/engine/layout/parts.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { toMessages } from "../../../src/engine/prompt/prompt.ts";
import type { ReaderMessage } from "../../../src/engine/reader/reader.ts";

const folder = path.resolve(import.meta.dirname, "../../../examples");

export interface Row {
  readonly id: string;
  readonly text: string;
  readonly intent: string;
  readonly clause: string;
}

function table<T>(name: string): T[] {
  const text = readFileSync(path.join(folder, "data", name), "utf8");
  return Papa.parse<T>(text, { header: true, skipEmptyLines: true }).data;
}

export const rows = table<Row>("support.csv");
const shots = table<{ readonly text: string; readonly intent: string }>("shots.csv");
export const labels = [...new Set(rows.map((row) => row.intent))].sort();

const partText = (name: string): string => readFileSync(path.join(folder, "prompts", name), "utf8").trim();

/** The parts of the example experiment, as its file names them. */
export const parts: ExperimentParts = {
  texts: {
    role: partText("role.md"),
    instructions: partText("instructions.md"),
    definitions: partText("definitions.md"),
    segment: "{{text}}",
    question: "Which label fits what the customer needs now?",
    quickCheck:
      "Before you answer, check once more what the customer is asking for now, and take the label defined for it.",
  },
  demonstrations: {
    kind: "pool",
    pool: shots.map(({ text, intent }) => ({ input: text, output: intent })),
    count: 20,
    select: "first",
  },
  output: { type: "label", labels: "auto", schema: undefined, confidence: false, maxCandidates: 5, text: undefined },
  labels,
  seed: 1,
};

export function exampleOf(row: Row, expected: string = row.intent): Example {
  return { id: row.id, row: 1, line: 1, fields: { text: row.text }, expected };
}

/** Prompts of all rows under a layout. */
export function promptsOf(layout: string, change: Partial<Arrangement> = {}, using = parts): ReaderMessage[][] {
  const arrangement = builtinLayout(layout);
  if (arrangement === undefined) throw new Error(`no layout ${layout}`);
  const compiled = compileLayout({ ...arrangement, ...change }, using);
  return rows.map((row) => toMessages(compiled.assemble(exampleOf(row))));
}
