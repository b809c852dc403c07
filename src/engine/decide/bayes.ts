import { seededRandom, shuffled } from "../../base/random.ts";
import {
  expectedImprovement,
  type GaussianProcess,
  gaussianProcess,
  type Kernel,
  type MixedPoint,
} from "../stats/gaussianProcess.ts";
import { Ledger } from "./ledger.ts";
import { type Axis, DEFAULT_INITIAL, nameOf, type Settings, type WarmPoint } from "./options.ts";
import { RacingSampler } from "./race.ts";
import type {
  Ask,
  Candidate,
  Decision,
  DecisionKind,
  DecisionNumbers,
  Sampler,
  VariantState,
  Verdict,
} from "./sampler.ts";
import { verdictOf } from "./verdict.ts";
import { listed, points } from "./words.ts";

const STARTS = 10;
const FINALISTS = 4;
const EVALUATIONS = 40;
/** A space this small is raced outright. */
const SMALL = 20;

/**
 * Bayesian optimisation over the parameter space that the candidates span, then a race. The search measures one
 * configuration at a time on the same first rows: space-filling starts (fewer when earlier runs are given), then the
 * largest expected improvement under a Gaussian process with known noise. The finalists, the best by posterior mean,
 * race on the rows that the search never used, and only that race is evidence: the search's own numbers are chosen for
 * being high.
 */
export class BayesSampler implements Sampler {
  readonly mode = "bayes";
  readonly #settings: Settings;
  readonly #space: readonly MixedPoint[];
  readonly #warm: readonly { point: MixedPoint; mean: number; rows: number }[];
  readonly #ledger: Ledger;
  /** Rows per configuration; the race starts after them. */
  readonly #rows: number;
  readonly #evaluations: number;
  readonly #measured = new Map<number, { mean: number; trials: number; correct: number }>();
  readonly #log: Decision[] = [];
  readonly #starts: number[];
  #current: number;
  #finalists: readonly number[] = [];
  #race: RacingSampler | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    const k = settings.candidates.length;
    const axes = settings.axes ?? [{ name: "variant", kind: "category", values: settings.candidates.map((c) => c.id) }];
    for (const axis of axes) {
      if (axis.values.length !== k)
        throw new Error(`axis ${axis.name} has ${axis.values.length} values for ${k} variants`);
    }
    this.#space = settings.candidates.map((_, i) =>
      place(
        axes,
        axes.map((a) => a.values[i] as string),
      ),
    );
    this.#warm = (settings.warmStart ?? []).map((w: WarmPoint) => ({
      point: place(axes, w.values),
      mean: w.mean,
      rows: w.rows,
    }));
    this.#ledger = new Ledger(settings.rows, k);
    this.#rows = searchRows(k, settings.rows, settings.initial);
    const small = this.#rows === 0;
    const calls = settings.budget ?? EVALUATIONS * this.#rows;
    this.#evaluations = small ? 0 : Math.min(k, Math.max(FINALISTS, Math.floor(calls / this.#rows)));
    this.#starts = small ? [] : this.#spread(Math.max(1, Math.min(STARTS - this.#warm.length, this.#evaluations)));
    this.#current = this.#starts[0] ?? -1;
    if (small) this.#openRace(settings.candidates.map((_, i) => i));
  }

  get watermark(): number {
    return this.#race === undefined ? 0 : this.#rows + this.#race.watermark;
  }

  get finished(): boolean {
    return this.#race?.finished ?? false;
  }

  ask(limit: number): readonly Ask[] {
    if (this.#race !== undefined) {
      return this.#race
        .ask(limit)
        .map((a) => ({ row: a.row + this.#rows, variant: this.#finalists[a.variant] as number }));
    }
    const out: Ask[] = [];
    for (let row = 0; row < this.#rows && out.length < limit; row++) {
      if (this.#ledger.claim(row, this.#current)) out.push({ row, variant: this.#current });
    }
    return out;
  }

  tell(row: number, variant: number, score: number | "void"): readonly Decision[] {
    const before = this.decisions().length;
    this.#ledger.record(row, variant, score);
    if (this.#race === undefined) this.#search();
    else if (row >= this.#rows) this.#pass(row, variant);
    return this.decisions().slice(before);
  }

  decisions(): readonly Decision[] {
    const later = this.#race?.decisions() ?? [];
    const shifted = later.map((d) => ({ ...d, sequence: d.sequence + this.#log.length, row: d.row + this.#rows }));
    return [...this.#log, ...shifted];
  }

  variants(): readonly VariantState[] {
    const raced = this.#race?.variants() ?? [];
    return this.#settings.candidates.map((c, i) => {
      const finalist = this.#finalists.indexOf(i);
      const state = finalist < 0 ? undefined : raced[finalist];
      if (state !== undefined) return state;
      const seen = this.#measured.get(i);
      const over = this.#race !== undefined;
      return {
        id: c.id,
        trials: seen?.trials ?? 0,
        correct: seen?.correct ?? 0,
        accuracy: seen?.mean ?? 0,
        interval: [0, 1],
        evidence: over ? 1 : 0,
        status: over ? "dropped" : "active",
        reason: over ? `${nameOf(c)} was not among the finalists of the search.` : "",
      };
    });
  }

  verdict(): Verdict {
    if (this.#race === undefined) {
      const done = `The search has measured ${this.#measured.size} of ${this.#evaluations} configurations; its finalists race afterwards.`;
      const tied = this.#settings.candidates.map((c) => c.id);
      return verdictOf(this.#settings, {
        kind: "undecided",
        winner: null,
        tied,
        explanation: done,
        rivals: [],
        moreTrials: null,
      });
    }
    const verdict = this.#race.verdict();
    if (this.#rows === 0) return verdict;
    const rest = points.rows(this.#settings.rows - this.#rows);
    const note = `The ${this.#finalists.length} finalists of the search were raced on the ${rest} that the search did not use; the verdict is among them.`;
    return { ...verdict, explanation: `${verdict.explanation} ${note}` };
  }

  /** Goes on as far as the scores told allow. */
  #search(): void {
    while (this.#race === undefined) {
      let correct = 0;
      let trials = 0;
      for (let row = 0; row < this.#rows; row++) {
        if (!this.#ledger.told(row, this.#current)) return;
        if (this.#ledger.isVoid(row, this.#current)) continue;
        correct += this.#ledger.score(row, this.#current);
        trials++;
      }
      const mean = trials === 0 ? 0 : correct / trials;
      this.#measured.set(this.#current, { mean, trials, correct });
      const one = this.#settings.candidates[this.#current] as Candidate;
      const { id } = one;
      this.#note(
        "looked",
        id,
        `${nameOf(one)} scored ${points.percent(mean)} on the ${points.rows(trials)} of the search.`,
        {
          means: { [id]: mean },
        },
      );
      if (this.#measured.size < this.#evaluations) this.#current = this.#next();
      else this.#choose();
    }
  }

  /** The next start, or the candidate with the largest expected improvement. */
  #next(): number {
    const start = this.#starts.find((v) => !this.#measured.has(v));
    if (start !== undefined) return start;
    const model = this.#model();
    const best = Math.max(...[...this.#measured.keys()].map((v) => model.at(this.#space[v] as MixedPoint).mean));
    let pick = -1;
    let top = -1;
    this.#space.forEach((point, v) => {
      if (this.#measured.has(v)) return;
      const { mean, sd } = model.at(point);
      const gain = expectedImprovement(mean, sd, best);
      if (gain > top) {
        top = gain;
        pick = v;
      }
    });
    return pick;
  }

  #choose(): void {
    const model = this.#model();
    const means = this.#space.map((p) => model.at(p).mean);
    const order = means.map((_, v) => v).sort((a, b) => (means[b] as number) - (means[a] as number) || a - b);
    const chosen = order.slice(0, FINALISTS).sort((a, b) => a - b);
    const finalists = chosen.map((v) => this.#settings.candidates[v] as Candidate);
    this.#note(
      "looked",
      null,
      `The search is over: ${listed(finalists.map(nameOf))} have the highest posterior means and race on rows not used yet.`,
      {
        means: Object.fromEntries(chosen.map((v, i) => [finalists[i]?.id ?? "", means[v] as number])),
      },
    );
    this.#openRace(chosen);
  }

  #openRace(finalists: readonly number[]): void {
    const settings = this.#settings;
    this.#finalists = finalists;
    const { joins: _joins, ...rest } = settings;
    this.#race = new RacingSampler({
      ...rest,
      rows: settings.rows - this.#rows,
      candidates: finalists.map((v) => settings.candidates[v] as Settings["candidates"][number]),
    });
    // Scores of later rows may have been told already, as they are when a run is resumed.
    for (let row = this.#rows; row < settings.rows; row++) {
      for (const v of finalists) if (this.#ledger.told(row, v)) this.#pass(row, v);
    }
  }

  #pass(row: number, variant: number): void {
    const finalist = this.#finalists.indexOf(variant);
    if (finalist < 0) return;
    const score = this.#ledger.isVoid(row, variant) ? "void" : this.#ledger.score(row, variant);
    this.#race?.tell(row - this.#rows, finalist, score);
  }

  /** The Gaussian process on all that was measured, with the kernel of a small grid that explains it best. */
  #model(): GaussianProcess {
    const own = [...this.#measured].map(([v, m]) => ({
      point: this.#space[v] as MixedPoint,
      mean: m.mean,
      rows: m.trials,
    }));
    const data = [...this.#warm, ...own];
    const y = data.map((d) => d.mean);
    // Smoothed, so that a mean of 0 or 1 is not taken for certain.
    const noise = data.map((d) => {
      const p = (d.mean * d.rows + 1) / (d.rows + 2);
      return (p * (1 - p)) / Math.max(1, d.rows);
    });
    let best: GaussianProcess | undefined;
    for (const kernel of KERNELS) {
      const model = gaussianProcess(
        data.map((d) => d.point),
        y,
        noise,
        kernel,
      );
      if (best === undefined || model.logEvidence > best.logEvidence) best = model;
    }
    return best as GaussianProcess;
  }

  /** Space-filling starts: each as far as possible from those before it and from earlier runs; ties by a seeded shuffle. */
  #spread(count: number): number[] {
    const order = shuffled(
      this.#space.map((_, v) => v),
      seededRandom("bayes", this.#settings.seed),
    );
    const taken: MixedPoint[] = this.#warm.map((w) => w.point);
    const out: number[] = [];
    while (out.length < count) {
      let pick = -1;
      let far = -1;
      for (const v of order) {
        if (out.includes(v)) continue;
        const near = taken.reduce(
          (d, p) => Math.min(d, distance(this.#space[v] as MixedPoint, p)),
          Number.POSITIVE_INFINITY,
        );
        if (near > far) {
          far = near;
          pick = v;
        }
      }
      out.push(pick);
      taken.push(this.#space[pick] as MixedPoint);
    }
    return out;
  }

  #note(kind: DecisionKind, variant: string | null, reason: string, numbers: DecisionNumbers): void {
    this.#log.push({ sequence: this.#log.length, row: 0, variant, kind, reason, numbers });
  }
}

/** Rows of the stored order that the search measures on; 0 when there is no search. */
export function searchRows(candidates: number, rows: number, initial = DEFAULT_INITIAL): number {
  return candidates <= SMALL || rows < 2 ? 0 : Math.min(initial, Math.floor(rows / 2));
}

const KERNELS: readonly Kernel[] = [0.03, 0.08, 0.2].flatMap((signalSd) =>
  [0.3, 0.8, 2].flatMap((lengthscale) =>
    [0.7, 2, 6].map((categoryScale) => ({ signalSd, lengthscale, categoryScale })),
  ),
);

/** A configuration as a point: categories by number, numbers scaled to [0, 1] over the candidates. */
function place(axes: readonly Axis[], values: readonly (string | number | boolean)[]): MixedPoint {
  const categories: number[] = [];
  const numbers: number[] = [];
  axes.forEach((axis, i) => {
    const value = values[i] as string | number | boolean;
    if (axis.kind === "category") {
      const known = [...new Set(axis.values)];
      categories.push(known.indexOf(value));
      return;
    }
    const all = axis.values.map(Number);
    const low = Math.min(...all);
    const span = Math.max(...all) - low;
    numbers.push(span === 0 ? 0 : (Number(value) - low) / span);
  });
  return { categories, numbers };
}

function distance(x: MixedPoint, y: MixedPoint): number {
  const differing = x.categories.reduce((n, c, i) => n + (c === y.categories[i] ? 0 : 1), 0);
  const square = x.numbers.reduce((s, v, i) => s + (v - (y.numbers[i] as number)) ** 2, 0);
  return differing + Math.sqrt(square);
}
