import type { Ask } from "../decide/sampler.ts";
import { Packer } from "../packing/packer.ts";
import type { PreparedRun, Race } from "./preparedRun.ts";
import type { RepeatMeans } from "./samplers.ts";
import { type TrialPlan, trialKey, trialsOf } from "./trialPlan.ts";

export interface AskingOptions {
  readonly run: PreparedRun;
  readonly repeats: RepeatMeans;
  /** Whether nothing more is to be asked in a race: it is decided, or its model is given up. */
  readonly isOver: (race: Race) => boolean;
  /** Whether an interrupted run has the answer to this very request. */
  readonly isAnswered: (plan: TrialPlan) => boolean;
  /** Requests of a model that other processes hold. */
  readonly takenElsewhere: (model: string) => number;
  readonly send: (race: Race, plans: readonly TrialPlan[]) => void;
}

/**
 * Asks the samplers ahead of the answers, so that every slot stays filled, and keeps count of what is open. Trials that share a
 * request wait until its block is full.
 */
export class Asking {
  readonly #o: AskingOptions;
  readonly #packer: Packer;
  /** Trials asked for and not settled. */
  readonly #open: Map<Race, number>;

  constructor(options: AskingOptions) {
    this.#o = options;
    const { run } = options;
    this.#packer = new Packer({
      variants: run.packed,
      rows: run.examples,
      known: knownTrials(run),
      together: (variant, position, repeat) => run.together.get(trialKey(variant, position, repeat)),
      isAnswered: options.isAnswered,
      plan: ({ variant }, position, repeat) => run.plan(variant, position, repeat),
    });
    this.#open = new Map(run.races.map((race) => [race, 0]));
  }

  get busy(): boolean {
    for (const count of this.#open.values()) if (count > 0) return true;
    return false;
  }

  askMore(): void {
    for (const race of this.#o.run.races) {
      // While all that is open waits for its block to fill, nothing will come in.
      do this.#ask(race);
      while (this.#isStalled(race));
    }
  }

  /** Trials that are stored, taken back or given up. */
  settle(race: Race, trials: number): void {
    this.#open.set(race, (this.#open.get(race) ?? 0) - trials);
  }

  /** Forgets what matches and was not sent on. */
  withdraw(matches: (plan: TrialPlan) => boolean): void {
    for (const plan of this.#packer.withdraw(matches)) {
      const race = this.#o.run.races.find(({ model }) => model === plan.variant.model);
      if (race !== undefined) this.settle(race, trialsOf(plan).length);
    }
  }

  #ask(race: Race): void {
    if (this.#o.isOver(race)) return;
    const { run, repeats, takenElsewhere } = this.#o;
    const open = this.#open.get(race) ?? 0;
    const room = Math.floor((race.lookahead - open + takenElsewhere(race.model)) / run.repeats);
    // Asking in handfuls keeps table writes few; an empty race asks at once.
    const worth = room >= 1 && (open === 0 || room >= Math.min(16, race.lookahead / 4));
    const asks = worth || this.#isStalled(race) ? race.sampler.ask(Math.max(1, room)) : [];
    if (asks.length === 0) {
      if (this.#isStalled(race)) this.#send(race, this.#packer.flush(race.model));
      return;
    }
    const plans: TrialPlan[] = [];
    for (const ask of inSendOrder(asks, race.sendRanks)) {
      const variant = race.variants[ask.variant];
      if (variant === undefined) throw new Error(`the sampler asked for variant ${ask.variant}`);
      for (let repeat = 0; repeat < run.repeats; repeat++) {
        if (repeats.has(variant.index, ask.row, repeat)) continue;
        plans.push(run.plan(variant, ask.row, repeat));
      }
    }
    this.#open.set(race, open + plans.length);
    this.#send(race, this.#packer.add(plans));
  }

  /** Bystanders are open like the others until their request is answered. */
  #send(race: Race, plans: readonly TrialPlan[]): void {
    const bystanders = plans.flatMap(trialsOf).filter(({ bystander }) => bystander).length;
    if (bystanders > 0) this.settle(race, -bystanders);
    this.#o.send(race, plans);
  }

  #isStalled(race: Race): boolean {
    const held = this.#packer.held(race.model);
    return held > 0 && held === this.#open.get(race) && !this.#o.isOver(race);
  }
}

/** Rows keep their order; within a row those go together that begin alike. What is decided follows the rows, not this. */
function inSendOrder(asks: readonly Ask[], ranks: readonly number[]): readonly Ask[] {
  const rank = ({ variant }: Ask) => ranks[variant] ?? 0;
  const ordered: Ask[] = [];
  for (let from = 0; from < asks.length; ) {
    let to = from + 1;
    while (asks[to]?.row === asks[from]?.row) to += 1;
    ordered.push(...asks.slice(from, to).sort((a, b) => rank(a) - rank(b)));
    from = to;
  }
  return ordered;
}

function knownTrials({
  packed,
  known,
  askVoidAgain,
}: PreparedRun): (variant: number, position: number, repeat: number) => boolean {
  if (packed.size === 0) return () => false;
  const keys = new Set<string>();
  for (const [i, score] of known.score.entries()) {
    if (askVoidAgain && Number.isNaN(score)) continue;
    keys.add(trialKey(known.variant[i] ?? 0, known.position[i] ?? 0, known.repeat[i] ?? 0));
  }
  return (variant, position, repeat) => keys.has(trialKey(variant, position, repeat));
}
