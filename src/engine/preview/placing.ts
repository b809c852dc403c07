import type { Arrangement } from "../layout/layout.ts";
import { type PromptSource, partsOf } from "../layout/parts.ts";
import { compileTemplate } from "../layout/template.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { Placing } from "../spec/declareLayout.ts";
import type { PartName } from "../spec/experiment.ts";

/** What a declared layout would have to say to come out as this one does, parts that the experiment lacks left out. */
export function placingOf(arrangement: Arrangement, source: PromptSource, prompt: Prompt): Placing {
  const { texts, demonstrations } = partsOf(source);
  const seen = new Set(prompt.messages.flatMap(({ pieces }) => pieces.map(({ part }) => part)));
  const isThere = (part: PartName) =>
    seen.has(part) || (part !== "examples" && part !== "output" && texts[part] !== undefined);
  const varies = (part: PartName) =>
    part === "examples"
      ? demonstrations?.kind === "pool" && demonstrations.select === "nearest"
      : part !== "output" && compileTemplate(texts[part] ?? "").columns.length > 0;
  const placed = (parts: readonly PartName[]) => {
    const own = parts.filter(isThere);
    return arrangement.fixedFirst ? [...own.filter((part) => !varies(part)), ...own.filter(varies)] : own;
  };
  const { style, examplesAs, repeat } = arrangement;
  return {
    system: placed(arrangement.system),
    user: placed(arrangement.user),
    style: style === "markdown" ? undefined : style,
    examplesAs,
    repeat,
  };
}
