import { numberField, textField } from "../../base/untyped.ts";
import { quantile } from "../metrics/quantile.ts";
import { type BilledTokens, costOf, type Price } from "../plan/prices.ts";
import { labelMatcher } from "../response/labels.ts";
import { wilson } from "../stats/proportion.ts";
import { tQuantile } from "../stats/studentT.ts";
import { type BatchAnswer, readBatchAnswer } from "./lines.ts";

/** A figure for more rows than were seen, with its 95 % interval. */
export interface Projected {
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** `layoutlab/batch-analysis@1`. */
export interface BatchAnalysis {
  readonly schema: "layoutlab/batch-analysis@1";
  readonly answers: number;
  readonly failed: number;
  /** Lines that are no answers. */
  readonly unreadable: number;
  /** Answers held against a right one; absent without any. */
  readonly accuracy?: {
    readonly judged: number;
    readonly correct: number;
    readonly accuracy: number;
    /** Wilson, 95 %. */
    readonly interval: readonly [number, number];
    /** Answers that name no label, or several. */
    readonly unparsable: number;
  };
  /** What was answered, the most frequent first; `others` sums up the rest. */
  readonly labels: readonly { readonly label: string; readonly count: number; readonly share: number }[];
  readonly others: number;
  /** Answers that were cut off or withheld, by reason. */
  readonly finish: Readonly<Record<string, number>>;
  readonly errors: readonly { readonly code: string; readonly count: number; readonly example: string }[];
  readonly models: Readonly<Record<string, number>>;
  readonly tokens: {
    readonly prompt: number;
    readonly completion: number;
    readonly cached: number;
    readonly perRequest: { readonly mean: number; readonly p50: number; readonly p95: number } | null;
  };
  /** US dollars; null when the price of a model is unknown. */
  readonly cost: number | null;
  /** Milliseconds; null where the file does not tell. */
  readonly latency: { readonly p50: number; readonly p95: number } | null;
  /** Megabytes in use on the fullest card; null where the file does not tell. */
  readonly vram: { readonly mean: number; readonly peak: number } | null;
  /** Requests a second, pauses taken out; null where the file does not tell. */
  readonly throughput: number | null;
  readonly durationMs: number | null;
  readonly projection?: {
    readonly rows: number;
    readonly tokens: Projected;
    readonly cost: Projected | null;
    readonly hours: Projected | null;
  };
}

export interface AnalyzeOptions {
  /** Right answers by `custom_id`. */
  readonly expected: ReadonlyMap<string, string> | undefined;
  /** Prices by the model's name as files give it, and whether the file says that it is free; undefined when unknown. */
  readonly price: (model: string, free: boolean) => Price | undefined;
  /** What of the price is paid: 0.5 for a provider's batch. */
  readonly priceShare: number;
  /** Work out what so many rows would take. */
  readonly rows: number | undefined;
}

const shownLabels = 30;
/** Free texts are all different: more are not told apart. */
const distinctLabels = 2_000;
const longestLabel = 80;
/** A longer silence is a pause between two sittings. */
const pauseMs = 60_000;
/** Parts of the work whose speeds are compared for the interval of the time. */
const blocks = 20;

/** Grows as needed; a plain array of a million numbers is several times as large. */
class Numbers {
  #values = new Float64Array(1024);
  length = 0;

  add(value: number): void {
    if (this.length === this.#values.length) {
      const wider = new Float64Array(2 * this.length);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
  }

  ascending(): Float64Array {
    return this.#values.slice(0, this.length).sort();
  }
}

/** Sum, mean and spread of values that are not kept (Welford). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
  }

  /** What `rows` rows like these come to: the mean is uncertain, and the new rows scatter too. */
  projected(rows: number): Projected {
    const variance = this.count < 2 ? 0 : this.#squares / (this.count - 1);
    const half = tOf(this.count) * Math.sqrt(variance * (rows + (rows * rows) / Math.max(1, this.count)));
    const value = this.mean * rows;
    return { value, interval: [Math.max(0, value - half), value + half] };
  }
}

function tOf(count: number): number {
  return count < 2 ? 0 : tQuantile(0.975, count - 1);
}

/** What result files say, read line by line; order does not matter, and a `custom_id` counts once. */
export async function analyzeAnswers(lines: AsyncIterable<string>, options: AnalyzeOptions): Promise<BatchAnalysis> {
  const seen = new Set<string>();
  const labels = new Map<string, number>();
  const finish: Record<string, number> = {};
  const errors = new Map<string, { count: number; readonly example: string }>();
  const models: Record<string, number> = {};
  const tokens = { prompt: 0, completion: 0, cached: 0 };
  const perRequest = new Numbers();
  const latencies = new Numbers();
  const times = new Numbers();
  const tokenMoments = new Moments();
  const costMoments = new Moments();
  const vram = new Moments();
  let vramPeak = 0;
  let cost: number | null = 0;
  let others = 0;
  let unreadable = 0;
  let answers = 0;
  let failed = 0;
  const judged = { judged: 0, correct: 0, unparsable: 0 };
  const { expected } = options;
  const matcher = expected === undefined ? undefined : labelMatcher([...new Set(expected.values())]);

  const count = (answer: BatchAnswer): void => {
    const { note } = answer;
    if (typeof note?.at === "number") times.add(note.at);
    if (typeof note?.vram_mb === "number") {
      vram.add(note.vram_mb);
      vramPeak = Math.max(vramPeak, note.vram_mb);
    }
    if (answer.error !== undefined) {
      failed += 1;
      const known = errors.get(answer.error.code);
      if (known === undefined) errors.set(answer.error.code, { count: 1, example: answer.error.message });
      else known.count += 1;
      return;
    }
    answers += 1;
    const { body } = answer;
    const model = note?.model ?? textField(body, "model") ?? "unknown";
    models[model] = (models[model] ?? 0) + 1;
    const reason = textField(body, "choices", 0, "finish_reason") ?? "unknown";
    finish[reason] = (finish[reason] ?? 0) + 1;
    const prompt = numberField(body, "usage", "prompt_tokens") ?? 0;
    const completion = numberField(body, "usage", "completion_tokens") ?? 0;
    const cached = numberField(body, "usage", "prompt_tokens_details", "cached_tokens") ?? 0;
    tokens.prompt += prompt;
    tokens.completion += completion;
    tokens.cached += cached;
    perRequest.add(prompt + completion);
    tokenMoments.add(prompt + completion);
    const paid = paidFor(options.price(model, note?.free === true), { prompt, completion, cached });
    if (paid === undefined) cost = null;
    else {
      costMoments.add(paid * options.priceShare);
      if (cost !== null) cost += paid * options.priceShare;
    }
    if (typeof note?.latency_ms === "number") latencies.add(note.latency_ms);
    const text = (textField(body, "choices", 0, "message", "content") ?? "").trim();
    const said = matcher === undefined ? text : (matcher.whole(text) ?? only(matcher.within(text)));
    const right = expected?.get(answer.customId);
    if (right !== undefined) {
      judged.judged += 1;
      if (said === undefined) judged.unparsable += 1;
      else if (said === right) judged.correct += 1;
    }
    const label = (said ?? text).replaceAll(/\s+/g, " ").slice(0, longestLabel);
    if (labels.has(label) || labels.size < distinctLabels) labels.set(label, (labels.get(label) ?? 0) + 1);
    else others += 1;
  };

  for await (const line of lines) {
    if (line.trim() === "") continue;
    const answer = readBatchAnswer(line);
    if (answer === undefined) unreadable += 1;
    else if (!seen.has(answer.customId)) {
      seen.add(answer.customId);
      count(answer);
    }
  }

  const ranked = [...labels].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  for (const [, rest] of ranked.slice(shownLabels)) others += rest;
  const sizes = perRequest.ascending();
  const waits = latencies.ascending();
  const pace = paceOf(times.ascending());
  return {
    schema: "layoutlab/batch-analysis@1",
    answers,
    failed,
    unreadable,
    ...(judged.judged === 0
      ? {}
      : {
          accuracy: {
            ...judged,
            accuracy: judged.correct / judged.judged,
            interval: wilson(judged.correct, judged.judged, 0.05),
          },
        }),
    labels: ranked.slice(0, shownLabels).map(([label, n]) => ({ label, count: n, share: n / Math.max(1, answers) })),
    others,
    finish,
    errors: [...errors].map(([code, one]) => ({ code, ...one })).sort((a, b) => b.count - a.count),
    models,
    tokens: {
      ...tokens,
      perRequest:
        sizes.length === 0 ? null : { mean: tokenMoments.mean, p50: quantile(sizes, 0.5), p95: quantile(sizes, 0.95) },
    },
    cost: answers === 0 ? null : cost,
    latency: waits.length === 0 ? null : { p50: quantile(waits, 0.5), p95: quantile(waits, 0.95) },
    vram: vram.count === 0 ? null : { mean: vram.mean, peak: vramPeak },
    throughput: pace === undefined ? null : pace.rate,
    durationMs: pace === undefined ? null : pace.busyMs,
    ...(options.rows === undefined || answers === 0
      ? {}
      : {
          projection: {
            rows: options.rows,
            tokens: tokenMoments.projected(options.rows),
            cost: cost === null ? null : costMoments.projected(options.rows),
            hours: pace === undefined ? null : hoursFor(options.rows, pace),
          },
        }),
  };
}

function only(found: readonly string[]): string | undefined {
  return found.length === 1 ? found[0] : undefined;
}

function paidFor(price: Price | undefined, tokens: BilledTokens): number | undefined {
  return price && costOf(price, tokens);
}

interface Pace {
  /** Requests a second. */
  readonly rate: number;
  readonly busyMs: number;
  /** Seconds a request took, one value for each part of the work. */
  readonly parts: readonly number[];
}

/** How fast answers came, from the times they were written at. */
function paceOf(times: Float64Array): Pace | undefined {
  if (times.length < 2) return undefined;
  const parts: number[] = [];
  const size = Math.max(1, Math.floor((times.length - 1) / blocks));
  let busyMs = 0;
  let partMs = 0;
  let inPart = 0;
  for (let i = 1; i < times.length; i++) {
    const gap = (times[i] ?? 0) - (times[i - 1] ?? 0);
    const worked = gap > pauseMs ? 0 : gap;
    busyMs += worked;
    partMs += worked;
    inPart += 1;
    if (inPart < size) continue;
    parts.push(partMs / 1000 / inPart);
    partMs = 0;
    inPart = 0;
  }
  return busyMs === 0 ? undefined : { rate: (times.length - 1) / (busyMs / 1000), busyMs, parts };
}

function hoursFor(rows: number, pace: Pace): Projected {
  const moments = new Moments();
  for (const part of pace.parts) moments.add(part);
  const variance =
    moments.count < 2 ? 0 : pace.parts.reduce((sum, one) => sum + (one - moments.mean) ** 2, 0) / (moments.count - 1);
  const half = (tOf(moments.count) * Math.sqrt(variance / Math.max(1, moments.count)) * rows) / 3600;
  const value = rows / pace.rate / 3600;
  return { value, interval: [Math.max(0, value - half), value + half] };
}
