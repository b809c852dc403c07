/** Errors of the YAML reader in words that say what to do. */

export const bareBraces = {
  message: "a value that begins with {{ is read as a map",
  action: 'put it in quotes, as in "{{text}}"',
} as const;

export const looseAlias = {
  message: "an alias (*name) refers to no anchor",
  action: "put text that begins with * in quotes",
} as const;

/** Where a value of the line around `offset` begins with braces that are not quoted; it ends with the line. */
export function bracesOnLine(text: string, offset: number): readonly [start: number, end: number] | undefined {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const line = text.slice(start).split("\n", 1)[0] ?? "";
  const match = /^(\s*(?:-\s+)?[\w.-]+:\s+)(\{\{.*?)\s*$/.exec(line);
  if (match === null) return undefined;
  const from = start + (match[1]?.length ?? 0);
  return [from, from + (match[2]?.length ?? 0)];
}

/** What the reader's error means, and what to do. */
export function explain(
  code: string,
  message: string,
  text: string,
  offset: number,
): { readonly message: string; readonly action: string } {
  switch (code) {
    case "TAB_AS_INDENT":
      return { message: "a tab is used as indentation", action: "indent with spaces" };
    case "DUPLICATE_KEY":
      return {
        message: `the key ${wordFrom(text, offset)} stands twice in the same map`,
        action: "remove one of the two",
      };
    case "BAD_INDENT":
      return {
        message: "the indentation does not fit the lines above",
        action: "line it up with its neighbours, and close every bracket",
      };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "a colon makes this a map where a value is expected",
        action: "put the text in quotes, or break the line after the first key",
      };
    case "MISSING_CHAR":
      return {
        message: /quote/i.test(message) ? "a quoted text is not closed" : lower(message),
        action: "add what is missing; text with : # { or [ goes in quotes",
      };
    case "MULTIPLE_DOCS":
      return { message: "the file holds more than one document", action: "keep one, without --- between" };
    case "BAD_ALIAS":
      return looseAlias;
    case "BAD_SCALAR_START":
      return { message: "a value cannot begin with this character", action: "put the text in quotes" };
    default:
      return {
        message: lower(message),
        action: "check brackets, quotes and indentation; text with : # { or [ goes in quotes",
      };
  }
}

export function wordFrom(text: string, offset: number): string {
  return /^[^\s:,[\]{}]+/.exec(text.slice(offset, offset + 80))?.[0] ?? "";
}

function lower(message: string): string {
  const line = message.split("\n", 1)[0] ?? message;
  return line.charAt(0).toLowerCase() + line.slice(1);
}
