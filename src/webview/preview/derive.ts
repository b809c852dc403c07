import type { PreviewModel } from "../../engine/preview/preview.ts";
import type { PartName } from "../../engine/spec/experiment.ts";

/** The part written at a line of the file, else the nearest one above it. */
export function partAtLine(places: PreviewModel["places"], line: number): PartName | undefined {
  let best: { readonly part: PartName; readonly start: number } | undefined;
  for (const [part, range] of Object.entries(places) as [PartName, NonNullable<PreviewModel["places"][PartName]>][]) {
    const { line: start } = range.start;
    if (start <= line && (best === undefined || start >= best.start)) best = { part, start };
  }
  // Above the first part stands what is no part at all.
  return best?.part;
}

/** The prompt as sent, each message under its role. */
export function promptText(preview: Pick<PreviewModel, "messages" | "sent">): string {
  const messages =
    preview.sent ??
    preview.messages.map(({ role, pieces }) => ({ role, content: pieces.map((piece) => piece.text).join("") }));
  return messages.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
}
