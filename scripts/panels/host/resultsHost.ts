import { Channel } from "../../../src/base/channel.ts";
import { calibration } from "../../../src/engine/analysis/calibration.ts";
import { crossModel } from "../../../src/engine/analysis/crossModel.ts";
import { efficiency } from "../../../src/engine/analysis/efficiency.ts";
import { lengthEffects } from "../../../src/engine/analysis/lengths.ts";
import { errorPatterns } from "../../../src/engine/analysis/patterns.ts";
import type { RunListItem, TrialQuery } from "../../../src/engine/api.ts";
import type { RunSummary } from "../../../src/engine/runner/events.ts";
import type { TrialRow } from "../../../src/engine/store/store.ts";
import type { ResultsHost, ResultsShown, ResultsView } from "../../../src/protocol/resultsPanel.ts";
import { planted, sideBySideOf, tableOf, timelineOf } from "./analyticsData.ts";
import { hostileText } from "./previewHost.ts";
import { decisionsUpTo, figures, rows, summary, trialRow, trialsOf, variantIds, verdictFor } from "./runData.ts";
import { expectedLabel, fixedParts, labels, layoutNames, segmentText } from "./texts.ts";
import type { PanelWire } from "./wire.ts";

/** Trials a variant has in the scene `many`: 170,000 over the five. */
const manyRows = 34_000;

/** Scenes: full, patterns (errors with a reason), one (a single variant), live, failed, models (two of them, with ensembles and noise), many, empty (nothing scored), hostile (answers that try to break out), alone (no other run), free (a model without a price), failing. */
export function openResultsHost(wire: PanelWire, scene: string) {
  let run = "20260921-000000-aaaa";
  const last = scene === "many" ? manyRows : rows;
  const exists = (variant: number, position: number) => scene === "many" || position < trialsOf(variant);
  const trial = (variant: number, position: number): TrialRow =>
    scene === "hostile" && position === 0
      ? { ...trialRow(variant, position, longResponse()), prediction: hostileText, state: "unparsable", score: 0 }
      : scene === "patterns"
        ? planted(trialRow(variant, position))
        : trialRow(variant, position);
  const table = (models = ["openai:gpt-4.1-mini"]) =>
    tableOf(trial, (variant, position) => scene !== "empty" && exists(variant, position), models);
  const channel: Channel<ResultsHost, ResultsView> = new Channel(wire.port, {
    ready() {
      if (scene === "failing") throw new Error("the store cannot be read");
      return shownRun("20261121-093015-7f3a", scene);
    },
    showRun(wanted) {
      run = wanted.run;
      return shownRun(run, scene);
    },
    trials: (query) => page(query, last, exists, trial),
    trial: ({ variant, position, repeat }) => ({
      trial: { ...trial(variant, position), repeat },
      prompt: [
        {
          role: "system",
          pieces: [
            { part: "role", text: `${fixedParts.role}\n\n`, fixed: true },
            { part: "instructions", text: `${fixedParts.instructions}\n\n`, fixed: true },
            { part: "output", text: fixedParts.output ?? "", fixed: true },
          ],
        },
        {
          role: "user",
          pieces: [
            {
              part: "segment",
              text: `Message:\n${scene === "hostile" ? hostileText : segmentText(position)}\n\n`,
              fixed: false,
            },
            { part: "question", text: fixedParts.question ?? "", fixed: true },
          ],
        },
      ],
      request: {
        id: 1,
        run,
        variant,
        model: "openai:gpt-4.1-mini",
        key: "k",
        taskType: "label",
        complexity: "low",
        priority: 0,
        request: "{}",
        context: undefined,
        responseSchema: undefined,
        promptTokensEstimated: 704,
        trials: [[position, repeat]],
        state: "completed",
        createdAt: 0,
        updatedAt: 0,
        publishedAt: 0,
        leaseOwner: undefined,
        leaseUntil: undefined,
        attempts: 1,
        source: "call",
        latencyMs: 512,
        firstTokenMs: 210,
        queuedMs: 90,
        promptTokens: 704,
        completionTokens: 4,
        cachedTokens: 512,
        cost: 0.00028,
        servedModel: "gpt-4.1-mini-2026-04-14",
      },
      fields: {
        id: `s${position}`,
        text: scene === "hostile" ? hostileText : segmentText(position),
        intent: expectedLabel(position),
        clause: "early",
      },
      place: { file: "/projects/data/support.csv", line: position + 2 },
      row: layoutNames.flatMap((_, other) => (exists(other, position) ? [trial(other, position)] : [])),
    }),
    confusion({ variant }) {
      const counts = new Map<string, { expected: string; prediction: string; count: number }>();
      for (let position = 0; position < trialsOf(variant); position++) {
        const { expected = "", prediction, state } = trial(variant, position);
        if (prediction === undefined || state !== "scored") continue;
        const key = `${expected} ${prediction}`;
        const cell = counts.get(key) ?? { expected, prediction, count: 0 };
        counts.set(key, { ...cell, count: cell.count + 1 });
      }
      return [...counts.values()];
    },
    positions: ({ column }) => ({
      schema: "layoutlab/positions@1",
      run,
      column: column ?? null,
      columns: ["gold_position"],
      curves:
        scene === "empty"
          ? []
          : variantIds.map((variant, v) => ({
              variant,
              rows,
              bins: Array.from({ length: 8 }, (_, i) => {
                const accuracy = 0.62 + 0.05 * (v % 3) + 0.012 * (i - 3.5) ** 2 - 0.004 * v * i;
                const from = column === undefined ? 0.7 + i * 0.03 : i;
                const to = column === undefined ? from + 0.02 : i;
                return { from, to, rows: 42, accuracy, interval: [accuracy - 0.08, accuracy + 0.07] as const };
              }),
              test: { statistic: 12.1, df: 7, pValue: 0.09 + 0.1 * v },
              explanation: `No effect of place is shown (chi-squared 12.1, 7 df, p = ${(0.09 + 0.1 * v).toFixed(3)}); it ranges from 77.0 % at 0 to 62.3 % at 4.`,
            })),
    }),
    decisions: () => decisionsUpTo(rows).map(({ model, decision }) => ({ ...decision, model, at: decision.row * 640 })),
    redecide: ({ equivalence }) => ({
      verdict: verdictFor(equivalence),
      rows: Math.max(60, Math.round(340 - equivalence * 3000)),
    }),
    details: ({ run: wanted }) => shownRun(wanted, scene).details,
    compare({ theirs, ours, run: other, noise }) {
      const v = variantIds.indexOf(ours);
      const { accuracy, trials } = figures(v, rows);
      const difference = 0.012 - v * 0.006;
      return {
        schema: "layoutlab/compare@1",
        a: { run: other, variant: theirs },
        b: { run, variant: ours },
        pairing: { by: "id", changed: 0 },
        comparison: {
          rows: trials,
          onlyA: 0,
          onlyB: 0,
          meanA: accuracy - difference,
          meanB: accuracy,
          difference,
          wins: 12,
          losses: 8,
          ties: trials - 20,
          test: { method: "mcnemarMidP", pValue: 0.38, interval: [difference - 0.03, difference + 0.03] },
          interval: [difference - 0.03, difference + 0.03],
          stoppedEarly: trials < rows,
          significant: false,
          ...(noise === undefined ? {} : { noise: 0.008 }),
          bootstrap: { interval: [difference - 0.03, difference + 0.03], pValue: 0.4 },
          effect: { cohensH: 0.04, oddsRatio: 1.5 },
          power: { detectable: 0.04, rowsNeeded: 2100 },
          explanation: "No difference can be shown on these rows.",
        },
      };
    },
    sideBySide: ({ sides }) => sideBySideOf(sides),
    efficiency: () => efficiency(run, table()),
    patterns: () => errorPatterns(run, table()),
    calibration: () => calibration(run, table()),
    lengths: () => lengthEffects(run, table()),
    crossModel: () =>
      crossModel(run, table(scene === "models" ? ["openai:gpt-4.1-mini", "ollama:gemma3:12b"] : undefined)),
    timeline: () => timelineOf(scene),
    openText: () => undefined,
    openRow: () => undefined,
    diff: () => undefined,
    export: () => undefined,
    save: () => undefined,
    openFile: () => undefined,
  });
  return {
    asked: wire.asked,
    show: (shownNow: string) => channel.send("shown", shownRun(shownNow, scene)),
  };
}

let tenMegabytes: string | undefined;

function longResponse(): string {
  tenMegabytes ??= `${hostileText}\n${"a line of an answer that does not end \n".repeat(270_000)}`;
  return tenMegabytes;
}

/** The run of a model that costs nothing. */
function freeOfCharge(run: RunSummary): RunSummary {
  return {
    ...run,
    variants: run.variants.map(({ prefix, ...variant }) => ({
      ...variant,
      cost: 0,
      ...(prefix === undefined ? {} : { prefix: { ...prefix, perThousand: { cold: 0, warm: 0 } } }),
    })),
  };
}

function shownRun(run: string, scene: string): ResultsShown {
  const made =
    scene === "models"
      ? { ...summary(run), ...severalModels }
      : scene === "free"
        ? freeOfCharge(summary(run))
        : summary(run);
  const full =
    scene === "one"
      ? { ...made, variants: made.variants.slice(2, 3), verdict: { ...made.verdict, rivals: [], tied: [] } }
      : scene === "failed"
        ? { ...made, status: "failed" as const, stopped: { kind: "rejected" as const, reason: "the key was refused" } }
        : made;
  const result =
    scene === "empty"
      ? {
          ...full,
          variants: full.variants.map((variant) => ({ ...variant, trials: 0, correct: 0, accuracy: 0 })),
          verdict: {
            ...full.verdict,
            kind: "undecided" as const,
            winner: null,
            tied: [],
            rivals: [],
            moreTrials: null,
            explanation: "No row could be used.",
          },
        }
      : full;
  const item = (id: string, day: number): RunListItem => ({
    run: id,
    name: "intents",
    file: full.file,
    createdAt: Date.UTC(2026, 10, day, 9, 30, 15),
    endedAt: Date.UTC(2026, 10, day, 9, 34, 0),
    status: scene === "failed" ? "failed" : scene === "live" && day === 21 ? "running" : "finished",
    live: scene === "live" && day === 21,
    models: ["openai:gpt-4.1-mini"],
    variants: full.variants.map(({ id: variant, layout, model, accuracy, status }) => ({
      id: variant,
      layout,
      model,
      accuracy,
      status,
    })),
    verdict: full.verdict.explanation,
    stopReason: undefined,
    ...(day === 20 ? { noise: true as const } : {}),
  });
  const all = [item("20261121-093015-7f3a", 21), item("20261120-171200-11c2", 20), item("20261118-080000-9e0d", 18)];
  return {
    details: {
      item: all.find((each) => each.run === run) ?? item(run, 21),
      view: undefined,
      summary: result,
      labels,
      scorers: ["label"],
    },
    others: scene === "alone" ? [] : all.filter((each) => each.run !== run),
  };
}

const severalModels: Pick<RunSummary, "models" | "ensembles" | "noise"> = {
  models: {
    models: [
      { model: "openai:gpt-4.1-mini", winner: "sandwich", kind: "winner" },
      { model: "ollama:gemma3:12b", winner: "recency", kind: "undecided" },
    ],
    layouts: [
      { layout: "sandwich", meanRank: 1.5, means: [0.832, 0.771] },
      { layout: "recency", meanRank: 2, means: [0.782, 0.788] },
      { layout: "standard", meanRank: 2.5, means: [0.791, 0.752] },
      { layout: "minimal-system", meanRank: 4.5, means: [0.72, 0.69] },
      { layout: "question-first", meanRank: 4.5, means: [0.676, 0.694] },
    ],
    tau: [
      [1, 0.4],
      [0.4, 1],
    ],
    agreement: 0.4,
    explanation: "The models agree somewhat on how the layouts rank: a winner on one is no proof for the other.",
  },
  ensembles: [
    {
      model: "openai:gpt-4.1-mini",
      members: [
        { name: "sandwich", accuracy: 0.832 },
        { name: "standard", accuracy: 0.791 },
        { name: "recency", accuracy: 0.782 },
      ],
      combine: "majority",
      rows: 340,
      best: "sandwich",
      bestAccuracy: 0.832,
      accuracy: 0.835,
      interval: [0.79, 0.87],
      gain: 0.003,
      gainInterval: [-0.018, 0.024],
      pValue: 0.79,
      ceiling: 0.894,
      cost: { unit: "dollars", extra: 0.27, perExtraCorrect: 0.09 },
      pays: false,
      explanation: "No gain over sandwich can be shown, for three times the calls.",
    },
  ],
  noise: [
    {
      id: "sandwich/openai:gpt-4.1-mini",
      layout: "sandwich",
      rows: 340,
      flipRate: 0.021,
      floor: 0.016,
      explanation: "",
    },
    {
      id: "standard/openai:gpt-4.1-mini",
      layout: "standard",
      rows: 340,
      flipRate: 0.029,
      floor: 0.019,
      explanation: "",
    },
  ],
};

/** What the store does, slowly and in memory. */
function page(
  { filter, sort, descending, limit, after, skip = 0 }: TrialQuery,
  last: number,
  exists: (variant: number, position: number) => boolean,
  trial: (variant: number, position: number) => TrialRow,
) {
  const key = JSON.stringify([filter, sort, descending]);
  let found = sorted.get(key);
  if (found === undefined) {
    const matching: TrialRow[] = [];
    for (let position = 0; position < last; position++) {
      for (let variant = 0; variant < layoutNames.length; variant++) {
        if (!exists(variant, position) || filter.variants?.includes(variant) === false) continue;
        const row = trial(variant, position);
        if (matches(row, filter)) matching.push(row);
      }
    }
    const value = (row: TrialRow): string | number => {
      switch (sort) {
        case "position":
          return row.position;
        case "score":
          return row.score ?? -1;
        case "confidence":
          return row.confidence ?? -1;
        case "latency":
          return row.latencyMs ?? -1;
        case "tokens":
          return row.promptTokens ?? -1;
        case "expected":
          return row.expected ?? "";
        case "prediction":
          return row.prediction ?? "";
      }
    };
    const order = (a: TrialRow, b: TrialRow) =>
      value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.position - b.position || a.variant - b.variant;
    found = matching.sort((a, b) => (descending ? -order(a, b) : order(a, b)));
    sorted.set(key, found);
  }
  const from = Number(after ?? 0) + skip;
  const rowsOfPage = found.slice(from, from + limit).map((row) => ({ ...row, segment: segmentText(row.position) }));
  return {
    rows: rowsOfPage,
    next: from + limit < found.length ? String(from + limit) : undefined,
    total: after === undefined && skip === 0 ? found.length : undefined,
  };
}

const sorted = new Map<string, TrialRow[]>();

function matches(row: TrialRow, filter: TrialQuery["filter"]): boolean {
  if (filter.positions?.includes(row.position) === false) return false;
  if (filter.states !== undefined && !filter.states.includes(row.state)) return false;
  if (filter.outcome === "wrong" && row.score === 1) return false;
  if (filter.outcome === "right" && row.score !== 1) return false;
  if (filter.expected !== undefined && row.expected !== filter.expected) return false;
  if (filter.prediction !== undefined && row.prediction !== filter.prediction) return false;
  if (filter.search !== undefined) {
    const text = `${segmentText(row.position)} ${row.prediction} ${row.rawResponse}`.toLowerCase();
    if (!text.includes(filter.search.toLowerCase())) return false;
  }
  return true;
}
