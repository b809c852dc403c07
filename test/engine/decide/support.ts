import { type Random, randomInt, seededRandom } from "../../../src/base/random.ts";
import { openSampler } from "../../../src/engine/decide/open.ts";
import type { SamplerOptions } from "../../../src/engine/decide/options.ts";
import type { Ask, Sampler } from "../../../src/engine/decide/sampler.ts";

/** scores[row][variant]; NaN is a trial that cannot be had. */
export type Scores = readonly (readonly number[])[];

export function options(scores: Scores, more: Partial<SamplerOptions> = {}): SamplerOptions {
  const k = scores[0]?.length ?? 0;
  const candidates = Array.from({ length: k }, (_, v) => ({ id: String.fromCharCode(65 + v) }));
  return { candidates, rows: scores.length, ...more };
}

export function told(scores: Scores, ask: Ask): number | "void" {
  const score = scores[ask.row]?.[ask.variant] ?? Number.NaN;
  return Number.isNaN(score) ? "void" : score;
}

/** Runs to the end one ask at a time, in order. */
export function play(scores: Scores, more: Partial<SamplerOptions> = {}): Sampler {
  return finish(openSampler(options(scores, more)), scores);
}

export function finish(sampler: Sampler, scores: Scores): Sampler {
  for (let asks = sampler.ask(1); asks.length > 0; asks = sampler.ask(1)) {
    for (const ask of asks) sampler.tell(ask.row, ask.variant, told(scores, ask));
  }
  return sampler;
}

/** Runs with up to `width` trials in flight that come back in random order; returns what was told, in that order. */
export function playShuffled(
  sampler: Sampler,
  scores: Scores,
  width: number,
  random: Random,
  stopAfter = Number.POSITIVE_INFINITY,
): Ask[] {
  const flying: Ask[] = [];
  const done: Ask[] = [];
  for (;;) {
    flying.push(...sampler.ask(width - flying.length));
    if (flying.length === 0 || done.length >= stopAfter) return done;
    const [ask] = flying.splice(randomInt(random, flying.length), 1) as [Ask];
    sampler.tell(ask.row, ask.variant, told(scores, ask));
    done.push(ask);
  }
}

/** Rows with a shared difficulty, right with the given chances. */
export function bernoulli(accuracies: readonly number[], rows: number, seed: string): number[][] {
  const random = seededRandom("bernoulli", seed);
  return Array.from({ length: rows }, () => {
    const ease = random();
    return accuracies.map((p) => (0.5 * ease + 0.5 * random() < icdf(p) ? 1 : 0));
  });
}

/** Quantile of the mean of two uniform draws, so that the accuracies come out as asked. */
function icdf(p: number): number {
  return p <= 0.5 ? Math.sqrt(p / 2) : 1 - Math.sqrt((1 - p) / 2);
}

/** All that a finished or unfinished sampler shows. */
export function shown(sampler: Sampler) {
  return {
    verdict: sampler.verdict(),
    variants: sampler.variants(),
    decisions: sampler.decisions(),
    watermark: sampler.watermark,
    finished: sampler.finished,
  };
}
