import { betaMixture } from "../stats/betaMixture.ts";
import { Ledger } from "./ledger.ts";
import { nameOf, preference, type Settings } from "./options.ts";
import { anytimeInterval, meanDifference, type PairedCounts, pairedCounts } from "./paired.ts";
import type {
  Ask,
  Candidate,
  Decision,
  DecisionKind,
  DecisionNumbers,
  Interval,
  Rival,
  Sampler,
  SamplingMode,
  VariantState,
  Verdict,
} from "./sampler.ts";
import { points } from "./words.ts";

/**
 * What the row-by-row samplers share: trials are named row by row for the variants still in, rows are consumed in the
 * stored order once all of those have told, and a row that one of them cannot have counts for none.
 */
export abstract class RowSampler implements Sampler {
  readonly mode: SamplingMode;
  protected readonly settings: Settings;
  protected readonly candidates: Candidate[];
  protected readonly ledger: Ledger;
  /** Positions of the variants still in, ascending. */
  protected active: number[];
  /** Per variant: rows consumed (void ones included), trials used, sum of scores. */
  protected readonly consumed: number[] = [];
  protected readonly trials: number[] = [];
  protected readonly sums: number[] = [];
  protected readonly reasons: string[] = [];
  protected won: number | undefined;
  #finished = false;
  #watermark = 0;
  /** Every row before this one, from the watermark on, has been named for all variants still in. */
  #named = 0;
  /** Positions in `candidates` that have not joined yet, with the watermark at which they do. */
  readonly #joins: { variant: number; row: number }[];
  readonly #log: Decision[] = [];
  readonly #skipped = new Set<number>();
  #started = false;

  constructor(settings: Settings) {
    this.mode = settings.mode;
    this.settings = settings;
    this.candidates = [...settings.candidates];
    this.ledger = new Ledger(settings.rows, this.candidates.length);
    this.#joins = [...(settings.joins ?? [])].sort((a, b) => a.row - b.row || a.variant - b.variant);
    const late = new Set(this.#joins.map((j) => j.variant));
    this.active = this.candidates.map((_, i) => i).filter((i) => !late.has(i));
    this.candidates.forEach(() => {
      this.enrol();
    });
  }

  get watermark(): number {
    return this.#watermark;
  }

  get finished(): boolean {
    return this.#finished;
  }

  ask(limit: number): readonly Ask[] {
    this.start();
    const out: Ask[] = [];
    if (this.#finished) return out;
    for (const variant of this.active) {
      for (let row = this.consumed[variant] as number; row < this.#watermark && out.length < limit; row++) {
        if (this.usable(row) && this.ledger.claim(row, variant)) out.push({ row, variant });
      }
    }
    this.#named = Math.max(this.#named, this.#watermark);
    while (this.#named < this.horizon() && out.length < limit) {
      const row = this.#named;
      if (this.ledger.state(row, this.active) !== "void") {
        for (const variant of this.active) {
          if (out.length >= limit) return out;
          if (this.ledger.claim(row, variant)) out.push({ row, variant });
        }
      }
      this.#named++;
    }
    return out;
  }

  tell(row: number, variant: number, score: number | "void"): readonly Decision[] {
    this.start();
    this.ledger.record(row, variant, score);
    return this.#since(() => this.#advance());
  }

  decisions(): readonly Decision[] {
    this.start();
    return this.#log;
  }

  variants(): readonly VariantState[] {
    return this.candidates.map((c, i) => {
      const trials = this.trials[i] as number;
      const correct = this.sums[i] as number;
      return {
        id: c.id,
        trials,
        correct,
        accuracy: trials === 0 ? 0 : correct / trials,
        interval: this.intervalOf(correct, trials),
        evidence: this.evidence(i),
        status: this.won === i ? "won" : this.active.includes(i) || this.waiting(i) ? "active" : "dropped",
        reason: this.reasons[i] as string,
      };
    });
  }

  abstract verdict(): Verdict;

  /** Learns from the next row; `watermark` already counts it. */
  protected abstract consume(row: number): void;

  /** A row that counts for nobody. */
  protected skip(_row: number): void {}

  /** First row that must not be named yet. */
  protected abstract horizon(): number;

  /** Log evidence against a variant over what drops it, in [0, 1]. */
  protected evidence(variant: number): number {
    return this.active.includes(variant) || this.waiting(variant) || this.won === variant ? 0 : 1;
  }

  /** Interval for one mean score on future rows; valid while live unless a mode overrides it. */
  protected intervalOf(correct: number, trials: number): Interval {
    return betaMixture(correct, trials, this.settings.alpha);
  }

  /** Learns from a row before a newcomer's entry. */
  protected replay(_row: number, _variant: number): void {
    throw new Error(`${this.mode} does not let variants join`);
  }

  /** Called before anything else happens, once. */
  protected begin(): void {}

  protected start(): void {
    if (this.#started) return;
    this.#started = true;
    this.begin();
    this.#enterDue();
  }

  /** Adds a variant at the watermark. */
  protected admit(candidate: Candidate): { variant: number; decisions: readonly Decision[] } {
    this.start();
    const variant = this.candidates.length;
    this.candidates.push(candidate);
    this.ledger.add();
    this.enrol();
    this.#joins.push({ variant, row: this.#watermark });
    return { variant, decisions: this.#since(() => this.#enterDue()) };
  }

  /** Per-variant state for one more variant. */
  protected enrol(): void {
    this.consumed.push(0);
    this.trials.push(0);
    this.sums.push(0);
    this.reasons.push("");
  }

  protected finish(): void {
    this.#finished = true;
  }

  protected waiting(variant: number): boolean {
    return this.#joins.some((j) => j.variant === variant);
  }

  protected note(kind: DecisionKind, variant: number | null, reason: string, numbers: DecisionNumbers = {}): void {
    const id = variant === null ? null : this.id(variant);
    this.#log.push({ sequence: this.#log.length, row: this.#watermark, variant: id, kind, reason, numbers });
  }

  /** Takes a variant out of the run and notes why. */
  protected drop(variant: number, reason: string, numbers: DecisionNumbers): void {
    this.active = this.active.filter((v) => v !== variant);
    // Rows that were passed over because this one could not have them may count after all.
    this.#named = this.#watermark;
    this.reasons[variant] = reason;
    this.note("dropped", variant, reason, numbers);
  }

  protected id(variant: number): string {
    return (this.candidates[variant] as Candidate).id;
  }

  /** What a sentence calls it. */
  protected name(variant: number): string {
    return nameOf(this.candidates[variant] as Candidate);
  }

  /** The one of a level group to name: the cheapest, then the best so far, then the first. */
  protected pick(group: readonly number[]): { readonly variant: number; readonly why: string } {
    const cost = (v: number) => this.candidates[v]?.cost ?? Number.POSITIVE_INFINITY;
    const least = Math.min(...group.map(cost));
    const cheapest = this.ranking(group.filter((v) => cost(v) === least));
    const [variant, second] = cheapest as [number, number | undefined];
    if (cheapest.length < group.length) {
      const why = this.settings.costUnit === "promptTokens" ? "its prompts are the shortest" : "it costs least";
      return { variant, why };
    }
    const ahead = second !== undefined && this.standing(variant) - this.standing(second) > 1e-9;
    return { variant, why: ahead ? "it has the highest mean" : "it stands first in the list" };
  }

  protected mean(variant: number): number {
    const n = this.trials[variant] as number;
    return n === 0 ? 0 : (this.sums[variant] as number) / n;
  }

  /** What a variant is ranked by. */
  protected standing(variant: number): number {
    return this.sums[variant] as number;
  }

  /** Variants by standing, the best first; ties to the cheaper, then the earlier. */
  protected ranking(variants: readonly number[] = this.active): number[] {
    const place = new Array<number>(this.candidates.length);
    preference(this.candidates).forEach((v, i) => {
      place[v] = i;
    });
    return [...variants].sort((i, j) => {
      const gap = this.standing(j) - this.standing(i);
      return Math.abs(gap) > 1e-9 ? gap : (place[i] as number) - (place[j] as number);
    });
  }

  /** First minus second over the rows that both have consumed. */
  protected pair(first: number, second: number): PairedCounts {
    const until = Math.min(this.consumed[first] as number, this.consumed[second] as number);
    const out = new Float64Array(until);
    let n = 0;
    for (let row = 0; row < until; row++) {
      if (!this.usable(row) || this.ledger.isVoid(row, first) || this.ledger.isVoid(row, second)) continue;
      out[n++] = this.ledger.score(row, first) - this.ledger.score(row, second);
    }
    return pairedCounts(out.subarray(0, n));
  }

  /** Every other variant with trials, against the named one. */
  protected rivals(named: number): Rival[] {
    return this.ranking(this.candidates.map((_, i) => i).filter((i) => i !== named && this.consumed[i] !== 0)).map(
      (i) => {
        const pair = this.pair(named, i);
        return {
          id: this.id(i),
          rows: pair.rows,
          difference: meanDifference(pair),
          interval: anytimeInterval(pair, this.settings.alpha),
        };
      },
    );
  }

  protected means(): Record<string, number> {
    return Object.fromEntries(this.active.map((v) => [this.id(v), this.mean(v)]));
  }

  /** True when the row was consumed and counted. */
  protected usable(row: number): boolean {
    return !this.#skipped.has(row);
  }

  #since(act: () => void): readonly Decision[] {
    const from = this.#log.length;
    act();
    return this.#log.slice(from);
  }

  #advance(): void {
    while (!this.#finished && this.#caughtUp() && this.#watermark < this.horizon()) {
      const row = this.#watermark;
      const state = this.ledger.state(row, this.active);
      if (state === "missing") return;
      this.#watermark++;
      const counted = this.active;
      for (const v of counted) this.consumed[v] = this.#watermark;
      if (state === "void") {
        this.#skipped.add(row);
        // Which variant failed first depends on arrival, so only the row is recorded.
        this.note("skipped", null, `Row ${row + 1} could not be answered and counts for no ${this.settings.noun}.`);
        this.skip(row);
      } else {
        for (const v of counted) {
          this.trials[v] = (this.trials[v] as number) + 1;
          this.sums[v] = (this.sums[v] as number) + this.ledger.score(row, v);
        }
        this.consume(row);
      }
      this.#enterDue();
    }
  }

  /** Lets newcomers learn from the rows consumed before they came; false while one of them still lacks scores. */
  #caughtUp(): boolean {
    for (const variant of [...this.active]) {
      while (this.active.includes(variant) && (this.consumed[variant] as number) < this.#watermark) {
        const row = this.consumed[variant] as number;
        if (this.usable(row)) {
          if (!this.ledger.told(row, variant)) return false;
          if (!this.ledger.isVoid(row, variant)) {
            this.trials[variant] = (this.trials[variant] as number) + 1;
            this.sums[variant] = (this.sums[variant] as number) + this.ledger.score(row, variant);
          }
        }
        this.consumed[variant] = row + 1;
        this.replay(row, variant);
      }
    }
    return !this.#finished;
  }

  #enterDue(): void {
    while (this.#joins[0] !== undefined && this.#joins[0].row <= this.#watermark) {
      const { variant } = this.#joins.shift() as { variant: number };
      this.active = [...this.active, variant].sort((a, b) => a - b);
      this.#finished = false;
      this.#named = this.#watermark;
      this.entered(variant);
      const before = this.#watermark === 0 ? "" : ` and is run on the ${points.rows(this.#watermark)} before it first`;
      this.note("joined", variant, `${this.name(variant)} joins${before}.`);
    }
  }

  /** A newcomer has come in. */
  protected entered(_variant: number): void {}
}
