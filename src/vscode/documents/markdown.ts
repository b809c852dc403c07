/** A text that stands in one cell of a Markdown table, whatever is in it. */
export function cell(text: string): string {
  return text.replaceAll(/[\\|`*_<>[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
}
