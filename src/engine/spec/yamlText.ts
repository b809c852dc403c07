import { parseDocument } from "yaml";

/** Plain data as YAML on one line. */

/** A text as YAML reads it back: in quotes only where it must be. */
export function yamlScalar(text: string): string {
  if (text !== "" && text.trim() === text && !/[\n,[\]{}]/.test(text)) {
    try {
      const document = parseDocument(`- ${text}`, { prettyErrors: false });
      const read: unknown = document.errors.length > 0 ? undefined : document.toJS();
      if (Array.isArray(read) && read.length === 1 && read[0] === text) return text;
    } catch {
      // Not plain YAML, so it needs the quotes.
    }
  }
  return JSON.stringify(text);
}

export function yamlFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlFlow).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).map(([key, inner]) => `${yamlScalar(key)}: ${yamlFlow(inner)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? yamlScalar(value) : String(value);
}
