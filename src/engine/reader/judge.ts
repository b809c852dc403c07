import { seededRandom } from "../../base/random.ts";
import type { Gaze } from "./attention.ts";
import { clausesOf } from "./clauses.ts";
import type { Evidence } from "./evidence.ts";
import { eachFeature } from "./features.ts";
import type { Block, Outline, Segment } from "./outline.ts";
import type { Attention, Candidate } from "./reading.ts";

/** Attention at which every word is noticed. */
const mostNeeded = 0.8;
/** How far a word that was skimmed over still counts. */
const skimmed = 0.1;
/** Above 1, one telling clause outweighs several vague ones. */
const pooling = 1.2;
/** Favour that a demonstration near the end lends its label (Zhao et al. 2021 call it recency bias). */
const recencyBias = 1;
/** Turns scores into probabilities; set so that confidence and accuracy roughly agree on the example data. */
const sharpness = 1.2;

/**
 * How present the task is to the reader, in [0, 1]: the parts that say what to do, each as far as attention reaches it. What to
 * do must be held in mind while reading, so it fades with the square of attention; saying it twice helps.
 */
export function focusOf(outline: Outline, gaze: Gaze): number {
  const strength: Partial<Record<Block["kind"], number>> = {
    question: 0.35,
    check: 0.6,
    instructions: 0.4,
    output: 0.45,
    role: 0.1,
  };
  let missed = 1;
  for (const block of outline.blocks) {
    const k = strength[block.kind];
    if (k !== undefined) missed *= 1 - k * gaze.over(block.start, block.end, false) ** 2;
  }
  return 1 - missed;
}

export interface Judging {
  readonly evidence: Evidence;
  readonly gaze: Gaze;
  /** How present the task is, from `focusOf`. */
  readonly focus: number;
  readonly attention: Attention;
  /** Temperature. */
  readonly noise: number;
  /** Decides the noise. */
  readonly key: string;
}

/** Probabilities of the labels for one segment, best first. */
export function judge(segment: Segment, { evidence, gaze, focus, attention, noise, key }: Judging): Candidate[] {
  const { labels, postings, places } = evidence;
  const seen = places.map((place) => (place === undefined ? 1 : gaze.over(place.start, place.end, place.system)));
  const scores = labels.map(() => 0);
  const reading = 1 - gaze.dilution * attention.focus * (1 - focus);
  let word = 0;
  for (const { from, to, salience } of clausesOf(segment.text)) {
    const read = new Map<string, number>();
    let last = -1;
    let noticed = 0;
    eachFeature(segment.text, from, to, (feature, strength, index, at) => {
      if (index !== last) {
        last = index;
        noticed = attentionTo(segment, at, gaze) * reading >= threshold(feature, word + index) ? 1 : skimmed;
      }
      if (strength * noticed > (read.get(feature) ?? 0)) read.set(feature, strength * noticed);
    });
    word += last + 1;
    const said = labels.map(() => 0);
    for (const [feature, strength] of read) {
      for (const { label, source, weight } of postings.get(feature) ?? []) {
        said[label] = (said[label] ?? 0) + strength * weight * (seen[source] ?? 1);
      }
    }
    const weight = salience ** (attention.salience * focus);
    for (const [i, one] of said.entries()) scores[i] = (scores[i] ?? 0) + (weight * one) ** pooling;
  }
  for (const { label, place } of evidence.shown) {
    const near = gaze.over(place.start, place.end, place.system);
    scores[label] = (scores[label] ?? 0) + (recencyBias * (1 - focus) * near * near) / evidence.shown.length;
  }
  if (noise > 0) addNoise(scores, noise, key);
  return ranked(labels, scores);
}

function attentionTo(segment: Segment, at: number, gaze: Gaze): number {
  let missed = 1;
  for (const copy of segment.copies) missed *= 1 - gaze.at(copy.start + at, copy.system);
  return 1 - missed;
}

/** Gumbel noise: taking the maximum then samples from the softmax at this temperature. */
function addNoise(scores: number[], noise: number, key: string): void {
  const random = seededRandom("reader", key);
  for (const [i, score] of scores.entries()) {
    scores[i] = score - (noise * Math.log(-Math.log(Math.max(1e-12, random())))) / (2 * sharpness);
  }
}

function ranked(labels: readonly string[], scores: readonly number[]): Candidate[] {
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(sharpness * (score - top)));
  const total = odds.reduce((sum, one) => sum + one, 0);
  return labels
    .map((label, i) => ({ label, probability: Math.max(Number.MIN_VALUE, (odds[i] ?? 0) / total) }))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Attention a word needs to be noticed: uniform in [0, `mostNeeded`), from the word and its place in the segment and not from the layout,
 * so that more attention reads a superset of the words (FNV-1a with a final mix).
 */
function threshold(stem: string, index: number): number {
  let h = 2166136261 ^ index;
  for (let i = 0; i < stem.length; i++) h = Math.imul(h ^ stem.charCodeAt(i), 16777619);
  h = Math.imul(h ^ (h >>> 15), 2246822507);
  h = Math.imul(h ^ (h >>> 13), 3266489909);
  return (mostNeeded * ((h ^ (h >>> 16)) >>> 0)) / 4294967296;
}
