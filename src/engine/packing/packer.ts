import type { TrialPlan } from "../runner/trialPlan.ts";
import { type PackedVariant, resumedPlans } from "./packing.ts";

/** What a packer must know of the run. */
export interface PackerOptions {
  readonly variants: ReadonlyMap<number, PackedVariant>;
  /** Rows of the run. */
  readonly rows: number;
  /** Whether a trial was answered before the run was resumed. */
  readonly known: (variant: number, position: number, repeat: number) => boolean;
  /** Positions whose first question was one request before the run was resumed, this one among them; undefined without. */
  readonly together: (variant: number, position: number, repeat: number) => readonly number[] | undefined;
  /** Whether that very request was answered before. */
  readonly isAnswered: (plan: TrialPlan) => boolean;
  readonly plan: (like: TrialPlan, position: number, repeat: number) => TrialPlan;
}

/**
 * Gathers trials into requests. Trials of a variant share a request when they stand in the same block of the stored order, so a
 * resumed run makes the same requests as one that was not interrupted. Where part of a block was answered before, the rest is what
 * that request left out, and is asked alone; but where questions follow one another, it goes on from the answer to the first, which
 * was about all of them.
 */
export class Packer {
  readonly #o: PackerOptions;
  readonly #blocks = new Map<string, TrialPlan[]>();

  constructor(options: PackerOptions) {
    this.#o = options;
  }

  /** Trials that wait for their block to fill. */
  held(model: string): number {
    let count = 0;
    for (const plans of this.#blocks.values()) if (plans[0]?.variant.model === model) count += plans.length;
    return count;
  }

  /** Takes trials in; gives the requests that are complete. */
  add(plans: readonly TrialPlan[]): readonly TrialPlan[] {
    const ready: TrialPlan[] = [];
    for (const plan of plans) {
      const { variant, position, repeat } = plan;
      const packed = this.#o.variants.get(variant.index);
      const before = this.#o.together(variant.index, position, repeat);
      if (
        packed === undefined ||
        plan.refused !== undefined ||
        (before === undefined && this.#leftOver(plan, packed.size))
      ) {
        ready.push(plan);
        continue;
      }
      const block = Math.floor(position / packed.size);
      const key = `${variant.index}:${block}:${repeat}:${before?.join("+") ?? ""}`;
      const held = this.#blocks.get(key) ?? [];
      held.push(plan);
      this.#blocks.set(key, held);
      const missing = (at: number) => !this.#o.known(variant.index, at, repeat);
      const size =
        before === undefined
          ? Math.min(packed.size, this.#o.rows - block * packed.size)
          : before.filter(missing).length;
      if (held.length === size) ready.push(...this.#close(key));
    }
    return ready;
  }

  /** Gives up waiting: a model's open blocks as they are. */
  flush(model: string): readonly TrialPlan[] {
    const keys = [...this.#blocks].flatMap(([key, plans]) => (plans[0]?.variant.model === model ? [key] : []));
    return keys.flatMap((key) => this.#close(key));
  }

  /** Forgets what matches and still waits. */
  withdraw(matches: (plan: TrialPlan) => boolean): readonly TrialPlan[] {
    const gone: TrialPlan[] = [];
    for (const [key, plans] of this.#blocks) {
      if (!plans.some(matches)) continue;
      gone.push(...plans.filter(matches));
      const left = plans.filter((plan) => !matches(plan));
      if (left.length === 0) this.#blocks.delete(key);
      else this.#blocks.set(key, left);
    }
    return gone;
  }

  #close(key: string): readonly TrialPlan[] {
    const plans = this.#blocks.get(key) ?? [];
    this.#blocks.delete(key);
    const [first] = plans;
    const packed = this.#o.variants.get(first?.variant.index ?? -1);
    if (first === undefined || packed === undefined) throw new Error(`block ${key} belongs to no packed variant`);
    const before = this.#o.together(first.variant.index, first.position, first.repeat);
    const here = new Set(plans.map(({ position }) => position));
    const bystanders = (before ?? [])
      .filter((at) => !here.has(at))
      .map((at): TrialPlan => ({ ...this.#o.plan(first, at, first.repeat), bystander: true }));
    // Repeats and races may bring them in another order; the prompt must not depend on it.
    const members = [...plans, ...bystanders].sort((a, b) => a.position - b.position);
    return resumedPlans(packed, members, this.#o.isAnswered).plans;
  }

  #leftOver({ variant, position, repeat }: TrialPlan, size: number): boolean {
    const start = position - (position % size);
    for (let at = start; at < Math.min(start + size, this.#o.rows); at++)
      if (this.#o.known(variant.index, at, repeat)) return true;
    return false;
  }
}
