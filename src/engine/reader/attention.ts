import type { Attention } from "./reading.ts";

/** The attention of `reader`. */
const standard: Attention = {
  floor: 0.3,
  primacy: 0.3,
  primacyWidth: 0.1,
  recency: 0.6,
  recencyWidth: 0.16,
  system: 1.3,
  turn: 0.15,
};

/** The reader's models: one way of reading, three spans of attention. */
export const readerModels: Readonly<Record<string, Attention>> = {
  reader: standard,
  "reader-attentive": {
    floor: 0.62,
    primacy: 0.15,
    primacyWidth: 0.15,
    recency: 0.25,
    recencyWidth: 0.2,
    system: 1.1,
    turn: 0.05,
  },
  "reader-forgetful": {
    floor: 0.16,
    primacy: 0.3,
    primacyWidth: 0.07,
    recency: 0.7,
    recencyWidth: 0.1,
    system: 1.3,
    turn: 0.2,
  },
};

export const defaultAttention: Attention = standard;

/** Attention over one prompt, by character offset. Values lie in (0, 1]. */
export interface Gaze {
  at(offset: number, system: boolean): number;
  /** Mean over a stretch, by Simpson's rule. */
  over(from: number, to: number, system: boolean): number;
}

export function gazeOver(attention: Attention, length: number, turnStart: number): Gaze {
  const { floor, primacy, primacyWidth, recency, recencyWidth } = attention;
  const at = (offset: number, system: boolean): number => {
    const x = offset / length;
    let value = floor + primacy * Math.exp(-x / primacyWidth) + recency * Math.exp((x - 1) / recencyWidth);
    if (system) value *= attention.system;
    else if (offset >= turnStart) value += attention.turn * 2 ** ((turnStart - offset) / 200);
    return Math.min(1, value);
  };
  return { at, over: (from, to, system) => (at(from, system) + 4 * at((from + to) / 2, system) + at(to, system)) / 6 };
}
