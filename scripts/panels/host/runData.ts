import { seededRandom } from "../../../src/base/random.ts";
import type { Alert } from "../../../src/engine/analysis/alerts.ts";
import type { RunCourse } from "../../../src/engine/analysis/course.ts";
import { prefixFigures } from "../../../src/engine/analysis/prefix.ts";
import type { Decision, Verdict } from "../../../src/engine/decide/sampler.ts";
import { exactSentence } from "../../../src/engine/decide/verdict.ts";
import type { QueueSnapshot, QueueStats } from "../../../src/engine/queue/queue.ts";
import type { RunSummary, RunView, VariantSummary, VariantView } from "../../../src/engine/runner/events.ts";
import type { TrialRow } from "../../../src/engine/store/store.ts";
import { expectedLabel, labels, layoutNames } from "./texts.ts";

/** One made-up run: five layouts on 340 rows, three of which the race drops on the way. */

export const rows = 340;
const model = "openai:gpt-4.1-mini";
const skill = [0.722, 0.705, 0.741, 0.64, 0.585];
/** Rows after which a variant is out; the others go to the end. */
const droppedAt: readonly (number | undefined)[] = [undefined, undefined, undefined, 182, 74];
const promptTokens = [1404, 1404, 1441, 1404, 1416];

export const variantIds = layoutNames.map((layout) => `${layout}/${model}`);

/** What each layout answered on each row, decided once. */
const answers: readonly (readonly { readonly state: TrialRow["state"]; readonly prediction: string | undefined }[])[] =
  layoutNames.map((layout, v) => {
    const luck = seededRandom("answers", layout);
    const shared = seededRandom("rows");
    return Array.from({ length: rows }, (_, row) => {
      // Most of what makes a row hard is the row's own.
      const hardness = 0.7 * shared() + 0.3 * luck();
      const expected = expectedLabel(row);
      if (hardness < (skill[v] ?? 0.8)) return { state: "scored" as const, prediction: expected };
      const fault = luck();
      if (fault < 0.06) return { state: "unparsable" as const, prediction: undefined };
      if (fault < 0.1) return { state: "failed" as const, prediction: undefined };
      const slip = labels.indexOf(expected as (typeof labels)[number]) + 1 + Math.floor(luck() * 2) * 2;
      return { state: "scored" as const, prediction: labels[slip % labels.length] };
    });
  });

export function isRight(variant: number, row: number): boolean {
  return answers[variant]?.[row]?.prediction === expectedLabel(row);
}

export function trialsOf(variant: number, consumed = rows): number {
  return Math.min(consumed, droppedAt[variant] ?? rows);
}

export function figures(
  variant: number,
  consumed: number,
): Pick<VariantView, "trials" | "correct" | "accuracy" | "interval"> {
  const trials = trialsOf(variant, consumed);
  let correct = 0;
  for (let row = 0; row < trials; row++) if (isRight(variant, row)) correct += 1;
  const accuracy = trials === 0 ? 0 : correct / trials;
  const half =
    trials === 0 ? 1 : Math.min(1, 1.6 * Math.sqrt((accuracy * (1 - accuracy) + 0.02) / trials) + 1 / trials);
  return { trials, correct, accuracy, interval: [Math.max(0, accuracy - half), Math.min(1, accuracy + half)] };
}

function variantView(index: number, consumed: number): VariantView {
  const out = droppedAt[index];
  const dropped = out !== undefined && consumed >= out;
  const won = consumed >= rows && index === 2;
  return {
    index,
    id: variantIds[index] ?? "",
    layout: layoutNames[index] ?? "",
    model,
    ...figures(index, consumed),
    evidence: dropped ? 1 : index === 2 ? 0.02 : Math.min(0.94, (consumed / (out ?? rows * 1.6)) ** 1.5),
    status: dropped ? "dropped" : won ? "won" : "active",
    reason: dropped ? droppedReason(index, out) : won ? verdictFor(0.02).explanation : "",
  };
}

const stats: QueueStats = {
  windows: 6,
  slotsUsed: 342,
  slotsWasted: 18,
  utilisation: 0.95,
  crossModelFills: 12,
  makespanMs: 214_000,
  lowerBoundMs: 198_000,
  savedMs: 61_000,
  composition: Array.from({ length: 6 }, (_, window) => ({
    pool: "openai",
    window,
    byModel: window === 5 ? { [model]: 42 } : { [model]: 54, "openai:gpt-4.1-nano": window === 4 ? 6 : 0 },
  })),
};

function queue(going: boolean): QueueSnapshot {
  return {
    pools: [
      {
        id: "openai",
        limits: { requests: 60, tokens: undefined, windowMs: 60_000, kind: "fixed", concurrency: 8 },
        learned: {},
        inFlight: going ? 7 : 0,
        concurrencyNow: 8,
        concurrencyReason: undefined,
        windowUsed: 41,
        windowEndsInMs: going ? 23_000 : undefined,
        models: [
          {
            model,
            queued: going ? 24 : 0,
            inFlight: going ? 7 : 0,
            paused: false,
            circuit: "closed",
            circuitFreeInMs: undefined,
            weight: undefined,
            latency: { p50: 640, p95: 1_480 },
            sent: 512,
            succeeded: 498,
            failed: 3,
            retried: 11,
          },
        ],
      },
    ],
    stats,
  };
}

/** How the run looks when so many rows are consumed. */
export function viewAt(
  consumed: number,
  status: RunView["status"] = consumed >= rows ? "finished" : "running",
): RunView {
  const variants = layoutNames.map((_, index) => variantView(index, consumed));
  const done = variants.reduce((sum, variant) => sum + variant.trials, 0);
  const going = status === "running" || status === "stopping";
  return {
    run: "20261121-093015-7f3a",
    name: "intents",
    file: "/projects/intents.layout.yaml",
    status,
    mode: "adaptive",
    startedAt: Date.UTC(2026, 10, 21, 9, 30, 15),
    elapsedMs: consumed * 640,
    examples: rows,
    trialsPlanned: rows * 5,
    trialsDone: done,
    requests: { sent: done + 11, succeeded: done - 60, failed: 3, retried: 11, cached: 57 },
    ratePerSecond: going ? 6 + Math.sin(consumed / 9) * 2 : 0,
    inFlight: going ? 7 : 0,
    cost: done * 0.00031,
    tokens: { prompt: done * 1410, completion: done * 4, cached: done * 1100 },
    leftMs: going && consumed > 20 ? (rows - consumed) * 640 : undefined,
    variants,
    question: { scope: "dataset", confidence: 0.95, equivalence: 0.02, guaranteed: true },
    queue: queue(going),
    waiting: going ? [{ model, count: 24, reason: { kind: "requests", pool: "openai", freeInMs: 23_000 } }] : [],
    decisions: decisionsUpTo(consumed).length,
    alerts: consumed < 100 ? [] : alerts,
    stopReason: undefined,
  };
}

/** How the run went until then, as the store tells it. */
export function courseAt(consumed: number): RunCourse {
  const views = Array.from({ length: 40 }, (_, i) => viewAt(Math.round(((i + 1) / 40) * consumed), "running"));
  const accuracy = (index: number) =>
    views.map(({ variants }) => {
      const variant = variants[index];
      return variant === undefined || variant.status === "dropped" ? null : variant.accuracy;
    });
  return {
    at: views.map(({ elapsedMs }) => elapsedMs),
    rate: views.map(({ ratePerSecond }) => ratePerSecond),
    accuracy: Object.fromEntries(variantIds.map((id, index) => [id, accuracy(index)])),
    stepMs: (consumed * 640) / 40,
  };
}

const alerts: readonly Alert[] = [
  {
    kind: "failures",
    subject: model,
    message: `${model}: 58 of 512 requests could not be read (11.3 %)`,
    action: "look at the answers and the output the prompt asks for",
    value: 0.113,
    threshold: 0.1,
  },
  {
    kind: "cache",
    subject: "cache",
    message: "the cache is 84 % full",
    action: "raise its size limit or clear it; answers unused for longest go first when it is full",
    value: 0.84,
    threshold: 0.8,
  },
];

const decisions: readonly Decision[] = [
  decision(0, 50, null, "looked", "After 50 rows all five layouts are still in the race."),
  decision(1, 74, 4, "dropped", droppedReason(4, 74)),
  decision(2, 182, 3, "dropped", droppedReason(3, 182)),
  decision(3, rows, 2, "won", verdictFor(0.02).explanation),
];

/** As the race words it: five layouts, 95 % sure, within 2 points. */
function droppedReason(variant: number, row: number): string {
  const behind = (figures(2, row).accuracy - figures(variant, row).accuracy) * 100;
  return `After ${row} rows ${layoutNames[variant]} was ${behind.toFixed(1)} points behind sandwich; the evidence against it being best by 2 points or more reached 41 to 1 (40 is enough).`;
}

function decision(
  sequence: number,
  row: number,
  variant: number | null,
  kind: Decision["kind"],
  reason: string,
): Decision {
  const means = Object.fromEntries(
    variantIds.flatMap((id, v) => (trialsOf(v) >= row || v === variant ? [[id, figures(v, row).accuracy]] : [])),
  );
  return {
    sequence,
    row,
    variant: variant === null ? null : (variantIds[variant] ?? null),
    kind,
    reason,
    numbers:
      variant === null || kind === "won"
        ? { means }
        : {
            logWealth: Math.log(41),
            logThreshold: Math.log(40),
            opponent: variantIds[2] ?? "",
            difference: 0.12,
            interval: [0.03, 0.21],
            means,
          },
  };
}

export function decisionsUpTo(consumed: number): { readonly model: string; readonly decision: Decision }[] {
  return decisions.filter((each) => each.row <= consumed).map((each) => ({ model, decision: each }));
}

export function verdictFor(equivalence: number): Verdict {
  const leader = variantIds[2] ?? "";
  const near = [variantIds[0] ?? "", variantIds[1] ?? ""];
  const wide = equivalence >= 0.03;
  const accuracy = figures(2, rows).accuracy;
  const group = {
    names: wide ? layoutNames.slice(0, 3) : ["sandwich"],
    whole: false,
    winner: "sandwich",
    why: "it is the most accurate",
  };
  return {
    kind: wide ? "equivalent" : "winner",
    scope: "dataset",
    winner: leader,
    tied: wide ? [leader, ...near] : near,
    confidence: 0.95,
    equivalence,
    explanation: exactSentence({ equivalence, noun: "layout", size: rows }, group, accuracy, {
      name: "standard",
      behind: accuracy - figures(0, rows).accuracy,
    }),
    moreTrials: 0,
    guaranteed: true,
    rivals: [0, 1, 3, 4].map((v) => {
      const common = trialsOf(v);
      const difference = figures(2, common).accuracy - figures(v, common).accuracy;
      const half = 1.9 / Math.sqrt(common) / 1.6;
      return {
        id: variantIds[v] ?? "",
        rows: common,
        difference,
        interval: [difference - half, difference + half] as const,
      };
    }),
  };
}

function variantSummary(index: number): VariantSummary {
  const view = variantView(index, rows);
  const prompt = promptTokens[index] ?? 1400;
  const { trials } = view;
  const cached = trials * ([1100, 1090, 1020, 0, 1110][index] ?? 0);
  const layoutMetrics = {
    promptTokens: prompt,
    systemTokens: [1310, 1310, 1290, 24, 820][index] ?? 0,
    userTokens: prompt - ([1310, 1310, 1290, 24, 820][index] ?? 0),
    segmentPosition: [0.9, 0.93, 0.88, 0.92, 0.95][index] ?? null,
    questionPosition: [0.97, 0.91, 0.82, 0.97, 0.17][index] ?? null,
    quickCheckPosition: index === 2 ? 0.95 : null,
    systemToUser: [13.9, 13.9, 8.5, 0.02, 1.4][index] ?? null,
    cacheablePrefix: [0.88, 0.9, 0.85, 0.87, 0.9][index] ?? 0,
  };
  return {
    id: view.id,
    layout: view.layout,
    model,
    parameters: { temperature: 0 },
    trials,
    correct: view.correct,
    accuracy: view.accuracy,
    interval: view.interval,
    status: view.status,
    reason: view.reason,
    unparsable: answers[index]?.slice(0, view.trials).filter((each) => each.state === "unparsable").length ?? 0,
    failed: answers[index]?.slice(0, view.trials).filter((each) => each.state === "failed").length ?? 0,
    tokens: {
      prompt: view.trials * prompt,
      completion: view.trials * 4,
      cached,
    },
    tokensPerCorrect: (view.trials * (prompt + 4)) / view.correct,
    cost: trials * (prompt * 4e-7 + 4 * 1.6e-6) - cached * 3e-7,
    latency: { p50: 410 + index * 37, p95: 980 + index * 120 },
    layoutMetrics,
    prefix: prefixFigures(
      layoutMetrics,
      { trials, failed: 0, void: 0, cachedTokens: cached, completionTokens: trials * 4 },
      { prompt: 0.4, cached: 0.1, completion: 1.6 },
      4,
    ),
  };
}

export function summary(run = "20261121-093015-7f3a"): RunSummary {
  const view = viewAt(rows);
  return {
    schema: "layoutlab/run@1",
    run,
    name: view.name,
    file: view.file,
    createdAt: "2026-11-21T09:30:15.000Z",
    durationMs: view.elapsedMs,
    status: "finished",
    verdict: verdictFor(0.02),
    verdicts: [],
    examples: rows,
    variants: layoutNames.map((_, index) => variantSummary(index)),
    requests: view.requests,
    queue: stats,
    metrics: {
      throughput: { callsPerSecond: 6.1, tokensPerSecond: 4340 },
      latency: { count: 1216, p50: 462, p90: 910, p95: 1140, p99: 1980, max: 4210 },
      firstToken: { count: 1216, p50: 214, p90: 380, p95: 470, p99: 900, max: 2100 },
      queueWait: { count: 1216, p50: 1200, p90: 18_400, p95: 22_100, p99: 31_000, max: 36_000 },
      tokens: view.tokens,
      savings: { cachedShare: 0.62, cachedCost: 0.19, reusedAnswers: 57, reusedTokens: 40_200 },
      errors: { unavailable: 2, invalid: 1 },
      models: [
        {
          name: model,
          completed: 1273,
          failed: 3,
          successRate: 0.9976,
          open: 0,
          latency: { count: 1216, p50: 462, p90: 910, p95: 1140, p99: 1980, max: 4210 },
          firstToken: { count: 1216, p50: 214, p90: 380, p95: 470, p99: 900, max: 2100 },
        },
      ],
      taskTypes: [{ name: "label", completed: 1273, failed: 3, successRate: 0.9976 }],
      tools: {},
    },
    stopped: { kind: "decided", reason: "every layout is decided" },
    alerts,
    notes: ["3 calls failed and were answered on a retry."],
  };
}

/** One trial as a table shows it. */
export function trialRow(variant: number, position: number, rawResponse?: string): TrialRow {
  const answer = answers[variant]?.[position % rows] ?? { state: "failed" as const, prediction: undefined };
  const expected = expectedLabel(position);
  const luck = seededRandom("facts", variant, position);
  const right = answer.prediction === expected;
  return {
    run: "20261121-093015-7f3a",
    variant,
    position,
    repeat: 0,
    exampleId: `s${String(position).padStart(3, "0")}`,
    request: position * 5 + variant + 1,
    state: answer.state,
    prediction: answer.prediction,
    expected,
    score: right ? 1 : 0,
    confidence: answer.state === "scored" ? 0.4 + luck() * 0.6 : undefined,
    scores: {},
    source: luck() < 0.1 ? "cache" : "call",
    promptTokens: 650 + Math.floor(luck() * 120),
    completionTokens: 4,
    latencyMs: 300 + luck() * 900,
    cost: 0.00028,
    errorMessage: answer.state === "failed" ? "the provider did not answer in 120 s" : undefined,
    rawResponse:
      rawResponse ?? (answer.state === "unparsable" ? "I think it could be several things." : answer.prediction),
    row: position + 1,
  };
}
