import { UserError } from "../../base/errors.ts";
import type { Settings } from "./options.ts";
import { RowSampler } from "./rowSampler.ts";
import type { Verdict } from "./sampler.ts";
import { verdictOf } from "./verdict.ts";
import { count, listed, points } from "./words.ts";

/**
 * Paired sequential halving (Karnin, Koren, Somekh 2013, on shared rows): the budget is split evenly over log2(K) rounds;
 * after each round the worse half by mean so far leaves. It spends what it is given and no more, and gives no error
 * guarantee for the run at hand.
 */
export class HalvingSampler extends RowSampler {
  /** Watermarks at which a round ends. */
  readonly #ends: readonly number[];
  readonly #budget: number;

  constructor(settings: Settings) {
    super(settings);
    const k = this.candidates.length;
    this.#budget = settings.budget ?? Math.ceil((settings.rows * k) / 4);
    this.#ends = roundEnds(k, settings.rows, this.#budget);
  }

  verdict(): Verdict {
    this.start();
    const ranked = this.ranking();
    const best = ranked[0] as number;
    const seen = this.trials[best] as number;
    const decided = this.finished && seen > 0;
    const spent = points.rows(this.watermark);
    const level = decided ? this.#levelWith(best) : [];
    const bounds = "A fixed budget bounds the cost, not the error.";
    const within = `within ${count(this.#budget)} calls (${spent})`;
    const names = listed([best, ...level].map((v) => this.name(v)));
    const chosen = this.pick([best, ...level]);
    const why = chosen.variant === best ? chosen.why : "it was asked on most rows";
    const explanation = !decided
      ? `${ranked.length} ${this.settings.noun}s are still in after ${spent}; halving goes on to the end of its budget.`
      : level.length > 0
        ? `${names} are exactly level on the rows they share after halving the field ${within}. ${this.name(best)} is named because ${why}. ${bounds}`
        : `${this.name(best)} is the last one left after halving the field ${within}. ${bounds}`;
    const tied = [best, ...level].map((v) => this.id(v));
    return verdictOf(this.settings, {
      kind: !decided ? "undecided" : level.length > 0 ? "equivalent" : "winner",
      winner: seen === 0 ? null : this.id(best),
      tied: !decided ? ranked.map((v) => this.id(v)) : level.length > 0 ? tied : [],
      explanation,
      rivals: seen === 0 ? [] : this.rivals(best),
      moreTrials: decided ? 0 : (this.#ends.at(-1) as number) - this.watermark,
      guaranteed: false,
    });
  }

  /** Those that nothing parts from the one that is left: level on every row both were asked. */
  #levelWith(best: number): number[] {
    return this.candidates
      .map((_, v) => v)
      .filter((v) => v !== best && (this.trials[v] as number) > 0 && Math.abs(this.pair(best, v).sum) < 1e-9);
  }

  protected override horizon(): number {
    return this.#ends.find((n) => n > this.watermark) ?? (this.#ends.at(-1) as number);
  }

  protected override consume(): void {
    this.#afterRow();
  }

  protected override skip(): void {
    this.#afterRow();
  }

  #afterRow(): void {
    const last = this.watermark >= (this.#ends.at(-1) as number);
    if (!this.#ends.includes(this.watermark)) return;
    const ranked = this.ranking();
    const keep = last ? 1 : Math.ceil(ranked.length / 2);
    const best = ranked[0] as number;
    for (const v of ranked.slice(keep)) {
      const gap = this.mean(best) - this.mean(v);
      const where =
        gap > 1e-9
          ? `was in the worse half after ${points.rows(this.watermark)}, ${points.of(gap)} behind ${this.name(best)}`
          : `was level with ${this.name(best)} after ${points.rows(this.watermark)} and left because half the field must`;
      this.drop(v, `${this.name(v)} ${where}.`, {
        opponent: this.id(best),
        difference: this.mean(v) - this.mean(best),
        means: this.means(),
      });
    }
    if (!last) return;
    this.finish();
    if (this.trials[best] === 0) return;
    this.won = best;
    const { kind, explanation } = this.verdict();
    this.reasons[best] = explanation;
    this.note(kind === "equivalent" ? "equivalent" : "won", best, explanation, { means: this.means() });
  }
}

/** Rows consumed at the end of each round, strictly ascending; the rounds spend at most `budget` calls. */
export function roundEnds(variants: number, rows: number, budget: number): number[] {
  const rounds = Math.max(1, Math.ceil(Math.log2(variants)));
  if (budget < rounds * variants) {
    throw new UserError(
      "budget",
      `A budget of ${budget} calls is too small to halve ${variants} variants`,
      `allow at least ${rounds * variants} calls`,
    );
  }
  const ends: number[] = [];
  let at = 0;
  let left = variants;
  for (let r = 0; r < rounds; r++) {
    at = Math.min(rows, at + Math.floor(budget / rounds / left));
    if (at > (ends.at(-1) ?? 0)) ends.push(at);
    left = Math.ceil(left / 2);
  }
  return ends;
}
