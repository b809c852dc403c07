import type { Example } from "../dataset/example.ts";
import type { Piece, PromptMessage } from "../prompt/prompt.ts";
import type { Demonstration, Style } from "../spec/experiment.ts";
import { type Block, type Cut, type Rendered, rendered } from "./block.ts";
import { chooseDemonstrations, ordered } from "./demonstrations.ts";
import { blockSeparator, demonstrationFrame, frameOf } from "./frames.ts";
import type { ExperimentParts } from "./parts.ts";
import { compileTemplate, type Template, trimBlock } from "./template.ts";

/** The examples part, ready to stand as text or, unless its author wrote it as one text, as turns. */
export interface ExamplesRenderer {
  readonly count: number;
  readonly leastUsefulFirst: boolean;
  readonly block: Block;
  readonly turns: ((example: Example, cut: Cut) => readonly PromptMessage[]) | undefined;
}

export function examplesRenderer(parts: ExperimentParts, style: Style): ExamplesRenderer | undefined {
  const source = parts.demonstrations;
  if (source === undefined) return undefined;
  if (source.kind === "text") return writtenExamples(source.text, style);
  if (source.pool.length === 0 || source.count <= 0) return undefined;

  const segment = compileTemplate(parts.texts.segment ?? "");
  const choice = ordered(
    chooseDemonstrations(source.pool, source.count, source.select, parts.seed),
    source.order ?? "asWritten",
    parts.seed,
  );
  const chosenFor = (example: Example, cut: Cut) => {
    const text = trimBlock(segment.fill(example.fields));
    return choice.forRow([text, ...columnTexts(segment, example)], text, cut.demonstrations);
  };
  const asText = (chosen: readonly Demonstration[], fixed: boolean) => textPieces(chosen, segment, style, fixed);
  const asTurns = (chosen: readonly Demonstration[], fixed: boolean) => turnMessages(chosen, segment, style, fixed);
  const fixedText = choice.fixed && asText(choice.fixed, true);
  const fixedTurns = choice.fixed && asTurns(choice.fixed, true);
  return {
    count: choice.count,
    leastUsefulFirst: (choice.fixed === undefined) !== (source.order === "reversed"),
    block: {
      part: "examples",
      fixed: fixedText,
      render(example, cut) {
        const chosen = chosenFor(example, cut);
        if (chosen === choice.fixed) return fixedText;
        return chosen.length === 0 ? undefined : asText(chosen, false);
      },
    },
    turns(example, cut) {
      const chosen = chosenFor(example, cut);
      return chosen === choice.fixed && fixedTurns !== undefined ? fixedTurns : asTurns(chosen, false);
    },
  };
}

/** Examples that the author wrote as one text: they stay together and go together. */
function writtenExamples(text: string, style: Style): ExamplesRenderer | undefined {
  if (text.trim() === "") return undefined;
  const frame = frameOf("examples", style);
  const template = compileTemplate(text);
  const whole = (fields: Example["fields"]) => frame.open + trimBlock(template.fill(fields)) + frame.close;
  const fixed = template.columns.length === 0 ? rendered("examples", whole({}), true) : undefined;
  return {
    count: 1,
    leastUsefulFirst: false,
    turns: undefined,
    block: {
      part: "examples",
      fixed,
      render(example, cut) {
        if ((cut.demonstrations ?? 1) < 1) return undefined;
        return fixed ?? rendered("examples", whole(example.fields), false);
      },
    },
  };
}

/** A demonstration's input as the segment would show it. */
function shownInput(segment: Template, input: string): string {
  return trimBlock(segment.columns.length === 1 ? segment.fillAll(input) : input);
}

function columnTexts(segment: Template, example: Example): string[] {
  return segment.columns.map((column) => String(example.fields[column] ?? ""));
}

function textPieces(chosen: readonly Demonstration[], segment: Template, style: Style, fixed: boolean): Rendered {
  const frame = demonstrationFrame(style);
  const pieces: Piece[] = [{ text: frame.open, part: "examples", fixed }];
  chosen.forEach((each, item) => {
    const after = item < chosen.length - 1 ? frame.between : frame.last;
    const text = frame.one(item, shownInput(segment, each.input), each.output) + after;
    pieces.push({ text, part: "examples", fixed, item });
  });
  if (frame.close !== "") pieces.push({ text: frame.close, part: "examples", fixed });
  const end = pieces[pieces.length - 1] as Piece;
  return { inner: [...pieces.slice(0, -1), { ...end, text: end.text + blockSeparator }], final: pieces };
}

/** A user message rendered as the segment is and an assistant's answer for each. */
function turnMessages(
  chosen: readonly Demonstration[],
  segment: Template,
  style: Style,
  fixed: boolean,
): readonly PromptMessage[] {
  const frame = frameOf("segment", style);
  return chosen.flatMap((each, item): PromptMessage[] => {
    const input = frame.open + frame.escape(shownInput(segment, each.input)) + frame.close;
    return [
      { role: "user", pieces: [{ text: input, part: "examples", fixed, item }] },
      { role: "assistant", pieces: [{ text: each.output, part: "examples", fixed, item }] },
    ];
  });
}
