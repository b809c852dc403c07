import type { Condition } from "../spec/experiment.ts";
import type { SegmentFeatures } from "./features.ts";

/** The first rule whose conditions all hold; rules without conditions always do. */
export function firstMatch<T extends { readonly when: readonly Condition[] }>(
  rules: readonly T[],
  features: SegmentFeatures,
): T | undefined {
  return rules.find(({ when }) => when.every((condition) => holds(condition, features)));
}

export function holds(condition: Condition, features: SegmentFeatures): boolean {
  switch (condition.feature) {
    case "numbers":
    case "code":
      return features[condition.feature] === condition.is;
    case "language":
      return features.language === condition.is;
    default: {
      const value = features[condition.feature];
      switch (condition.op) {
        case ">=":
          return value >= condition.value;
        case ">":
          return value > condition.value;
        case "<=":
          return value <= condition.value;
        case "<":
          return value < condition.value;
        case "==":
          return value === condition.value;
      }
    }
  }
}

/** "words > 40 and numbers"; "otherwise" without conditions. */
export function conditionsText(when: readonly Condition[]): string {
  if (when.length === 0) return "otherwise";
  return when
    .map((condition) => {
      if (condition.feature === "language") return `language ${condition.is}`;
      if ("is" in condition) return condition.is ? condition.feature : `no ${condition.feature}`;
      return `${condition.feature} ${condition.op} ${condition.value}`;
    })
    .join(" and ");
}
