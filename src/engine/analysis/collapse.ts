import { contentHash } from "../../base/hash.ts";
import type { Example } from "../dataset/example.ts";
import { listed } from "../decide/words.ts";
import type { RenderedLayout } from "../layout/render.ts";
import { modelParameters, type Variant } from "../plan/variants.ts";
import { foldSystem } from "../prompt/foldSystem.ts";
import { toMessages } from "../prompt/prompt.ts";

/** Variants of one model that ask it the very same thing; the first stands for all in claims over several models. */
export interface Collapse {
  readonly model: string;
  readonly variants: readonly string[];
}

/** Enough examples to tell layouts apart that are. */
const compared = 50;

/**
 * Which variants come out as the same prompts: because the model has no system role, so that where the system message ends is lost,
 * or because the experiment lacks the part that a layout would move.
 */
export function collapsedVariants(
  prompts: readonly { readonly variant: Variant; readonly layout: RenderedLayout }[],
  examples: readonly Example[],
  hasSystemRole: (model: string) => boolean,
): readonly Collapse[] {
  const groups = new Map<string, Variant[]>();
  for (const { variant, layout } of prompts) {
    const sent = examples.slice(0, compared).map((example) => {
      const messages = toMessages(layout.assemble(example));
      return hasSystemRole(variant.model) ? messages : foldSystem(messages);
    });
    const key = contentHash(JSON.stringify([variant.model, modelParameters(variant.parameters), sent]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [variant]);
    else group.push(variant);
  }
  return [...groups.values()].flatMap((variants) => {
    const [first] = variants;
    return first === undefined || variants.length < 2
      ? []
      : [{ model: first.model, variants: variants.map(({ id }) => id) }];
  });
}

/** One sentence a model and group, for a run's notes. */
export function collapseNotes(collapses: readonly Collapse[], hasSystemRole: (model: string) => boolean): string[] {
  return collapses.map(({ model, variants }) => {
    const names = variants.map((id) => id.replace(`/${model}`, ""));
    const why = hasSystemRole(model) ? "with these parts" : "as it has no system role";
    return `To ${model} ${listed(names)} are one and the same prompt, ${why}: only ${names[0]} counts in claims over several models.`;
  });
}
