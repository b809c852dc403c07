import type { Example } from "../dataset/example.ts";
import type { Condition } from "../spec/experiment.ts";
import { segmentFeatures } from "./features.ts";
import type { RenderedLayout } from "./render.ts";
import { conditionsText, firstMatch } from "./rules.ts";
import { compileTemplate } from "./template.ts";

/** A rule whose layout has been compiled. */
export interface CompiledRule {
  readonly when: readonly Condition[];
  readonly layout: RenderedLayout;
}

/** A layout that is chosen for each example by its segment's features. The last rule has no condition, so one always fits. */
export function dynamicLayout(name: string, rules: readonly CompiledRule[], segment: string): RenderedLayout {
  const fallback = rules.at(-1);
  if (fallback === undefined) throw new Error(`the dynamic layout ${name} has no rule`);
  const template = compileTemplate(segment);
  const named = rules.map(({ when, layout }) => ({
    when,
    layout: {
      ...layout,
      arrangement: {
        ...layout.arrangement,
        name,
        description: `${layout.arrangement.name} for this text (${conditionsText(when)}).`,
      },
    },
  }));
  const layoutFor = (example: Example): RenderedLayout =>
    (firstMatch(named, segmentFeatures(template.fill(example.fields))) ?? fallback).layout;
  return {
    ...fallback.layout,
    arrangement: { ...fallback.layout.arrangement, name, description: "Chosen for each text by its features." },
    layoutFor,
    contextOf: (example) => layoutFor(example).contextOf(example),
    assemble: (example, cut) => layoutFor(example).assemble(example, cut),
  };
}
