import { isConfidenceKey, isListKey, isReasonKey } from "./form.ts";
import { sameName } from "./labels.ts";
import type { Candidate } from "./reading.ts";

/** What there is to say, before it is poured into a shape. */
export interface Content {
  readonly text: string;
  readonly confidence: number;
  readonly candidates: readonly Candidate[];
}

/** A value that satisfies the common part of JSON Schema, filled from the reader's answer. Never throws. */
export function fillSchema(schema: unknown, content: Content, key = "", depth = 0): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema) || depth > 12) return content.text;
  const node = new Map<string, unknown>(Object.entries(schema));
  if (node.has("const")) return node.get("const");
  const allowed = node.get("enum");
  if (Array.isArray(allowed) && allowed.length > 0) return nearest(allowed, content);
  for (const union of ["anyOf", "oneOf", "allOf"]) {
    const options = node.get(union);
    if (Array.isArray(options) && options.length > 0) {
      const best = options.find(
        (option) => !(typeof option === "object" && option !== null && "type" in option && option.type === "null"),
      );
      return fillSchema(best ?? options[0], content, key, depth + 1);
    }
  }
  const declared = node.get("type");
  const type = Array.isArray(declared) ? (declared.find((one) => one !== "null") ?? "null") : declared;
  switch (type) {
    case "object":
    case undefined: {
      const properties = node.get("properties");
      if (typeof properties !== "object" || properties === null) return type === undefined ? content.text : {};
      return Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, fillSchema(inner, content, name, depth + 1)]),
      );
    }
    case "array": {
      const least = Number(node.get("minItems") ?? 0);
      const most = Number(node.get("maxItems") ?? (isListKey(key) || key === "" ? 5 : Math.max(1, least)));
      const pool =
        content.candidates.length > 0 ? content.candidates : [{ label: content.text, probability: content.confidence }];
      const items: unknown[] = [];
      for (let i = 0; i < Math.max(least, Math.min(most, pool.length)); i++) {
        const candidate = pool[Math.min(i, pool.length - 1)] as Candidate;
        const one = { text: candidate.label, confidence: candidate.probability, candidates: [candidate] };
        items.push(fillSchema(node.get("items") ?? {}, one, "", depth + 1));
      }
      return items;
    }
    case "number":
    case "integer": {
      const numeric = Number(content.text);
      const value = isConfidenceKey(key) || !Number.isFinite(numeric) ? rounded(content.confidence) : numeric;
      return bounded(type === "integer" ? Math.round(value) : value, node);
    }
    case "boolean":
      return (
        /^(yes|true|1)$/i.test(content.text) || (!/^(no|false|0)$/i.test(content.text) && content.confidence >= 0.5)
      );
    case "null":
      return null;
    default:
      return isReasonKey(key) ? reasonFor(content) : content.text;
  }
}

/** An object with the keys a prompt names. */
export function fillKeys(keys: readonly string[], content: Content): Record<string, unknown> {
  const names = keys.length > 0 ? keys : ["label"];
  const filled = Object.fromEntries(
    names.map((key) => {
      if (isConfidenceKey(key)) return [key, rounded(content.confidence)];
      if (isReasonKey(key)) return [key, reasonFor(content)];
      if (isListKey(key)) return [key, content.candidates.slice(0, 5).map((candidate) => candidate.label)];
      return [key, content.text];
    }),
  );
  return names.every(isConfidenceKey) ? { label: content.text, ...filled } : filled;
}

export function rounded(confidence: number): number {
  return Math.round(confidence * 100) / 100;
}

function reasonFor(content: Content): string {
  return `The words of the text come nearest to ${content.text}.`;
}

function nearest(allowed: readonly unknown[], content: Content): unknown {
  const ordered =
    content.candidates.length > 0 ? content.candidates.map((candidate) => candidate.label) : [content.text];
  for (const label of ordered) {
    const found = allowed.find((value) => typeof value === "string" && sameName(value, label));
    if (found !== undefined) return found;
  }
  return allowed[0];
}

function bounded(value: number, node: ReadonlyMap<string, unknown>): number {
  const least = Number(node.get("minimum") ?? Number.NEGATIVE_INFINITY);
  const most = Number(node.get("maximum") ?? Number.POSITIVE_INFINITY);
  return Math.min(most, Math.max(least, value));
}
