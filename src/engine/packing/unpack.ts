import { fieldsOf } from "../../base/untyped.ts";
import { findJson } from "../response/json.ts";
import type { OutputPart } from "../spec/experiment.ts";

/**
 * The answers of a packed request as single answers, by the number of their text. What is missing has no entry; a number that
 * occurs twice or was never given has none either, as nobody can tell which text was meant.
 */
export function unpack(text: string, count: number, output: OutputPart): ReadonlyMap<number, string> {
  const answers = new Map<number, string>();
  const doubled = new Set<number>();
  for (const item of itemsIn(text)) {
    const fields = fieldsOf(item);
    if (fields === undefined) continue;
    const { id: written, ...rest } = fields;
    const id = typeof written === "string" ? Number(written.replace(/^\[?#?(\d+)\]?$/, "$1")) : written;
    if (typeof id !== "number" || !Number.isInteger(id) || id < 1 || id > count) continue;
    if (answers.has(id)) doubled.add(id);
    const single = singleText(rest, output);
    if (single !== undefined) answers.set(id, single);
  }
  for (const id of doubled) answers.delete(id);
  return answers;
}

/** The array, alone or under the only list of an object; of an array that breaks off, the objects that are whole. */
function itemsIn(text: string): readonly unknown[] {
  const found = findJson(text);
  if (Array.isArray(found)) return found;
  const inside = Object.values(fieldsOf(found) ?? {}).find(Array.isArray);
  if (Array.isArray(inside)) return inside;
  const items: unknown[] = [];
  let rest = text.slice(Math.max(0, text.indexOf("[")) + 1);
  for (;;) {
    const start = rest.indexOf("{");
    if (start === -1) return items;
    const item = findJson(rest.slice(start));
    const length = wholeLength(rest, start);
    if (item === undefined || length === undefined) return items;
    items.push(item);
    rest = rest.slice(start + length);
  }
}

/** Characters from an opening brace to the one that closes it; undefined when none does. */
function wholeLength(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{") depth += 1;
    else if (char === "}" && --depth === 0) return i - start + 1;
  }
  return undefined;
}

/** What the model would have said to this text alone. */
function singleText(rest: Readonly<Record<string, unknown>>, output: OutputPart): string | undefined {
  const { answer, ...others } = rest;
  if (answer === undefined) return Object.keys(others).length === 0 ? undefined : JSON.stringify(others);
  if (output.type === "json") {
    const own = fieldsOf(answer);
    const { confidence } = others;
    return JSON.stringify(
      own !== undefined && output.confidence && confidence !== undefined ? { confidence, ...own } : answer,
    );
  }
  if (others["confidence"] !== undefined && !Array.isArray(answer)) {
    return JSON.stringify({ answer, confidence: others["confidence"] });
  }
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}
