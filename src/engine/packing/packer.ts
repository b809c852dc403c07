import type { TrialPlan } from "../runner/trialPlan.ts";
import { type PackedVariant, packedPlans } from "./packing.ts";

/** What a packer must know of the run. */
export interface PackerOptions {
  readonly variants: ReadonlyMap<number, PackedVariant>;
  /** Rows of the run. */
  readonly rows: number;
  /** Whether a trial was answered before the run was resumed. */
  readonly known: (variant: number, position: number, repeat: number) => boolean;
}

/**
 * Gathers trials into requests. Trials of a variant share a request when they stand in the same block of the stored order, so a
 * resumed run makes the same requests as one that was not interrupted. Where part of a block was answered before, the rest is what
 * that request left out, and is asked alone.
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
      const packed = this.#o.variants.get(plan.variant.index);
      if (packed === undefined || plan.refused !== undefined || this.#leftOver(plan, packed.size)) {
        ready.push(plan);
        continue;
      }
      const block = Math.floor(plan.position / packed.size);
      const key = `${plan.variant.index}:${block}:${plan.repeat}`;
      const held = this.#blocks.get(key) ?? [];
      held.push(plan);
      this.#blocks.set(key, held);
      if (held.length === Math.min(packed.size, this.#o.rows - block * packed.size)) ready.push(...this.#close(key));
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
    const packed = this.#o.variants.get(plans[0]?.variant.index ?? -1);
    if (packed === undefined) throw new Error(`block ${key} belongs to no packed variant`);
    // Repeats and races may bring them in another order; the prompt must not depend on it.
    return packedPlans(
      packed,
      plans.toSorted((a, b) => a.position - b.position),
    );
  }

  #leftOver({ variant, position, repeat }: TrialPlan, size: number): boolean {
    const start = position - (position % size);
    for (let at = start; at < Math.min(start + size, this.#o.rows); at++)
      if (this.#o.known(variant.index, at, repeat)) return true;
    return false;
  }
}
