/** The JSON value in a text that may begin with warnings; undefined when there is none, or only a part of one. */
export function jsonIn(text: string): { readonly value: unknown; readonly before: string } {
  const at = text.search(/^[ \t]*[[{]/m);
  if (at < 0) return { value: undefined, before: text };
  const before = text.slice(0, at);
  try {
    return { value: JSON.parse(text.slice(at)), before };
  } catch {
    // Something may follow it.
    const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
    try {
      return { value: JSON.parse(text.slice(at, end + 1)), before };
    } catch {
      return { value: undefined, before: before.trim() === "" ? "its answer is cut off" : before };
    }
  }
}
