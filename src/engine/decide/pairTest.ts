import { seededRandom } from "../../base/random.ts";
import { bootstrapMean } from "../stats/bootstrap.ts";
import { mcnemarMidP } from "../stats/mcnemar.ts";
import { bonettPrice } from "../stats/pairedDifference.ts";
import type { PairedCounts } from "./paired.ts";
import type { Interval } from "./sampler.ts";

export interface PairTest {
  readonly method: "mcnemarMidP" | "pairedBootstrap";
  /** Two-sided, for one look at a sample size fixed beforehand. */
  readonly pValue: number;
  readonly interval: Interval;
}

/** Tests a paired difference once: McNemar mid-p with Bonett-Price for right and wrong, paired bootstrap for other scores. */
export function testPair(pair: PairedCounts, alpha: number, seed: number | string): PairTest {
  if (pair.rows === 0) return { method: "mcnemarMidP", pValue: 1, interval: [-1, 1] };
  if (pair.whole) {
    return {
      method: "mcnemarMidP",
      pValue: mcnemarMidP(pair.wins, pair.losses),
      interval: bonettPrice(pair.wins, pair.losses, pair.rows, alpha),
    };
  }
  const { p, lo, hi } = bootstrapMean(pair.differences, { alpha, random: seededRandom("bootstrap", seed) });
  return { method: "pairedBootstrap", pValue: p, interval: [lo, hi] };
}
