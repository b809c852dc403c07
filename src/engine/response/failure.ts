import type { ParsedAnswer } from "./answer.ts";
import type { FailureClass, Outcome } from "./outcome.ts";

/**
 * The class a request's end falls into; undefined for a sound answer. `unavailable` may be asked again as it is, `invalid`
 * may be mended by one re-ask, `exception` helps neither.
 */
export function failureClassOf(outcome: Outcome, parsed: ParsedAnswer | undefined): FailureClass | undefined {
  switch (outcome.kind) {
    case "answered":
      return parsed?.kind === "invalid" ? "invalid" : undefined;
    case "rateLimited":
    case "unavailable":
      return "unavailable";
    case "filtered":
    case "tooLong":
    case "rejected":
    case "cancelled":
      return "exception";
  }
}
