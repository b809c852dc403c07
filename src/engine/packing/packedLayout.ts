import type { Example } from "../dataset/example.ts";
import { type LayoutSource, withParameters } from "../layout/compile.ts";
import type { Arrangement } from "../layout/layout.ts";
import { type ExperimentParts, partsOf, type TextPartName } from "../layout/parts.ts";
import { compileLayout } from "../layout/render.ts";
import { resolveLayout } from "../layout/resolve.ts";
import { compileTemplate, trimBlock } from "../layout/template.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { FixedLayoutSpec, Scalar, Style } from "../spec/experiment.ts";
import { packedOutputText } from "./packedOutput.ts";

/** A layout whose prompts hold several segments, numbered from 1. */
export interface PackedLayout {
  assemble(examples: readonly Example[]): Prompt;
}

/** The made-up column that the numbered segments fill. */
const segmentsColumn = "segments";

/**
 * A layout for several segments a prompt. What is the same for every example stands where the layout puts it, once; what
 * varies (the segment, and any context or question with columns) stands under its number where the segment would.
 * Demonstrations cannot be nearest to several texts at once, so the first ones stand in for them.
 */
export function packedLayout(
  source: LayoutSource,
  spec: FixedLayoutSpec,
  parameters: Readonly<Record<string, Scalar>>,
): PackedLayout {
  const declared = source.experiment.layouts.filter((each) => each.kind === "declared");
  const resolved = resolveLayout(spec, declared);
  if (resolved.kind === "problem") throw new Error(resolved.message);
  const { arrangement, parts } = withParameters(resolved.arrangement, partsOf(source), parameters);
  const layout = compileLayout(arrangement, packedParts(parts));
  const itemOf = itemText(arrangement, parts);
  const frame = itemFrame(arrangement.style);
  return {
    assemble(examples) {
      const text = examples.map((example, i) => frame(i + 1, itemOf(example))).join("\n\n");
      const [first] = examples;
      if (first === undefined) throw new Error("a pack without examples");
      return layout.assemble({ ...first, fields: { [segmentsColumn]: text }, expected: undefined });
    },
  };
}

function isVarying(text: string): boolean {
  return compileTemplate(text).columns.length > 0;
}

function packedParts(parts: ExperimentParts): ExperimentParts {
  const texts: Partial<Record<TextPartName, string>> = {};
  for (const [name, text] of Object.entries(parts.texts) as [TextPartName, string][])
    if (!isVarying(text)) texts[name] = text;
  const segment = compileTemplate(parts.texts.segment ?? "");
  const source = parts.demonstrations;
  return {
    ...parts,
    texts: { ...texts, segment: `{{${segmentsColumn}}}` },
    demonstrations:
      source?.kind !== "pool"
        ? source
        : {
            ...source,
            select: source.select === "nearest" ? "first" : source.select,
            // In the words in which the text itself would be shown.
            pool: source.pool.map((each) =>
              segment.columns.length === 1 ? { ...each, input: trimBlock(segment.fillAll(each.input)) } : each,
            ),
          },
    output: { ...parts.output, text: packedOutputText(parts.output, parts.labels) },
  };
}

/** What varies from example to example, in the layout's order, each part once. */
function itemText({ system, user }: Arrangement, { texts }: ExperimentParts): (example: Example) => string {
  const names = [...new Set([...system, ...user])].filter((name) => name !== "examples" && name !== "output");
  const varying = names.flatMap((name) => {
    const text = texts[name];
    return text !== undefined && (name === "segment" || (isVarying(text) && name !== "quickCheck"))
      ? [compileTemplate(text)]
      : [];
  });
  return (example) =>
    varying
      .map((template) => trimBlock(template.fill(example.fields)))
      .filter((text) => text !== "")
      .join("\n");
}

function itemFrame(style: Style): (id: number, text: string) => string {
  if (style !== "xml") return (id, text) => `[${id}] ${text}`;
  return (id, text) => `<item id="${id}">\n${text.replace(/<(\/\s*item\s*>)/gi, "&lt;$1")}\n</item>`;
}
