import { type Random, seededRandom } from "../../base/random.ts";
import { betaMixture } from "../stats/betaMixture.ts";
import { betaDraw } from "../stats/draws.ts";
import { Ledger } from "./ledger.ts";
import { nameOf, type Settings } from "./options.ts";
import { anytimeInterval, meanDifference, pairedCounts } from "./paired.ts";
import type { Ask, Decision, Rival, Sampler, VariantState, Verdict } from "./sampler.ts";
import { verdictOf } from "./verdict.ts";
import { count, points } from "./words.ts";

/** Pulls of each arm before the posterior decides, and pulls planned at a time after that. */
const FIRST = 5;
const ROUND = 16;
const DRAWS = 2000;

/**
 * Top-two Thompson sampling (Russo 2016) with Beta posteriors and a half share for the runner-up: spends calls where the
 * best arm may be. For exploring and for the least regret. A posterior share is not an error rate when one looks at it
 * again and again, so its verdict carries no guarantee. Pulls are planned in rounds, each from the results of the rounds
 * before it, so that arrival order does not matter; the i-th pull of every arm is row i of the stored order.
 */
export class BanditSampler implements Sampler {
  readonly mode = "bandit";
  readonly #settings: Settings;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #budget: number;
  /** Per arm: rows taken, trials that counted, sum of scores. */
  readonly #rows: number[];
  readonly #trials: number[];
  readonly #sums: number[];
  readonly #log: Decision[] = [];
  #plan: Ask[] = [];
  #spent = 0;
  #share = 0;
  #best = 0;
  #finished = false;

  constructor(settings: Settings) {
    const k = settings.candidates.length;
    this.#settings = settings;
    this.#ledger = new Ledger(settings.rows, k);
    this.#random = seededRandom("bandit", settings.seed);
    this.#budget = Math.min(settings.budget ?? settings.rows * k, settings.rows * k);
    this.#rows = new Array<number>(k).fill(0);
    this.#trials = new Array<number>(k).fill(0);
    this.#sums = new Array<number>(k).fill(0);
    const first = Array.from({ length: Math.min(FIRST, settings.rows) }, () =>
      settings.candidates.map((_, v) => v),
    ).flat();
    this.#book(first);
  }

  get watermark(): number {
    return Math.max(...this.#rows);
  }

  get finished(): boolean {
    return this.#finished;
  }

  ask(limit: number): readonly Ask[] {
    const out: Ask[] = [];
    for (const ask of this.#plan) {
      if (out.length >= limit) break;
      if (this.#ledger.claim(ask.row, ask.variant)) out.push(ask);
    }
    return out;
  }

  tell(row: number, variant: number, score: number | "void"): readonly Decision[] {
    this.#ledger.record(row, variant, score);
    const from = this.#log.length;
    while (!this.#finished && this.#plan.every((a) => this.#ledger.told(a.row, a.variant))) this.#settle();
    return this.#log.slice(from);
  }

  decisions(): readonly Decision[] {
    return this.#log;
  }

  variants(): readonly VariantState[] {
    return this.#settings.candidates.map((c, i) => {
      const trials = this.#trials[i] as number;
      const correct = this.#sums[i] as number;
      const won = this.#finished && i === this.#best && trials > 0;
      return {
        id: c.id,
        trials,
        correct,
        accuracy: trials === 0 ? 0 : correct / trials,
        interval: betaMixture(correct, trials, this.#settings.alpha),
        evidence: 0,
        status: won ? "won" : "active",
        reason: won ? this.verdict().explanation : "",
      };
    });
  }

  verdict(): Verdict {
    const { candidates, confidence } = this.#settings;
    const named = candidates[this.#best];
    const best = named?.id ?? "";
    const seen = this.#trials[this.#best] as number;
    const sure = this.#finished && (this.#share >= confidence || candidates.length === 1) && seen > 0;
    const share = points.percent(this.#share);
    const name = named === undefined ? "" : nameOf(named);
    const text = `${name} is most likely the best after ${count(this.#spent)} calls (posterior share ${share}). A bandit explores: that share is not an error rate.`;
    return verdictOf(this.#settings, {
      kind: sure ? "winner" : "undecided",
      winner: seen === 0 ? null : best,
      tied: sure ? [] : candidates.map((c) => c.id),
      explanation: seen === 0 ? "No row is complete yet, so nothing can be said." : text,
      rivals: seen === 0 ? [] : this.#rivals(),
      moreTrials: sure ? 0 : null,
      guaranteed: false,
    });
  }

  /** Takes in a finished round and plans the next. */
  #settle(): void {
    for (const { row, variant } of this.#plan) {
      this.#spent++;
      if (this.#ledger.isVoid(row, variant)) continue;
      this.#trials[variant] = (this.#trials[variant] as number) + 1;
      this.#sums[variant] = (this.#sums[variant] as number) + this.#ledger.score(row, variant);
    }
    this.#judge();
    const open = this.#rows.some((n) => n < this.#settings.rows);
    if (!open || this.#spent >= this.#budget || this.#share >= this.#settings.confidence) {
      this.#plan = [];
      this.#finished = true;
      const verdict = this.verdict();
      const kind = verdict.kind === "winner" ? "won" : "stopped";
      const variant = kind === "won" ? verdict.winner : null;
      this.#log.push({ sequence: 0, row: this.watermark, variant, kind, reason: verdict.explanation, numbers: {} });
      return;
    }
    this.#book(Array.from({ length: ROUND }, () => this.#topTwo()));
  }

  /** Plans a pull of each of the arms named, as far as rows and budget reach. */
  #book(arms: readonly number[]): void {
    this.#plan = [];
    for (const picked of arms) {
      if (this.#spent + this.#plan.length >= this.#budget) break;
      const variant =
        (this.#rows[picked] as number) < this.#settings.rows
          ? picked
          : this.#rows.findIndex((n) => n < this.#settings.rows);
      if (variant < 0) break;
      const row = this.#rows[variant] as number;
      this.#rows[variant] = row + 1;
      this.#plan.push({ row, variant });
    }
  }

  #topTwo(): number {
    const first = this.#drawBest();
    if (this.#settings.candidates.length === 1 || this.#random() < 0.5) return first;
    for (let tries = 0; tries < 100; tries++) {
      const other = this.#drawBest();
      if (other !== first) return other;
    }
    return this.#meanOrder().find((v) => v !== first) as number;
  }

  /** The arm that is best in one draw from the posterior. */
  #drawBest(): number {
    let best = 0;
    let top = -1;
    this.#sums.forEach((sum, v) => {
      const draw = betaDraw(1 + sum, 1 + (this.#trials[v] as number) - sum, this.#random);
      if (draw > top) {
        top = draw;
        best = v;
      }
    });
    return best;
  }

  #judge(): void {
    const wins = new Array<number>(this.#sums.length).fill(0);
    for (let d = 0; d < DRAWS; d++) {
      const v = this.#drawBest();
      wins[v] = (wins[v] as number) + 1;
    }
    this.#best = this.#meanOrder()[0] as number;
    this.#share = (wins[this.#best] as number) / DRAWS;
  }

  /** Arms by posterior mean, the best first. */
  #meanOrder(): number[] {
    const mean = (v: number) => (1 + (this.#sums[v] as number)) / (2 + (this.#trials[v] as number));
    return this.#sums.map((_, v) => v).sort((a, b) => mean(b) - mean(a) || a - b);
  }

  #rivals(): Rival[] {
    const best = this.#best;
    return this.#meanOrder()
      .filter((v) => v !== best)
      .map((v) => {
        const out: number[] = [];
        const until = Math.min(this.#rows[v] as number, this.#rows[best] as number);
        for (let row = 0; row < until; row++) {
          const ready = this.#ledger.state(row, [v, best]) === "ready";
          if (ready) out.push(this.#ledger.score(row, best) - this.#ledger.score(row, v));
        }
        const pair = pairedCounts(Float64Array.from(out));
        return {
          id: this.#settings.candidates[v]?.id ?? "",
          rows: pair.rows,
          difference: meanDifference(pair),
          interval: anytimeInterval(pair, this.#settings.alpha),
        };
      });
  }
}
