import type { TrialColumns } from "./store.ts";

/** Columns for so many trials of which nothing is known yet: numbers are NaN, answers -1. */
export function emptyColumns(count: number) {
  const numbers = () => new Float64Array(count).fill(Number.NaN);
  return {
    count,
    variant: new Uint32Array(count),
    position: new Uint32Array(count),
    repeat: new Uint32Array(count),
    state: new Uint8Array(count),
    score: numbers(),
    confidence: numbers(),
    called: new Uint8Array(count),
    promptTokens: numbers(),
    completionTokens: numbers(),
    latencyMs: numbers(),
    cost: numbers(),
    prediction: new Int32Array(count).fill(-1),
    expected: new Int32Array(count).fill(-1),
  } satisfies Omit<TrialColumns, "answers" | "examples">;
}
