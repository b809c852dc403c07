import { UserError } from "../../base/errors.ts";
import { stakes } from "../stats/betting.ts";
import { preference, type Settings } from "./options.ts";
import { anytimeInterval, meanDifference } from "./paired.ts";
import { concludeRace, type Ending } from "./raceVerdict.ts";
import { RowSampler } from "./rowSampler.ts";
import type { Candidate, Decision, DecisionNumbers, OpenSampler, Verdict } from "./sampler.ts";
import { type Conclusion, verdictOf } from "./verdict.ts";
import { boundedLog, Purses } from "./wealth.ts";
import { points } from "./words.ts";

/**
 * The sceptic's race. A sceptic of each variant j starts with 1 and bets before each row that the variant leading at that
 * moment beats j there (j's own rival is the second when j leads). The bet is settled against the claim "j beats every
 * other variant by at least e": over these N rows (dataset scope, where what is left can be counted), or on future rows
 * (population scope). When the claim is true its sceptic reaches 1/alpha with chance at most alpha, whatever the
 * opponents and whenever one looks. Only the claim of the true best can be true, so the chance of ever dropping it is at
 * most alpha for any number of variants. See Waudby-Smith & Ramdas 2024 for the bet.
 *
 * `strict` also bets for every pair, with half the purse. A variant is dropped only against e = 0, and the leader is
 * certified when the pair bets show, with e, that it is not beaten by more. That proves "no variant is more than e
 * better" for every table.
 *
 * A row that cannot be had is a tie of all variants: the bets are settled with a difference of 0.
 */
export class RacingSampler extends RowSampler implements OpenSampler {
  readonly #size: number;
  readonly #slack: number;
  readonly #grid: readonly number[];
  readonly #sceptics: Purses;
  /** Per ordered pair (i, j), i * K + j: bets that i beats j, against a lead of j of 0 and of e. */
  readonly #pairs: { readonly even: Purses; readonly slack: Purses } | undefined;
  /** Sum of scores, with ties in the place of rows only a newcomer lacks. */
  readonly #standing: number[] = [];
  #place: number[] = [];
  #leader = -1;
  #second = -1;
  readonly #leaders: Int32Array;
  readonly #leaderSums: Float64Array;
  #ending: Ending | undefined;
  #final: Verdict | undefined;

  constructor(settings: Settings) {
    super(settings);
    const pairwise = settings.strict === true || settings.stopWhenEquivalent === true;
    if (pairwise && (settings.joins ?? []).length > 0) throw closed();
    this.#size = settings.rows;
    this.#slack = pairwise ? 0 : settings.equivalence;
    this.#grid = stakes(this.#size, settings.alpha);
    const k = this.candidates.length;
    this.#sceptics = new Purses(this.#grid, k);
    this.#pairs = pairwise ? { even: new Purses(this.#grid, k * k), slack: new Purses(this.#grid, k * k) } : undefined;
    this.#standing = new Array<number>(k).fill(0);
    this.#leaders = new Int32Array(this.#size);
    this.#leaderSums = new Float64Array(this.#size);
  }

  join(candidate: Candidate): { readonly variant: number; readonly decisions: readonly Decision[] } {
    if (this.#pairs !== undefined) throw closed();
    if (this.candidates.some((c) => c.id === candidate.id)) {
      throw new UserError("same-variant", `${candidate.id} is in this race already`, "give the newcomer its own name");
    }
    this.#standing.push(0);
    this.#sceptics.add();
    return this.admit(candidate);
  }

  verdict(): Verdict {
    this.start();
    if (!this.finished) return verdictOf(this.settings, this.#conclusion());
    this.#final ??= verdictOf(this.settings, this.#conclusion());
    return this.#final;
  }

  protected override begin(): void {
    this.#rank();
  }

  protected override standing(variant: number): number {
    return this.#standing[variant] as number;
  }

  protected override horizon(): number {
    return Math.min(this.#size, this.settings.maxRows ?? this.#size);
  }

  protected override evidence(variant: number): number {
    if (this.won === variant) return 0;
    if (!this.active.includes(variant)) return this.waiting(variant) ? 0 : 1;
    if (this.active.length === 1) return 0;
    return Math.max(0, Math.min(1, boundedLog(this.#against(variant)) / -Math.log(this.settings.alpha)));
  }

  protected override consume(row: number): void {
    this.#bet(row, false);
    for (const v of this.active) this.#standing[v] = (this.#standing[v] as number) + this.ledger.score(row, v);
    this.#rank();
    this.#judge();
  }

  protected override skip(row: number): void {
    if (this.settings.scope === "dataset") this.#bet(row, true);
    this.#judge();
  }

  protected override entered(): void {
    const { won } = this;
    if (won !== undefined && !this.active.includes(won)) {
      // Named as the cheapest of a level field after it had been dropped: it is out again.
      this.reasons[won] =
        this.decisions().findLast((d) => d.kind === "dropped" && d.variant === this.id(won))?.reason ?? "";
    }
    for (const v of this.active) this.reasons[v] = "";
    this.won = undefined;
    this.#ending = undefined;
    this.#final = undefined;
    if (this.watermark === 0) this.#rank();
  }

  /** The newcomer's sceptic bets on a row of the past, with the leader of that moment. */
  protected override replay(row: number, variant: number): void {
    const leader = this.#leaders[row] as number;
    const sum = this.#leaderSums[row] as number;
    const mine = this.#standing[variant] as number;
    let now = sum;
    if (this.usable(row)) {
      const theirs = this.ledger.score(row, leader);
      const own = this.ledger.isVoid(row, variant) ? theirs : this.ledger.score(row, variant);
      this.#sceptics.bet(variant, theirs - own, this.#bound(sum - mine, row));
      this.#standing[variant] = mine + own;
      now += theirs;
    } else if (this.settings.scope === "dataset") {
      this.#sceptics.bet(variant, 0, this.#bound(sum - mine, row));
    }
    if (this.#sceptics.of(variant) >= 1 / this.settings.alpha && (this.#standing[variant] as number) < now) {
      this.#dropBeaten(variant, leader);
    }
    if (this.active.every((v) => this.consumed[v] === this.watermark)) {
      this.#rank();
      this.#judge();
    }
  }

  #bet(row: number, tie: boolean): void {
    const leader = this.#leader;
    this.#leaders[row] = leader;
    this.#leaderSums[row] = this.#standing[leader] as number;
    for (const j of this.active) {
      const i = j === leader ? this.#second : leader;
      if (i < 0) continue;
      const gap = (this.#standing[i] as number) - (this.#standing[j] as number);
      const difference = tie ? 0 : this.ledger.score(row, i) - this.ledger.score(row, j);
      this.#sceptics.bet(j, difference, this.#bound(gap, row));
    }
    if (this.#pairs === undefined) return;
    const k = this.candidates.length;
    for (const i of this.active) {
      for (const j of this.active) {
        if (i === j) continue;
        const gap = (this.#standing[i] as number) - (this.#standing[j] as number);
        const difference = tie ? 0 : this.ledger.score(row, i) - this.ledger.score(row, j);
        this.#pairs.even.bet(i * k + j, difference, this.#bound(gap, row, 0));
        this.#pairs.slack.bet(i * k + j, difference, this.#bound(gap, row, this.settings.equivalence));
      }
    }
  }

  /** The most that the mean difference of the rows from `row` on can be if the sceptic is wrong. */
  #bound(gap: number, row: number, slack = this.#slack): number {
    return this.settings.scope === "dataset" ? (-this.#size * slack - gap) / (this.#size - row) : -slack;
  }

  /** Evidence that a variant is not best, as wealth. */
  #against(j: number, certified?: number): number {
    const own = this.#sceptics.of(j);
    if (this.settings.strict !== true || this.#pairs === undefined) return own;
    const k = this.candidates.length;
    let sum = 0;
    for (let i = 0; i < k; i++) {
      if (i !== j) sum += (i === certified ? this.#pairs.slack : this.#pairs.even).of(i * k + j);
    }
    return own / 2 + sum / (k - 1) / 2;
  }

  /** Leader and second of the variants still in; ties to the cheaper, then the earlier. */
  #rank(): void {
    if (this.#place.length !== this.candidates.length) {
      this.#place = new Array<number>(this.candidates.length);
      preference(this.candidates).forEach((v, i) => {
        this.#place[v] = i;
      });
    }
    const before = (a: number, b: number) => {
      const gap = (this.#standing[a] as number) - (this.#standing[b] as number);
      return Math.abs(gap) > 1e-9 ? gap > 0 : (this.#place[a] as number) < (this.#place[b] as number);
    };
    let leader = -1;
    let second = -1;
    for (const v of this.active) {
      if (leader < 0 || before(v, leader)) {
        second = leader;
        leader = v;
      } else if (second < 0 || before(v, second)) second = v;
    }
    this.#leader = leader;
    this.#second = second;
  }

  /** Drops, certifies or ends after a row. */
  #judge(): void {
    const exact = this.settings.scope === "dataset" && this.watermark === this.#size;
    if (!exact) {
      const threshold = 1 / this.settings.alpha;
      const dropped = this.active.filter(
        (j) => j !== this.#leader && (this.#against(j) >= threshold || this.#beyond(j)),
      );
      for (const j of dropped) this.#dropBeaten(j, this.#leader);
      if (dropped.length > 0) this.#rank();
    }
    const entered = this.candidates.length - this.candidates.filter((_, i) => this.waiting(i)).length;
    if (entered > 1 && this.active.length === 1) this.#end({ kind: "last", winner: this.#leader });
    else if (exact) this.#endExactly();
    else if (entered > 1 && this.#certified()) this.#end({ kind: "certified", winner: this.#leader });
    else if (entered > 1 && this.#interchangeable()) {
      this.#end({ kind: "equivalent", winner: this.#leader, group: this.ranking() });
    } else if (this.watermark >= this.horizon()) this.#end({ kind: "spent" });
  }

  /** True when the rows left cannot give j the lead the claim says it has. */
  #beyond(j: number): boolean {
    if (this.settings.scope !== "dataset") return false;
    const gap = (this.#standing[this.#leader] as number) - (this.#standing[j] as number);
    return this.#bound(gap, this.watermark) <= -1;
  }

  #certified(): boolean {
    if (this.settings.strict !== true) return false;
    return this.active.every((j) => j === this.#leader || this.#against(j, this.#leader) >= 1 / this.settings.alpha);
  }

  /**
   * Two one-sided tests on every pair still in. For the whole field each direction needs 2/alpha (only one pair, the best
   * and the worst, need be refused); for what is left after drops, alpha is shared among all pairs.
   */
  #interchangeable(): boolean {
    if (this.settings.stopWhenEquivalent !== true || this.#pairs === undefined) return false;
    const k = this.candidates.length;
    const shares = this.active.length === k ? 1 : (k * (k - 1)) / 2;
    const threshold = (2 * shares) / this.settings.alpha;
    const { slack } = this.#pairs;
    return this.active.every((i) => this.active.every((j) => i === j || slack.of(i * k + j) >= threshold));
  }

  #endExactly(): void {
    const ranked = this.ranking();
    const best = ranked[0] as number;
    const margin = this.settings.equivalence * this.#size + 1e-9;
    const top = this.#standing[best] as number;
    const group = ranked.filter((v) => top - (this.#standing[v] as number) <= margin);
    for (const v of ranked.slice(group.length)) {
      const behind = points.of((top - (this.#standing[v] as number)) / this.#size);
      const done = this.#size === 1 ? "The only row is done" : `All ${points.rows(this.#size)} are done`;
      this.drop(v, `${done}: ${this.name(v)} is ${behind} behind ${this.name(best)}.`, {
        ...this.#numbers(v, best),
      });
    }
    this.#end({ kind: "exact", winner: best, group });
  }

  #end(ending: Ending): void {
    this.#ending = ending;
    this.finish();
    if (ending.kind === "spent") {
      this.note("stopped", null, this.#conclusion().explanation, { means: this.means() });
      return;
    }
    const { kind, explanation, tied, winner } = this.verdict();
    if (winner === null) {
      this.note("stopped", null, explanation);
      return;
    }
    const won = this.candidates.findIndex((c) => c.id === winner);
    this.won = won;
    this.reasons[won] = explanation;
    if (kind === "equivalent") {
      const near = `Within ${points.of(this.settings.equivalence)} of ${this.name(won)}.`;
      for (const v of this.active) if (v !== won && tied.includes(this.id(v))) this.reasons[v] = near;
    }
    this.note(kind === "equivalent" ? "equivalent" : "won", won, explanation, { means: this.means() });
  }

  #dropBeaten(j: number, leader: number): void {
    const numbers = this.#numbers(j, leader);
    const odds = Math.exp(Math.min(numbers.logWealth ?? 0, 12));
    const needed = 1 / this.settings.alpha;
    const claim = this.#slack > 0 ? `best by ${points.of(this.#slack)} or more` : "best";
    const why =
      this.#beyond(j) && odds < needed
        ? `the rows left cannot make it ${claim}`
        : `the evidence against it being ${claim} reached ${odds >= 1e5 ? "over 100,000" : Math.floor(odds)} to 1 (${Math.round(needed)} is enough)`;
    const gap = numbers.difference ?? 0;
    const where = gap === 0 ? "level with" : `${points.of(gap)} ${gap < 0 ? "behind" : "ahead of"}`;
    this.drop(
      j,
      `After ${points.rows(this.consumed[j] as number)} ${this.name(j)} was ${where} ${this.name(leader)}; ${why}.`,
      {
        ...numbers,
      },
    );
  }

  #numbers(j: number, opponent: number): DecisionNumbers {
    const pair = this.pair(j, opponent);
    return {
      logWealth: boundedLog(this.#against(j)),
      logThreshold: -Math.log(this.settings.alpha),
      opponent: this.id(opponent),
      difference: meanDifference(pair),
      interval: anytimeInterval(pair, this.settings.alpha),
      means: this.means(),
    };
  }

  /** First minus second on the rows both consumed, with ties for rows that could not be had (none in population scope). */
  #differences(first: number, second: number): number[] {
    const out: number[] = [];
    const until = Math.min(this.consumed[first] as number, this.consumed[second] as number);
    for (let row = 0; row < until; row++) {
      const lost = !this.usable(row) || this.ledger.isVoid(row, first) || this.ledger.isVoid(row, second);
      if (!lost) out.push(this.ledger.score(row, first) - this.ledger.score(row, second));
      else if (this.settings.scope === "dataset") out.push(0);
    }
    return out;
  }

  #conclusion(): Conclusion {
    return concludeRace({
      settings: this.settings,
      size: this.#size,
      watermark: this.watermark,
      horizon: this.horizon(),
      finished: this.finished,
      ending: this.#ending,
      grid: this.#grid,
      seen: Math.max(...this.trials),
      active: this.ranking(),
      all: this.ranking(this.candidates.map((_, i) => i)),
      id: (v) => this.id(v),
      name: (v) => this.name(v),
      pick: (group) => this.pick(group),
      mean: (v) => this.mean(v),
      pair: (a, b) => this.pair(a, b),
      rivals: (v) => this.rivals(v),
      differences: (a, b) => this.#differences(a, b),
    });
  }
}

function closed(): UserError {
  return new UserError(
    "closed-race",
    "A race that bets on every pair (strict, stopWhenEquivalent) takes no newcomers",
    "start a new run with all layouts",
  );
}
