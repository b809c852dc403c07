import type { PartName, Style } from "../spec/experiment.ts";

/** What stands between two blocks. It ends the former, so that token counts of pieces add up to that of the whole. */
export const blockSeparator = "\n\n";

/** Heading of each part; the role needs none, it speaks for itself at the head of a prompt. */
const headings: Readonly<Record<Exclude<PartName, "role">, string>> = {
  instructions: "Instructions",
  definitions: "Definitions",
  examples: "Examples",
  context: "Context",
  segment: "Text",
  question: "Question",
  quickCheck: "Quick check",
  output: "Output format",
};

const tags: Readonly<Record<Exclude<PartName, "role">, string>> = {
  instructions: "instructions",
  definitions: "definitions",
  examples: "examples",
  context: "context",
  segment: "text",
  question: "question",
  quickCheck: "quick_check",
  output: "output_format",
};

/** Text before and after a part's own text. */
export interface Frame {
  readonly open: string;
  readonly close: string;
  /** Makes a row's text safe to stand between the two. */
  escape(text: string): string;
}

const asIs = (text: string) => text;

/** The delimiters of a part in a style. */
export function frameOf(part: PartName, style: Style): Frame {
  if (part === "role") return { open: "", close: "", escape: asIs };
  switch (style) {
    case "plain":
      return { open: `${headings[part]}:\n`, close: "", escape: asIs };
    case "markdown":
      return { open: `## ${headings[part]}\n`, close: "", escape: asIs };
    case "xml":
      return { open: `<${tags[part]}>\n`, close: `\n</${tags[part]}>`, escape: escaperOf(tags[part]) };
  }
}

/** Delimiters of demonstrations that stand as text. */
export interface DemonstrationFrame {
  readonly open: string;
  readonly close: string;
  /** Ends a demonstration that another follows, and the last one. */
  readonly between: string;
  readonly last: string;
  one(index: number, input: string, output: string): string;
}

export function demonstrationFrame(style: Style): DemonstrationFrame {
  const { open, close } = frameOf("examples", style);
  switch (style) {
    case "plain":
      return {
        open: `${open}\n`,
        close,
        between: blockSeparator,
        last: "",
        one: (_, input, output) => pair(input, output),
      };
    case "markdown":
      return {
        open: `${open}\n`,
        close,
        between: blockSeparator,
        last: "",
        one: (index, input, output) => `### Example ${index + 1}\n${pair(input, output)}`,
      };
    case "xml": {
      const safe = escaperOf("text", "answer", "example", "examples");
      return {
        open,
        close: close.trimStart(),
        between: "\n",
        last: "\n",
        one: (_, input, output) =>
          `<example>\n<text>${safe(input)}</text>\n<answer>${safe(output)}</answer>\n</example>`,
      };
    }
  }
}

function pair(input: string, output: string): string {
  return `Text: ${input}\nAnswer: ${output}`;
}

/** Only a closing tag of ours could break out of its element; everything else stays as the row has it. */
function escaperOf(...names: readonly string[]): (text: string) => string {
  const closing = new RegExp(`<(/\\s*(?:${names.join("|")})\\s*>)`, "gi");
  return (text) => (text.includes("</") ? text.replace(closing, "&lt;$1") : text);
}
