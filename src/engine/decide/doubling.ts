import { normalQuantile } from "../stats/normal.ts";
import { FixedSampler } from "./full.ts";

/**
 * The simple rule: look at 50 rows, then at twice as many each time up to 500, until the interval of every accuracy is
 * narrower than 1 - confidence. The interval is Wald's, as the rule has it, so that a variant with everything right is
 * "certain" after 50 rows. Looking again and again is not corrected for: the verdict has no error rate, and says so.
 */
export class DoublingSampler extends FixedSampler {
  protected override isLook(watermark: number): boolean {
    return this.#looks().includes(watermark);
  }

  protected override horizon(): number {
    return this.#looks().find((n) => n > this.watermark) ?? this.#last();
  }

  protected override look(): boolean {
    const widths = this.active.map((v) => this.#width(v));
    const widest = Math.max(...widths);
    const goal = 1 - this.settings.confidence;
    const narrow = widest < goal;
    this.note("looked", null, this.#sentence(widest, goal), { means: this.means() });
    return narrow || this.watermark >= this.#last();
  }

  protected override caveat(): string {
    return "The doubling rule looks several times without correction, so this verdict has no error rate.";
  }

  #width(variant: number): number {
    const p = this.mean(variant);
    const n = Math.max(1, this.trials[variant] as number);
    return 2 * normalQuantile(1 - this.settings.alpha / 2) * Math.sqrt((p * (1 - p)) / n);
  }

  #sentence(widest: number, goal: number): string {
    const state = widest < goal ? "narrower" : "not narrower";
    return `Look at ${this.watermark} rows: the widest interval is ${widest.toFixed(3)}, ${state} than ${goal.toFixed(3)}.`;
  }

  #last(): number {
    return Math.min(this.settings.rows, this.settings.max);
  }

  #looks(): number[] {
    const out: number[] = [];
    for (let n = this.settings.initial; n < this.#last(); n *= 2) out.push(n);
    out.push(this.#last());
    return out;
  }
}
