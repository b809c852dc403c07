import { openSampler } from "../../src/engine/decide/open.ts";
import type { SamplerOptions } from "../../src/engine/decide/options.ts";
import type { Sampler } from "../../src/engine/decide/sampler.ts";
import type { Pick } from "./baselines.ts";
import type { Matrix } from "./matrices.ts";

/** Drives a product sampler over a matrix, row by row, without looking ahead. */
export function drive(
  matrix: Matrix,
  order: readonly number[],
  options: Omit<SamplerOptions, "candidates" | "rows">,
): Sampler {
  const sampler = openSampler({ ...options, rows: matrix.size, candidates: matrix.columns.map((id) => ({ id })) });
  for (let asks = sampler.ask(64); asks.length > 0; asks = sampler.ask(64)) {
    for (const { row, variant } of asks) {
      sampler.tell(row, variant, (matrix.scores[variant] as Float64Array)[order[row] as number] as number);
    }
  }
  return sampler;
}

export function pickOf(sampler: Sampler): Pick {
  const { winner } = sampler.verdict();
  const states = sampler.variants();
  return {
    winner: states.findIndex((s) => s.id === winner),
    calls: states.reduce((sum, s) => sum + s.trials, 0),
  };
}
