import type { InputRow, RunTable } from "../../../../src/engine/analysis/runTable.ts";
import { segmentFeatures } from "../../../../src/engine/layout/features.ts";
import { emptyColumns } from "../../../../src/engine/store/emptyColumns.ts";

/** One answer as a test makes it up. */
export interface MadeAnswer {
  readonly score?: number;
  readonly state?: 0 | 1 | 2 | 3;
  readonly prediction?: string;
  readonly confidence?: number;
  readonly tokens?: number;
  readonly cost?: number;
  readonly latencyMs?: number;
}

/** A run in memory: rows as a dataset has them, and for each variant (`layout/model`) an answer a row, undefined where it was not asked. */
export function madeTable(
  rows: readonly { readonly text: string; readonly expected?: string; readonly fields?: InputRow["fields"] }[],
  answers: Readonly<Record<string, readonly (MadeAnswer | undefined)[]>>,
  more: Partial<Pick<RunTable, "alpha" | "asksConfidence">> = {},
): RunTable {
  const names = Object.keys(answers);
  const variants = names.map((id, index) => {
    const [layout = "", model = ""] = id.split("/");
    return { index, id, layout, model, parameters: {} };
  });
  const count = rows.length * names.length;
  const columns = { ...emptyColumns(count), examples: rows.map((_, i) => `r${i}`) };
  columns.called.fill(1);
  const texts: string[] = [];
  const numberOf = (text: string | undefined) => {
    if (text === undefined) return -1;
    const known = texts.indexOf(text);
    return known >= 0 ? known : texts.push(text) - 1;
  };
  const firsts = names.map(() => new Int32Array(rows.length).fill(-1));
  rows.forEach((row, position) => {
    names.forEach((name, variant) => {
      const answer = answers[name]?.[position];
      if (answer === undefined) return;
      const at = position * names.length + variant;
      (firsts[variant] as Int32Array)[position] = at;
      columns.variant[at] = variant;
      columns.position[at] = position;
      columns.state[at] = answer.state ?? 0;
      columns.score[at] = answer.score ?? (answer.state === 3 ? Number.NaN : 0);
      columns.confidence[at] = answer.confidence ?? Number.NaN;
      columns.promptTokens[at] = answer.tokens ?? Number.NaN;
      columns.completionTokens[at] = answer.tokens === undefined ? Number.NaN : 0;
      columns.cost[at] = answer.cost ?? Number.NaN;
      columns.latencyMs[at] = answer.latencyMs ?? Number.NaN;
      columns.prediction[at] = numberOf(answer.prediction);
      columns.expected[at] = numberOf(row.expected);
    });
  });
  return {
    variants,
    columns: { ...columns, answers: texts },
    firsts,
    rows: rows.map(({ text, expected, fields = {} }, position) => ({
      position,
      id: `r${position}`,
      segment: text,
      features: segmentFeatures(text),
      expected,
      fields: { text, ...fields },
    })),
    alpha: more.alpha ?? 0.05,
    asksConfidence: more.asksConfidence ?? true,
    segmentColumn: "text",
  };
}
