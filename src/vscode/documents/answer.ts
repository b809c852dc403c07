import { textField } from "../../base/untyped.ts";

/** A cached answer for reading: its text first, then everything that is stored about it. */
export function answerText(stored: string | undefined): string {
  if (stored === undefined) return "This answer is no longer in the cache.\n";
  const value = parsed(stored);
  const text = textField(value, "text");
  if (text === undefined) return `${stored}\n`;
  return `${text}\n\n---\n\n\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\`\n`;
}

/** The first line of a cached answer's text, for a label. */
export function answerLine(stored: string | undefined): string | undefined {
  const text = stored === undefined ? undefined : textField(parsed(stored), "text");
  return text
    ?.split("\n")
    .find((line) => line.trim() !== "")
    ?.trim()
    .slice(0, 80);
}

function parsed(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    return undefined;
  }
}
