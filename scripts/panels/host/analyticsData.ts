import type { RunTable } from "../../../src/engine/analysis/runTable.ts";
import type { TimelineReport } from "../../../src/engine/analysis/timeline.ts";
import type { ComparedSide, SideBySide } from "../../../src/engine/api.ts";
import { segmentFeatures } from "../../../src/engine/layout/features.ts";
import { wilson } from "../../../src/engine/stats/proportion.ts";
import { emptyColumns } from "../../../src/engine/store/emptyColumns.ts";
import type { TrialRow } from "../../../src/engine/store/store.ts";
import { figures, rows, variantIds } from "./runData.ts";
import { expectedLabel, labels, layoutNames, segmentText } from "./texts.ts";

const stateCodes = ["scored", "unparsable", "failed", "void"];

/** Another answer where something goes wrong for a reason: one label everywhere, one wording under one layout. */
export function planted(trial: TrialRow): TrialRow {
  const { position, variant } = trial;
  const always = expectedLabel(position) === "parking_fine" && position % 4 !== 0;
  const worded = variant === 2 && segmentText(position).includes("neighbour");
  if (!always && !worded) return trial;
  const prediction = labels[always ? 2 : position % labels.length] ?? "";
  const right = prediction === trial.expected;
  return {
    ...trial,
    state: "scored",
    prediction,
    score: right ? 1 : 0,
    rawResponse: prediction,
    errorMessage: undefined,
  };
}

/** The made-up run as the engine's analyses read it; with two models, the second one as a pale copy. */
export function tableOf(
  trial: (variant: number, position: number) => TrialRow,
  exists: (variant: number, position: number) => boolean,
  models: readonly string[],
): RunTable {
  const variants = models.flatMap((model) =>
    layoutNames.map((layout) => ({ id: `${layout}/${model}`, layout, model, parameters: {} })),
  );
  const count = rows * variants.length;
  const columns = {
    ...emptyColumns(count),
    answers: labels,
    examples: Array.from({ length: rows }, (_, i) => `s${i}`),
  };
  const place = (text = "") => (labels as readonly string[]).indexOf(text);
  const firsts = variants.map(() => new Int32Array(rows).fill(-1));
  variants.forEach(({ layout }, v) => {
    const own = (layoutNames as readonly string[]).indexOf(layout);
    const copy = v >= layoutNames.length;
    for (let position = 0; position < rows; position++) {
      if (!exists(own, position)) continue;
      // The second model has its own order of layouts.
      const row = trial(copy ? (own + 1) % layoutNames.length : own, (position + (copy ? 17 : 0)) % rows);
      const at = v * rows + position;
      (firsts[v] as Int32Array)[position] = at;
      columns.variant[at] = v;
      columns.position[at] = position;
      columns.state[at] = stateCodes.indexOf(row.state);
      columns.score[at] = row.score ?? Number.NaN;
      columns.confidence[at] = row.confidence ?? Number.NaN;
      columns.promptTokens[at] = row.promptTokens ?? Number.NaN;
      columns.completionTokens[at] = row.completionTokens ?? Number.NaN;
      columns.cost[at] = row.cost ?? Number.NaN;
      columns.latencyMs[at] = row.latencyMs ?? Number.NaN;
      columns.prediction[at] = place(row.prediction);
      columns.expected[at] = place(expectedLabel(position));
    }
  });
  return {
    variants: variants.map((variant, index) => ({ ...variant, index })),
    columns,
    firsts,
    rows: Array.from({ length: rows }, (_, position) => {
      const segment = segmentText(position);
      const fields = { id: `s${position}`, text: segment, intent: expectedLabel(position), clause: "early" };
      return {
        position,
        id: `s${position}`,
        segment,
        features: segmentFeatures(segment),
        expected: fields.intent,
        fields,
      };
    }),
    alpha: 0.05,
    asksConfidence: true,
    segmentColumn: "text",
  };
}

export function timelineOf(scene: string): TimelineReport {
  const steps = scene === "empty" ? 0 : 44;
  const each = (of: (i: number) => number) => Array.from({ length: steps }, (_, i) => of(i));
  // A window of a minute fills at its beginning, then waits.
  const busy = (i: number) => (i % 12 < 7 ? 1 : 0);
  const answered = each((i) => busy(i) * (34 + ((i * 7) % 9)));
  const latency = (i: number) => (answered[i] === 0 ? null : 480 + 60 * Math.sin(i / 3));
  return {
    schema: "layoutlab/timeline@1",
    run: "20261121-093015-7f3a",
    cards: [{ device: "GPU 0", totalBytes: 24 * 2 ** 30, usedBytes: each((i) => (9 + Math.min(5, i / 6)) * 2 ** 30) }],
    from: Date.UTC(2026, 10, 21, 9, 30, 15),
    stepMs: 5_000,
    steps,
    answered,
    reused: each((i) => (i < 3 ? 20 - i * 6 : 0)),
    failed: each((i) => (i === 17 ? 3 : 0)),
    promptTokens: answered.map((n) => n * 704),
    completionTokens: answered.map((n) => n * 4),
    cachedTokens: answered.map((n, i) => (i < 2 ? 0 : n * 512)),
    cost: answered.map((n) => n * 0.00028),
    latencyP50: Array.from({ length: steps }, (_, i) => latency(i)),
    latencyP95: Array.from({ length: steps }, (_, i) => (latency(i) === null ? null : (latency(i) ?? 0) * 1.9)),
    queuedP50: each((i) => busy(i) * 90).map((ms) => (ms === 0 ? null : ms)),
    queuedP95: each((i) => busy(i) * (400 + 300 * (i % 12))).map((ms) => (ms === 0 ? null : ms)),
  };
}

export function sideBySideOf(sides: readonly ComparedSide[]): SideBySide {
  const standings = sides.map(({ variant }, i) => {
    const v = Math.max(0, variant === undefined ? 2 : variantIds.indexOf(variant));
    const accuracy = figures(v, rows).accuracy - 0.02 * i;
    return { rows, accuracy, interval: wilson(accuracy * rows, rows, 0.05), id: variantIds[v] ?? "" };
  });
  const pairs = standings.flatMap((left, a) => standings.flatMap((right, b) => (b > a ? [{ a, b, left, right }] : [])));
  return {
    schema: "layoutlab/side-by-side@1",
    confidence: 0.95,
    sides: standings.map(({ id, ...standing }, i) => ({
      ...standing,
      run: sides[i]?.run ?? "",
      name: "intents",
      createdAt: Date.UTC(2026, 10, 21 - i, 9, 30),
      variant: id,
    })),
    shared: standings.map(({ id: _, ...standing }) => standing),
    pairs: pairs.map(({ a, b, left, right }) => {
      const difference = right.accuracy - left.accuracy;
      const bounds = [difference - 0.03, difference + 0.03] as const;
      return {
        a,
        b,
        pairing: { by: "id", changed: 0 },
        adjusted: difference < -0.03 ? 0.004 : 0.41,
        significant: difference < -0.03,
        comparison: {
          rows,
          onlyA: 0,
          onlyB: 0,
          meanA: left.accuracy,
          meanB: right.accuracy,
          difference,
          wins: 9,
          losses: 9 - Math.round(difference * rows),
          ties: rows - 18,
          test: { method: "mcnemarMidP", pValue: 0.2, interval: bounds },
          interval: bounds,
          stoppedEarly: false,
          significant: false,
          bootstrap: { interval: bounds, pValue: 0.2 },
          effect: { cohensH: 0.04, oddsRatio: 1.5 },
          power: { detectable: 0.04, rowsNeeded: 2100 },
          explanation: "",
        },
      };
    }),
    differing: [3, 14, 27, 41].map((position) => ({
      example: `s${position}`,
      answers: sides.map((_, i) => ({
        score: i % 2,
        prediction: i % 2 === 1 ? expectedLabel(position) : (labels[(position + 3) % labels.length] ?? null),
        position,
      })),
    })),
  };
}
