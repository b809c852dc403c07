/**
 * `{{column}}` in a part's text stands for that field of the example. Spaces inside the braces do not count. A backslash
 * before the braces (`\{{`) keeps them as they are.
 */
export interface Placeholder {
  readonly column: string;
  /** Offsets in the text: of the whole placeholder, and of the column's name. */
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
}

export type Template = readonly (string | { readonly column: string })[];

const pattern = /\\\{\{|\{\{([^{}]*)\}\}/g;

/** The placeholders of a text in order. Those without a name have an empty `column`. */
export function placeholdersOf(text: string): Placeholder[] {
  const found: Placeholder[] = [];
  for (const match of text.matchAll(pattern)) {
    const inner = match[1];
    if (inner === undefined) continue;
    const column = inner.trim();
    const nameStart = match.index + 2 + (column === "" ? 0 : inner.indexOf(column));
    found.push({
      column,
      start: match.index,
      end: match.index + match[0].length,
      nameStart,
      nameEnd: nameStart + column.length,
    });
  }
  return found;
}

/** Offsets of `{{` that no `}}` closes. */
export function openBraces(text: string): number[] {
  const found: number[] = [];
  const rest = text.replaceAll(pattern, (match) => " ".repeat(match.length));
  for (let at = rest.indexOf("{{"); at >= 0; at = rest.indexOf("{{", at + 2)) found.push(at);
  return found;
}

/** A text taken apart into what is fixed and what an example fills; `\{{` has become `{{`. */
export function parseTemplate(text: string): Template {
  const pieces: (string | { readonly column: string })[] = [];
  let from = 0;
  let fixed = "";
  for (const match of text.matchAll(pattern)) {
    fixed += text.slice(from, match.index);
    from = match.index + match[0].length;
    const column = match[1]?.trim();
    if (column === undefined) fixed += "{{";
    else if (column === "") fixed += match[0];
    else {
      if (fixed !== "") pieces.push(fixed);
      fixed = "";
      pieces.push({ column });
    }
  }
  fixed += text.slice(from);
  if (fixed !== "") pieces.push(fixed);
  return pieces;
}

/** The text with each placeholder replaced; a field that is absent or null leaves nothing. */
export function fillTemplate(template: Template, fields: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const piece of template) {
    if (typeof piece === "string") text += piece;
    else text += String(fields[piece.column] ?? "");
  }
  return text;
}
