import { savingSentence } from "./full.ts";
import type { Settings } from "./options.ts";
import { anytimeInterval, meanDifference } from "./paired.ts";
import { RowSampler } from "./rowSampler.ts";
import type { DecisionNumbers, Verdict } from "./sampler.ts";
import { type Conclusion, hint, rowsNeeded, sure, verdictOf } from "./verdict.ts";
import { boundedLog, Purses } from "./wealth.ts";
import { about, listed, points, progress } from "./words.ts";

/**
 * Looks for the cheapest variant that is not worse than the baseline by more than e. For every cheaper variant one purse
 * bets that it is not worse by more than e (it needs m/alpha for m candidates, which keeps the chance of any wrong claim
 * under alpha) and one that it is (1/alpha drops it; a wrong drop only misses a saving). Both bets are those of the race,
 * on the difference to the baseline. Ends when the cheapest one still in is shown to be good enough.
 */
export class CheaperSampler extends RowSampler {
  readonly #base: number;
  readonly #good: Purses;
  readonly #bad: Purses;
  readonly #prices: readonly number[];
  /** Number of candidates at the start. */
  readonly #count: number;
  #accepted: number | undefined;
  /** Rows so far that counted for nobody. */
  #lost = 0;

  constructor(settings: Settings) {
    super(settings);
    this.#base = this.candidates.findIndex((c) => c.id === settings.baseline);
    this.#prices = this.candidates.map((c) => c.cost ?? Number.POSITIVE_INFINITY);
    this.#good = new Purses(settings.rows, settings.alpha, this.candidates.length);
    this.#bad = new Purses(settings.rows, settings.alpha, this.candidates.length);
    this.#count = this.candidates.filter((_, v) => this.#saves(v) > 0).length;
  }

  verdict(): Verdict {
    this.start();
    return verdictOf(this.settings, this.#conclude());
  }

  protected override begin(): void {
    for (const v of this.active) {
      if (v === this.#base || this.#saves(v) > 0) continue;
      this.drop(v, `${this.name(v)} is not cheaper than the baseline ${this.name(this.#base)}.`, {});
    }
    if (this.#count === 0) this.#end();
  }

  protected override horizon(): number {
    return Math.min(this.settings.rows, this.settings.maxRows ?? this.settings.rows);
  }

  protected override evidence(variant: number): number {
    if (variant === this.#base) return 0;
    if (!this.active.includes(variant)) return 1;
    return Math.max(0, Math.min(1, boundedLog(this.#bad.of(variant)) / -Math.log(this.settings.alpha)));
  }

  protected override consume(row: number): void {
    this.#bet(row);
    this.#judge();
  }

  protected override skip(): void {
    this.#lost++;
    this.#judge();
  }

  /** `sums` already hold the row, so its difference is taken off again. */
  #bet(row: number): void {
    const { rows, equivalence, scope } = this.settings;
    const left = scope === "dataset" ? rows - row : Number.POSITIVE_INFINITY;
    const seen = row - this.#lost;
    for (const v of this.active) {
      if (v === this.#base) continue;
      const d = this.ledger.score(row, v) - this.ledger.score(row, this.#base);
      const lead = this.#lead(v) - d;
      const all = this.#lost === 0 || scope === "population";
      const behind = lead + seen * equivalence < 0;
      // As in the race: with rows missing, nobody bets while behind.
      if (all || !behind) this.#good.bet(v, d, { lead, seen, left, slack: equivalence });
      if (all || behind) this.#bad.bet(v, -d, { lead: -lead, seen, left, slack: -equivalence });
    }
  }

  #judge(): void {
    const { alpha } = this.settings;
    for (const v of this.active.filter((c) => c !== this.#base)) {
      if (!this.active.includes(v)) continue;
      if (this.#isGood(v)) this.#accept(v);
      else if (this.#isBad(v) || this.#bad.of(v) >= 1 / alpha) {
        const text = `After ${points.rows(this.watermark)} ${this.name(v)} is ${this.#worse()} than ${this.name(this.#base)} (${sure(this.settings)}).`;
        this.drop(v, text, this.#numbers(v, this.#bad));
      }
    }
    const open = this.active.some((v) => v !== this.#base && v !== this.#accepted);
    if (!open || this.watermark >= this.horizon()) this.#end();
  }

  /** Shown to be good enough: dearer candidates have nothing left to win. */
  #accept(variant: number): void {
    if (variant === this.#accepted) return;
    this.#accepted = variant;
    for (const other of this.active) {
      if (other === this.#base || other === variant || this.#saves(other) > this.#saves(variant)) continue;
      this.drop(other, `${this.name(other)} is not cheaper than ${this.name(variant)}, which is good enough.`, {});
    }
  }

  #isGood(v: number): boolean {
    if (this.#good.of(v) >= this.#count / this.settings.alpha) return true;
    const { rows, equivalence, scope } = this.settings;
    const counted = rows - this.#lost;
    return scope === "dataset" && this.#lead(v) - (rows - this.watermark) >= -counted * equivalence - 1e-9;
  }

  #isBad(v: number): boolean {
    const { rows, equivalence, scope } = this.settings;
    const counted = rows - this.#lost;
    return scope === "dataset" && this.#lead(v) + (rows - this.watermark) < -counted * equivalence - 1e-9;
  }

  /** Sum of scores more than the baseline. */
  #lead(v: number): number {
    return (this.sums[v] as number) - (this.sums[this.#base] as number);
  }

  #saves(v: number): number {
    return (this.#prices[this.#base] as number) - (this.#prices[v] as number);
  }

  #worse(): string {
    const { equivalence } = this.settings;
    return equivalence > 0 ? `more than ${points.of(equivalence)} worse` : "worse";
  }

  #end(): void {
    this.finish();
    const conclusion = this.#conclude();
    const named = this.#accepted ?? (conclusion.kind === "winner" ? this.#base : undefined);
    if (named !== undefined) {
      this.won = named;
      this.reasons[named] = conclusion.explanation;
    }
    const kind = conclusion.kind === "nonInferior" ? "nonInferior" : conclusion.kind === "winner" ? "won" : "stopped";
    const numbers = this.#accepted === undefined ? {} : this.#numbers(this.#accepted, this.#good);
    this.note(kind, named ?? null, conclusion.explanation, numbers);
  }

  #numbers(v: number, purses: Purses): DecisionNumbers {
    const pair = this.pair(v, this.#base);
    return {
      logWealth: boundedLog(purses.of(v)),
      logThreshold: Math.log((purses === this.#good ? this.#count : 1) / this.settings.alpha),
      opponent: this.id(this.#base),
      difference: meanDifference(pair),
      interval: anytimeInterval(pair, this.settings.alpha),
      means: this.means(),
    };
  }

  #conclude(): Conclusion {
    const base = this.id(this.#base);
    const name = this.name(this.#base);
    const { noun, rows, scope } = this.settings;
    const seen = progress(this.watermark, rows, scope);
    if (this.#accepted !== undefined && this.finished) {
      const saves = this.#saves(this.#accepted);
      return {
        kind: "nonInferior",
        winner: this.id(this.#accepted),
        tied: [],
        explanation: savingSentence(this.settings, this.name(this.#accepted), name, saves, seen),
        rivals: this.rivals(this.#accepted),
        saves,
      };
    }
    const rivals = this.watermark === 0 ? [] : this.rivals(this.#base);
    if (this.#count === 0) {
      const text = `Keep ${name}: no other ${noun} costs less, so there is nothing to save.`;
      return { kind: "winner", winner: base, tied: [], explanation: text, rivals };
    }
    const open = this.active.filter((v) => v !== this.#base);
    if (open.length === 0 && this.finished) {
      const text = `Keep ${name}: after ${seen} every cheaper ${noun} is ${this.#worse()} ${about(scope)} (${sure(this.settings)} for each).`;
      return { kind: "winner", winner: base, tied: [], explanation: text, rivals };
    }
    const cheapest = open.sort((a, b) => this.#saves(b) - this.#saves(a))[0] as number;
    const needed = rowsNeeded(this.pair(cheapest, this.#base), this.settings.alpha / this.#count);
    const left = this.settings.rows - this.watermark;
    const more =
      this.settings.scope === "dataset"
        ? Math.min(left, needed === null ? left : Math.max(1, needed - this.watermark))
        : needed === null
          ? null
          : Math.max(1, needed - this.watermark);
    const cheaper = listed(open.map((v) => this.name(v)));
    const text = `Undecided after ${seen}: ${cheaper} ${open.length === 1 ? "is" : "are"} cheaper than ${name} but may be ${this.#worse()} ${about(scope)} (${sure(this.settings)}). Keep ${name} until that is known. ${hint(more, scope === "dataset" ? left : null)}`;
    return {
      kind: "undecided",
      winner: base,
      tied: open.map((v) => this.id(v)),
      explanation: text,
      rivals,
      moreTrials: more,
    };
  }
}
