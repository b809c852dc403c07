import { UserError } from "../../base/errors.ts";
import { boundOf, type Position } from "../stats/betting.ts";
import { preference, type Settings } from "./options.ts";
import { anytimeInterval, meanDifference } from "./paired.ts";
import { concludeRace, type Ending } from "./raceVerdict.ts";
import { RowSampler } from "./rowSampler.ts";
import type { Candidate, Decision, DecisionNumbers, OpenSampler, Verdict } from "./sampler.ts";
import { type Conclusion, verdictOf } from "./verdict.ts";
import { boundedLog, Purses } from "./wealth.ts";
import { points } from "./words.ts";

/** How sharply bets go to the opponents in front, and how small a share is none. */
const SHARPNESS = 20;
const SMALLEST_SHARE = 0.02;

/**
 * The sceptic's race. A sceptic of each variant j starts with 1 and bets before each row that the variants in front at that
 * moment beat j there: mostly the leader, shared with those about level with it. The bet is settled against the claim
 * "j beats every other variant by at least e": over these N rows (dataset scope, where what is left can be counted), or on
 * future rows (population scope). When the claim is true its sceptic reaches 1/a with chance at most a, whatever the
 * opponents and stakes and whenever one looks. Only the claim of the true best can be true, so the chance of ever dropping
 * it is at most a for any number of variants. See Waudby-Smith & Ramdas 2024 for the bet.
 *
 * With e = 0 that is all a verdict needs, and a is 1 - confidence. With e > 0 a best variant that leads by less than e is
 * not covered by the proof: half of the error that is allowed is kept back for that, and a is half as large.
 *
 * `strict` also bets for every pair, with half the purse. A variant is dropped only against e = 0, and the leader is
 * certified when the pair bets show, with e, that it is not beaten by more. That proves "no variant is more than e
 * better" for every table.
 *
 * A row that cannot be had under one variant counts for none: the rows that can be had are what the race is about. How
 * many there will be is not known, so from the first such row on nobody bets while behind: all other bounds only loosen
 * when rows turn out to be missing.
 */
export class RacingSampler extends RowSampler implements OpenSampler {
  readonly #size: number;
  readonly #slack: number;
  /** Chance of dropping the best, and the wealth that drops a variant. */
  readonly #alpha: number;
  readonly #threshold: number;
  readonly #sceptics: Purses;
  /** Per ordered pair (i, j), i * K + j: bets that i beats j, against a lead of j of 0 and of e. */
  readonly #pairs: { readonly even: Purses; readonly slack: Purses } | undefined;
  /** Sum of scores; a row that only a newcomer lacks stands as a tie with the leader of that moment. */
  readonly #standing: number[] = [];
  #place: number[] = [];
  #leader = -1;
  #second = -1;
  readonly #leaders: Int32Array;
  readonly #leaderSums: Float64Array;
  /** Rows so far that counted for nobody, and how many there were before each row. */
  #lost = 0;
  readonly #lostBefore: Int32Array;
  readonly #shares: number[] = [];
  #ending: Ending | undefined;
  #final: Verdict | undefined;

  constructor(settings: Settings) {
    super(settings);
    const pairwise = settings.strict === true || settings.stopWhenEquivalent === true;
    if (pairwise && (settings.joins ?? []).length > 0) throw closed();
    this.#size = settings.rows;
    this.#slack = pairwise ? 0 : settings.equivalence;
    this.#alpha = this.#slack > 0 ? settings.alpha / 2 : settings.alpha;
    this.#threshold = 1 / this.#alpha;
    const k = this.candidates.length;
    const purses = (players: number, target?: number) => new Purses(this.#size, settings.alpha, players, target);
    // With a margin, ties carry wealth over the threshold in small steps, and there is no overshoot to save.
    this.#sceptics = purses(k, pairwise || this.#slack > 0 ? undefined : this.#threshold);
    this.#pairs = pairwise ? { even: purses(k * k), slack: purses(k * k) } : undefined;
    this.#standing = new Array<number>(k).fill(0);
    this.#leaders = new Int32Array(this.#size);
    this.#leaderSums = new Float64Array(this.#size);
    this.#lostBefore = new Int32Array(this.#size);
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
    return Math.max(0, Math.min(1, boundedLog(this.#against(variant)) / Math.log(this.#threshold)));
  }

  protected override consume(row: number): void {
    this.#bet(row);
    for (const v of this.active) this.#standing[v] = (this.#standing[v] as number) + this.ledger.score(row, v);
    this.#rank();
    this.#judge();
  }

  protected override skip(row: number): void {
    this.#remember(row);
    this.#lost++;
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
    let now = this.#leaderSums[row] as number;
    if (this.usable(row)) {
      const mine = this.#standing[variant] as number;
      const theirs = this.ledger.score(row, leader);
      if (this.ledger.isVoid(row, variant)) this.#standing[variant] = mine + theirs;
      else {
        const own = this.ledger.score(row, variant);
        this.#settle(this.#sceptics, variant, theirs - own, this.#position(now - mine, row));
        this.#standing[variant] = mine + own;
      }
      now += theirs;
    }
    if (this.#sceptics.of(variant) >= this.#threshold && (this.#standing[variant] as number) < now) {
      this.#dropBeaten(variant, leader);
    }
    if (this.active.every((v) => this.consumed[v] === this.watermark)) {
      this.#rank();
      this.#judge();
    }
  }

  /** What a newcomer must know of a row. */
  #remember(row: number): void {
    this.#leaders[row] = this.#leader;
    this.#leaderSums[row] = this.#standing[this.#leader] as number;
    this.#lostBefore[row] = this.#lost;
  }

  #bet(row: number): void {
    this.#remember(row);
    this.#share(row - this.#lost);
    for (const j of this.active) this.#doubt(row, j);
    if (this.#pairs === undefined) return;
    const k = this.candidates.length;
    for (const i of this.active) {
      for (const j of this.active) {
        if (i === j) continue;
        const lead = (this.#standing[i] as number) - (this.#standing[j] as number);
        const difference = this.ledger.score(row, i) - this.ledger.score(row, j);
        this.#settle(this.#pairs.even, i * k + j, difference, this.#position(lead, row, 0));
        this.#settle(this.#pairs.slack, i * k + j, difference, this.#position(lead, row, this.settings.equivalence));
      }
    }
  }

  /** Shares of the bets on the next row, by how close a variant is to the leader. */
  #share(seen: number): void {
    const top = this.#standing[this.#leader] as number;
    const scale = SHARPNESS / Math.sqrt(seen + 10);
    for (const v of this.active) {
      const share = Math.exp(((this.#standing[v] as number) - top) * scale);
      this.#shares[v] = share < SMALLEST_SHARE ? 0 : share;
    }
  }

  /** The sceptic of j bets on those in front, without j itself; on the second when that leaves nobody. */
  #doubt(row: number, j: number): void {
    const own = this.ledger.score(row, j);
    let shares = 0;
    let lead = 0;
    let difference = 0;
    let square = 0;
    for (const i of this.active) {
      const share = i === j ? 0 : (this.#shares[i] as number);
      if (share === 0) continue;
      const d = this.ledger.score(row, i) - own;
      shares += share;
      lead += share * (this.#standing[i] as number);
      difference += share * d;
      square += share * d * d;
    }
    if (shares === 0) {
      if (this.#second < 0) return;
      shares = 1;
      lead = this.#standing[this.#second] as number;
      difference = this.ledger.score(row, this.#second) - own;
      square = difference * difference;
    }
    const at = this.#position(lead / shares - (this.#standing[j] as number), row);
    this.#settle(this.#sceptics, j, difference / shares, at, square / shares);
  }

  #settle(purses: Purses, player: number, difference: number, at: Position, square = difference * difference): void {
    const behind = at.lead + at.seen * at.slack < 0;
    if (this.#lost > 0 && behind && Number.isFinite(at.left)) return;
    purses.bet(player, difference, at, square);
  }

  /** Where a bet on the rows from `row` on stands. */
  #position(lead: number, row: number, slack = this.#slack): Position {
    const lost = row < this.watermark ? (this.#lostBefore[row] as number) : this.#lost;
    const left = this.settings.scope === "dataset" ? this.#size - row : Number.POSITIVE_INFINITY;
    return { lead, seen: row - lost, left, slack };
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
      const dropped = this.active.filter(
        (j) => j !== this.#leader && (this.#against(j) >= this.#threshold || this.#beyond(j)),
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
    const lead = (this.#standing[this.#leader] as number) - (this.#standing[j] as number);
    return boundOf(this.#position(lead, this.watermark)) <= -1;
  }

  #certified(): boolean {
    if (this.settings.strict !== true) return false;
    return this.active.every((j) => j === this.#leader || this.#against(j, this.#leader) >= this.#threshold);
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
    const counted = this.#size - this.#lost;
    const margin = this.settings.equivalence * counted + 1e-9;
    const top = this.#standing[best] as number;
    const group = ranked.filter((v) => top - (this.#standing[v] as number) <= margin);
    for (const v of ranked.slice(group.length)) {
      const behind = points.of((top - (this.#standing[v] as number)) / counted);
      const all = this.#lost > 0 ? `The ${points.rows(counted)} that could be had` : `All ${points.rows(this.#size)}`;
      const done = this.#size === 1 ? "The only row is done" : `${all} are done`;
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
    const needed = this.#threshold;
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
      logThreshold: Math.log(this.#threshold),
      opponent: this.id(opponent),
      difference: meanDifference(pair),
      interval: anytimeInterval(pair, this.settings.alpha),
      means: this.means(),
    };
  }

  /** First minus second on the rows both consumed and had. */
  #differences(first: number, second: number): number[] {
    const out: number[] = [];
    const until = Math.min(this.consumed[first] as number, this.consumed[second] as number);
    for (let row = 0; row < until; row++) {
      const lost = !this.usable(row) || this.ledger.isVoid(row, first) || this.ledger.isVoid(row, second);
      if (!lost) out.push(this.ledger.score(row, first) - this.ledger.score(row, second));
    }
    return out;
  }

  #conclusion(): Conclusion {
    return concludeRace({
      settings: this.settings,
      size: this.#size,
      lost: this.#lost,
      watermark: this.watermark,
      horizon: this.horizon(),
      finished: this.finished,
      ending: this.#ending,
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
