import type { Attention } from "./reading.ts";

/** The attention of `reader`. */
const standard: Attention = {
  floor: 0.22,
  primacy: 0.25,
  primacyWidth: 0.12,
  recency: 0.8,
  recencyWidth: 0.28,
  system: 1.5,
  turn: 0.15,
  focus: 0.7,
  salience: 1.1,
};

/** The reader's models: one way of reading, three spans of attention. */
export const readerModels: Readonly<Record<string, Attention>> = {
  reader: standard,
  "reader-attentive": { ...standard, floor: 0.55, primacy: 0.15, recency: 0.4, system: 1.1, turn: 0.05, focus: 0.35 },
  "reader-forgetful": { ...standard, floor: 0.12, primacyWidth: 0.08, recencyWidth: 0.16, focus: 0.85 },
};

export const defaultAttention: Attention = standard;

/** Attention over one prompt, by character offset. Values lie in (0, 1]. */
export interface Gaze {
  at(offset: number, system: boolean): number;
  /** In (0, 1): near 0 for a prompt of a line, near 1 for one of pages. Short prompts are read whole. */
  readonly dilution: number;
  /** Mean over a stretch, by Simpson's rule. */
  over(from: number, to: number, system: boolean): number;
}

const charactersToDilute = 1_200;

export function gazeOver(attention: Attention, length: number, turnStart: number): Gaze {
  const { floor, primacy, primacyWidth, recency, recencyWidth } = attention;
  const dilution = 1 - Math.exp(-length / charactersToDilute);
  const at = (offset: number, system: boolean): number => {
    const x = offset / length;
    let value = floor + primacy * Math.exp(-x / primacyWidth) + recency * Math.exp((x - 1) / recencyWidth);
    if (system) value *= attention.system;
    else if (offset >= turnStart) value += attention.turn * 2 ** ((turnStart - offset) / 200);
    return 1 - dilution * (1 - Math.min(1, value));
  };
  return {
    at,
    dilution,
    over: (from, to, system) => (at(from, system) + 4 * at((from + to) / 2, system) + at(to, system)) / 6,
  };
}
