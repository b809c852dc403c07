import type { Example } from "../dataset/example.ts";
import type { Piece, Prompt, PromptMessage } from "../prompt/prompt.ts";
import type { PartName, Style } from "../spec/experiment.ts";
import { type Block, type Cut, type Rendered, rendered } from "./block.ts";
import { examplesRenderer } from "./examples.ts";
import { frameOf } from "./frames.ts";
import type { Arrangement, CompiledLayout } from "./layout.ts";
import { outputText } from "./output.ts";
import type { ExperimentParts, TextPartName } from "./parts.ts";
import { compileTemplate, trimBlock } from "./template.ts";

/** A compiled layout that can also leave things out, which is how trimmed prompts stay well formed. */
export interface RenderedLayout extends CompiledLayout {
  /** Demonstrations in an uncut prompt; one text that the author wrote counts as one. */
  readonly demonstrations: number;
  /** A cut takes the first demonstrations away rather than the last. */
  readonly leastUsefulFirst: boolean;
  /** What this example gets, where the layout is chosen by example. */
  layoutFor?(example: Example): RenderedLayout;
  /** The context's own text, without its delimiters; empty when there is none. */
  contextOf(example: Example): string;
  assemble(example: Example, cut?: Cut): Prompt;
}

/**
 * Joins an arrangement with an experiment's parts. Fixed parts are rendered here, once; `assemble` only fills in what varies.
 * Blocks that an example leaves blank are dropped, except for the segment.
 */
export function compileLayout(arrangement: Arrangement, parts: ExperimentParts): RenderedLayout {
  const { style } = arrangement;
  const placed = [...arrangement.system, ...arrangement.user];
  const examples = placed.includes("examples") ? examplesRenderer(parts, style) : undefined;
  const asTurns = arrangement.examplesAs === "turns" && examples?.turns !== undefined;
  const blocks = new Map<PartName, Block>();
  for (const part of new Set(placed)) {
    const block = part === "examples" ? (asTurns ? undefined : examples?.block) : partBlock(part, parts, style);
    if (block !== undefined) blocks.set(part, block);
  }
  const blocksOf = (names: readonly PartName[]): Block[] => {
    const all = names.flatMap((part) => blocks.get(part) ?? []);
    if (!arrangement.fixedFirst) return all;
    return [...all.filter((block) => block.fixed), ...all.filter((block) => !block.fixed)];
  };
  const system = messageMaker("system", blocksOf(arrangement.system));
  const userBlocks = blocksOf(arrangement.user);
  const user = messageMaker("user", Array.from({ length: arrangement.repeat }, () => userBlocks).flat());
  const turns = asTurns ? examples.turns : undefined;
  const context = compileTemplate(parts.texts.context ?? "");
  return {
    arrangement,
    demonstrations: examples?.count ?? 0,
    leastUsefulFirst: examples?.leastUsefulFirst ?? false,
    contextOf: (example) => (blocks.has("context") ? trimBlock(context.fill(example.fields)) : ""),
    assemble(example, cut = uncut) {
      const messages: PromptMessage[] = [];
      const first = system(example, cut);
      if (first !== undefined) messages.push(first);
      if (turns !== undefined) for (const turn of turns(example, cut)) messages.push(turn);
      const last = user(example, cut);
      if (last !== undefined) messages.push(last);
      return { messages };
    },
  };
}

const uncut: Cut = {};

function partBlock(part: PartName, parts: ExperimentParts, style: Style): Block | undefined {
  const source = partText(part, parts);
  if (source === undefined) return undefined;
  const frame = frameOf(part, style);
  const template = compileTemplate(source);
  const whole = (text: string) => frame.open + text + frame.close;
  const isFixed = template.columns.length === 0;
  const fixed = isFixed ? rendered(part, whole(trimBlock(template.fill({}))), true) : undefined;
  const canCut = part === "context";
  const alwaysStands = part === "segment";
  return {
    part,
    fixed,
    render(example, cut) {
      const replaced = canCut ? cut.context : undefined;
      if (fixed !== undefined && replaced === undefined) return fixed;
      const text = trimBlock(replaced ?? template.fill(example.fields));
      if (text === "" && !alwaysStands) return undefined;
      return rendered(part, whole(frame.escape(text)), false);
    },
  };
}

function partText(part: PartName, parts: ExperimentParts): string | undefined {
  const own = part === "output" ? outputText(parts.output, parts.labels) : parts.texts[part as TextPartName];
  if (own !== undefined && own.trim() !== "") return own;
  if (part !== "quickCheck") return undefined;
  // The decision is restated in the words at hand: the question's, or failing that the output format's.
  return partText("question", parts) ?? partText("output", parts);
}

/** A message in which everything is fixed is one shared object. */
function messageMaker(
  role: PromptMessage["role"],
  blocks: readonly Block[],
): (example: Example, cut: Cut) => PromptMessage | undefined {
  if (blocks.length === 0) return () => undefined;
  const fixed = blocks.flatMap((block) => block.fixed ?? []);
  const shared = fixed.length === blocks.length ? joined(role, fixed) : undefined;
  return (example, cut) => {
    const standing: Rendered[] = [];
    let asShared = shared !== undefined;
    for (const block of blocks) {
      const one = block.render(example, cut);
      if (one !== block.fixed) asShared = false;
      if (one !== undefined) standing.push(one);
    }
    if (asShared) return shared;
    return standing.length === 0 ? undefined : joined(role, standing);
  };
}

function joined(role: PromptMessage["role"], blocks: readonly Rendered[]): PromptMessage {
  const pieces: Piece[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i] as Rendered;
    for (const piece of i === blocks.length - 1 ? block.final : block.inner) pieces.push(piece);
  }
  return { role, pieces };
}
