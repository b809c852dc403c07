import { holm } from "../stats/multiple.ts";
import { pairedSampleSize } from "../stats/power.ts";
import { wilson } from "../stats/proportion.ts";
import type { Settings } from "./options.ts";
import { meanDifference } from "./paired.ts";
import { testPair } from "./pairTest.ts";
import { openPatience, type Patience } from "./patience.ts";
import { RowSampler } from "./rowSampler.ts";
import type { Interval, Rival, Verdict } from "./sampler.ts";
import { type Conclusion, exactSentence, flatSentence, sure, verdictOf } from "./verdict.ts";
import { about, hardlyMatters, listed, money, points } from "./words.ts";

/**
 * Runs a number of rows that was fixed beforehand (all of them in `full`, `max` in `fixed`) and tests once, at the end:
 * McNemar mid-p of the best against each other variant, corrected by Holm, with Wilson and Bonett-Price intervals. In
 * dataset scope a full run needs no test: it has seen everything. The patience rule may drop variants on the way; it has
 * no error rate, so the verdict then has none.
 */
export class FixedSampler extends RowSampler {
  readonly #patience: Patience | undefined;
  readonly #every: number;
  #final: Verdict | undefined;
  #droppedEarly = false;

  constructor(settings: Settings) {
    super(settings);
    this.#patience = settings.patience === undefined ? undefined : openPatience(settings.patience);
    this.#every = settings.patience?.every ?? settings.initial;
    if ((settings.joins ?? []).length > 0 && (settings.mode === "doubling" || this.#patience !== undefined)) {
      throw new Error(`${settings.mode} with looks on the way takes no newcomers`);
    }
  }

  verdict(): Verdict {
    this.start();
    if (!this.finished) return verdictOf(this.settings, this.conclude());
    this.#final ??= verdictOf(this.settings, this.conclude());
    return this.#final;
  }

  protected override horizon(): number {
    const { rows, max, mode } = this.settings;
    return mode === "full" ? rows : Math.min(rows, max);
  }

  protected override intervalOf(correct: number, trials: number): Interval {
    return wilson(correct, trials, this.settings.alpha);
  }

  protected override consume(_row: number): void {
    this.#after();
  }

  protected override skip(_row: number): void {
    this.#after();
  }

  /** The test comes at the end, so a newcomer only has to catch up. */
  protected override replay(): void {
    const level = this.active.every((v) => this.consumed[v] === this.watermark);
    if (level && this.watermark >= this.horizon()) this.#after();
  }

  protected override entered(): void {
    this.won = undefined;
    this.#final = undefined;
    for (const v of this.active) this.reasons[v] = "";
  }

  /** True when the run looks at its running means after this many rows. */
  protected isLook(watermark: number): boolean {
    return this.#patience !== undefined && watermark % this.#every === 0;
  }

  /** What a look does besides patience; true ends the run. */
  protected look(): boolean {
    return false;
  }

  /** How the verdict describes the mode's lack of a guarantee; undefined when it has one. */
  protected caveat(): string | undefined {
    return this.#droppedEarly
      ? `The patience rule dropped ${this.settings.noun}s on unpaired means, so this verdict has no error rate.`
      : undefined;
  }

  #after(): void {
    const last = this.watermark >= this.horizon();
    if (!last && !this.isLook(this.watermark)) return;
    if (!last) {
      for (const v of this.#patience?.look(new Map(this.active.map((v) => [v, this.mean(v)]))) ?? []) {
        if (this.active.length === 1) break;
        this.#droppedEarly = true;
        const best = this.ranking()[0] as number;
        const gap = this.mean(best) - this.mean(v);
        this.drop(
          v,
          `${this.name(v)} stayed ${points.of(gap)} behind ${this.name(best)} (patience rule, no error rate).`,
          {
            opponent: this.id(best),
            difference: this.mean(v) - this.mean(best),
            means: this.means(),
          },
        );
      }
    }
    if (!this.look() && !last) return;
    this.finish();
    const verdict = this.verdict();
    const named = this.candidates.findIndex((c) => c.id === verdict.winner);
    const kinds = {
      winner: "won",
      equivalent: "equivalent",
      nonInferior: "nonInferior",
      undecided: "stopped",
    } as const;
    if (verdict.kind !== "undecided" && named >= 0) {
      this.won = named;
      this.reasons[named] = verdict.explanation;
    }
    this.note(kinds[verdict.kind], verdict.kind === "undecided" ? null : named, verdict.explanation, {
      means: this.means(),
    });
  }

  /** The one test at the end (or, before the end, of what there is, without a claim). */
  protected conclude(): Conclusion {
    const ranked = this.ranking(this.candidates.map((_, i) => i).filter((i) => (this.trials[i] as number) > 0)).sort(
      (a, b) => this.mean(b) - this.mean(a),
    );
    const best = ranked[0];
    if (best === undefined) {
      const why = this.finished
        ? "No row could be answered, so nothing is known."
        : "No row is complete yet, so nothing can be said.";
      const tied = this.active.map((v) => this.id(v));
      return { kind: "undecided", winner: null, tied, explanation: why, rivals: [], moreTrials: null };
    }
    const winner = this.id(best);
    const n = this.trials[best] as number;
    const rivals = this.#tested(best, ranked.slice(1));
    if (!this.finished) {
      const more = this.horizon() - this.watermark;
      const explanation = `${this.name(best)} leads after ${points.rows(n)}; the test comes after ${points.rows(this.horizon())}.`;
      return { kind: "undecided", winner, tied: ranked.map((v) => this.id(v)), explanation, rivals, moreTrials: more };
    }
    const caveat = this.caveat();
    const dress = (c: Conclusion): Conclusion =>
      caveat === undefined ? c : { ...c, explanation: `${c.explanation} ${caveat}`, guaranteed: false };
    if (this.candidates.length === 1) {
      const text = `${this.name(best)} is the only ${this.settings.noun}, so there is nothing to compare: it scores ${points.percent(this.mean(best))} on ${points.rows(n)}.`;
      return dress({ kind: "winner", winner, tied: [], explanation: text, rivals });
    }
    if (this.settings.scope === "dataset" && this.watermark === this.settings.rows) {
      return dress(this.#exact(ranked, rivals));
    }
    return dress({ ...(this.#cheaper(ranked) ?? this.#tests(best, n, rivals)), scope: "population" });
  }

  #exact(ranked: readonly number[], rivals: readonly Rival[]): Conclusion {
    const { equivalence, rows } = this.settings;
    const best = ranked[0] as number;
    const level = ranked.filter((v) => this.mean(best) - this.mean(v) <= equivalence + 1e-12);
    const { variant: named, why } = this.pick(level);
    const whole = level.length === this.candidates.length;
    const group = { names: level.map((v) => this.name(v)), whole, winner: this.name(named), why };
    const second = ranked[1];
    const runnerUp =
      second === undefined ? undefined : { name: this.name(second), behind: this.mean(best) - this.mean(second) };
    const lost = rows - Math.max(...this.trials);
    const text = exactSentence({ ...this.settings, size: rows, lost }, group, this.mean(named), runnerUp);
    const tied = level.length > 1;
    return {
      kind: tied ? "equivalent" : "winner",
      winner: this.id(named),
      tied: tied ? level.map((v) => this.id(v)) : [],
      explanation: text + (whole && tied && rows > 1 ? flatSentence(level.map((v) => this.mean(v))) : ""),
      rivals:
        named === best
          ? rivals
          : this.#tested(
              named,
              ranked.filter((v) => v !== named),
            ),
    };
  }

  #tests(best: number, n: number, rivals: readonly Rival[]): Conclusion {
    const { alpha, equivalence, noun } = this.settings;
    const winner = this.id(best);
    const name = this.name(best);
    const rate =
      this.caveat() === undefined ? sure(this.settings) : `nominal ${points.percent(this.settings.confidence)}`;
    const future = `${about("population")} (${rate}`;
    const named = (ids: readonly string[]) =>
      this.candidates
        .map((_, v) => v)
        .filter((v) => ids.includes(this.id(v)))
        .map((v) => this.name(v));
    const whole = this.candidates.every((_, v) => this.pair(best, v).whole);
    const how = `${whole ? "McNemar's test" : "paired bootstrap"}${rivals.length > 1 ? ", corrected by Holm" : ""}`;
    const open = rivals.filter((r) => (r.adjusted ?? 1) >= alpha);
    if (open.length === 0) {
      const text = `${name} wins ${future}): on ${points.rows(n)} it is better than every other ${noun} (${how}).`;
      return { kind: "winner", winner, tied: [], explanation: text, rivals };
    }
    const within = this.candidates.every((_, i) =>
      this.candidates.every((_, j) => {
        if (i >= j) return true;
        const [low, high] = testPair(this.pair(i, j), 2 * alpha, this.settings.seed).interval;
        return low > -equivalence && high < equivalence;
      }),
    );
    if (within) {
      const all = this.candidates.map((_, v) => v);
      const { variant, why } = this.pick(all);
      const field = all.length > 2 ? `all ${all.length} ${noun}s` : listed(all.map((v) => this.name(v)));
      const text = `${hardlyMatters(noun)}: ${field} are within ${points.of(equivalence)} of each other ${future}, ${points.rows(n)}). ${this.name(variant)} is named because ${why}.`;
      return {
        kind: "equivalent",
        winner: this.id(variant),
        tied: this.ranking(all).map((v) => this.id(v)),
        explanation: text + flatSentence(all.map((v) => this.mean(v))),
        rivals: variant === best ? rivals : this.#tested(variant, this.ranking(all.filter((v) => v !== variant))),
      };
    }
    const second = this.candidates.findIndex((c) => c.id === open[0]?.id);
    const pair = this.pair(best, second);
    const needed = pairedSampleSize(pair.wins / pair.rows, pair.losses / pair.rows, alpha, 0.8);
    const more = Number.isFinite(needed) ? Math.max(1, Math.ceil(needed) - n) : null;
    const hint = more === null ? "" : ` About ${points.more(more)} would show a difference as large as the one seen.`;
    const names = open.map((r) => r.id);
    const text = `Undecided after ${points.rows(n)}: ${name} has the highest mean, but ${listed(named(names), "or")} may be as good ${future}; ${how}).${hint}`;
    return { kind: "undecided", winner, tied: [winner, ...names], explanation: text, rivals, moreTrials: more };
  }

  /** The cheapest variant shown to be not worse than the baseline by more than e, each candidate tested at its share of alpha. */
  #cheaper(ranked: readonly number[]): Conclusion | undefined {
    if (this.settings.objective !== "cheaper") return undefined;
    const base = this.candidates.findIndex((c) => c.id === this.settings.baseline);
    const price = (v: number) => this.candidates[v]?.cost ?? Number.POSITIVE_INFINITY;
    const cheaper = ranked.filter((v) => price(v) < price(base)).sort((a, b) => price(a) - price(b));
    for (const v of cheaper) {
      const level = (2 * this.settings.alpha) / cheaper.length;
      if (testPair(this.pair(v, base), level, this.settings.seed).interval[0] <= -this.settings.equivalence) continue;
      const rivals = this.#tested(
        v,
        ranked.filter((i) => i !== v),
      );
      const seen = points.rows(this.pair(v, base).rows);
      return {
        kind: "nonInferior",
        winner: this.id(v),
        tied: [],
        explanation: savingSentence(
          { ...this.settings, scope: "population" },
          this.name(v),
          this.name(base),
          price(base) - price(v),
          seen,
        ),
        rivals,
        saves: price(base) - price(v),
      };
    }
    return undefined;
  }

  #tested(named: number, others: readonly number[]): Rival[] {
    const pairs = others.map((v) => this.pair(named, v));
    const tests = pairs.map((pair) => testPair(pair, this.settings.alpha, this.settings.seed));
    const adjusted = holm(tests.map((t) => t.pValue));
    return others.map((v, i) => ({
      id: this.id(v),
      rows: pairs[i]?.rows ?? 0,
      difference: pairs[i] === undefined ? 0 : meanDifference(pairs[i]),
      interval: tests[i]?.interval ?? [-1, 1],
      pValue: tests[i]?.pValue ?? 1,
      adjusted: adjusted[i] ?? 1,
    }));
  }
}

/** "Within 1 point of today's, and saves $0.41 per 1,000 calls": what people reorder prompts for. */
export function savingSentence(
  settings: Settings,
  winner: string,
  baseline: string,
  saves: number,
  seen: string,
): string {
  const margin =
    settings.equivalence > 0 ? `within ${points.of(settings.equivalence)} of it, or better,` : "at least as good";
  return `${winner} can replace ${baseline}: ${margin} ${about(settings.scope)} (${sure(settings)}, after ${seen}), and it saves ${money(saves, settings.costUnit)} per 1,000 calls.`;
}
