import type { Verdict } from "../../engine/decide/sampler.ts";
import { percent, points } from "./format.ts";

/** The chance of error a verdict is held to, and the difference that does not count. */
export function rateWords({
  guaranteed,
  confidence,
  equivalence,
}: Pick<Verdict, "guaranteed" | "confidence" | "equivalence">): string {
  const rate = guaranteed
    ? `chance of a wrong verdict at most ${percent(1 - confidence, 0)}`
    : "this mode gives no bound on the chance of a wrong verdict";
  return equivalence > 0 ? `${rate}; differences up to ${points(equivalence)} do not count` : rate;
}
