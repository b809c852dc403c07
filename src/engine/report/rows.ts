import type { RunRecord, TrialRow } from "../store/store.ts";

/** One trial as every tabular export writes it: the same names in the same order. */
export interface ExportRow {
  readonly run: string;
  readonly example: string;
  readonly row: number;
  readonly repeat: number;
  readonly layout: string;
  readonly model: string;
  readonly variant: string;
  readonly expected: string | null;
  readonly prediction: string | null;
  readonly score: number | null;
  readonly state: string;
  readonly confidence: number | null;
  readonly output: string | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly latency_ms: number | null;
  readonly cost: number | null;
  readonly source: string | null;
  readonly error: string | null;
  /** What executing and judging came to, by scorer. */
  readonly note: string | null;
}

export const exportColumns: readonly (keyof ExportRow)[] = [
  "run",
  "example",
  "row",
  "repeat",
  "layout",
  "model",
  "variant",
  "expected",
  "prediction",
  "score",
  "state",
  "confidence",
  "output",
  "prompt_tokens",
  "completion_tokens",
  "latency_ms",
  "cost",
  "source",
  "error",
  "note",
];

export function exportRow(record: RunRecord, trial: TrialRow): ExportRow {
  const variant = record.variants[trial.variant];
  if (variant === undefined) throw new Error(`run ${record.id} has no variant ${trial.variant}`);
  return {
    run: record.id,
    example: trial.exampleId,
    row: trial.row,
    repeat: trial.repeat,
    layout: variant.layout,
    model: variant.model,
    variant: variant.id,
    expected: trial.expected ?? null,
    prediction: trial.prediction ?? null,
    score: trial.score ?? null,
    state: trial.state,
    confidence: trial.confidence ?? null,
    output: trial.rawResponse ?? null,
    prompt_tokens: trial.promptTokens ?? null,
    completion_tokens: trial.completionTokens ?? null,
    latency_ms: trial.latencyMs ?? null,
    cost: trial.cost ?? null,
    source: trial.source ?? null,
    error: trial.errorMessage ?? null,
    note: trial.notes === undefined ? null : noteText(trial.notes),
  };
}

function noteText(notes: NonNullable<TrialRow["notes"]>): string {
  return Object.entries(notes)
    .map(([name, { kind, detail }]) => `${name} ${kind}${detail === undefined ? "" : `: ${detail}`}`)
    .join("; ");
}

/**
 * A field of a CSV file (RFC 4180). A text that a spreadsheet would run as a formula gets a quote in front, as model output is
 * not to be trusted (OWASP, CSV injection).
 */
export function csvField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) && !/^[+-]?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
