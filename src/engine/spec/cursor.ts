import { isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import type { Path, SourceDocument } from "./source.ts";

/** Where an offset lies in a document that can be read. */
export interface Place {
  readonly path: Path;
  /** On the key that ends the path, or in its value. */
  readonly on: "key" | "value";
  readonly start: number;
  readonly end: number;
}

/** The innermost key or scalar that holds the offset; undefined between them. */
export function placeAt(source: SourceDocument, offset: number): Place | undefined {
  return find(source.document?.contents ?? null, [], offset);
}

function find(node: Node | null, path: Path, offset: number): Place | undefined {
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      if (!isScalar(key)) continue;
      const here = [...path, String(key.value)];
      if (holds(key, offset)) return place(key, here, "key");
      const value = pair.value as Node | null;
      if (holds(value, offset)) return find(value, here, offset);
    }
    return undefined;
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      if (holds(item as Node | null, offset)) return find(item as Node, [...path, index], offset);
    }
    return undefined;
  }
  return holds(node, offset) && node !== null ? place(node, path, "value") : undefined;
}

function holds(node: Node | null, offset: number): boolean {
  return node?.range != null && node.range[0] <= offset && offset <= node.range[1];
}

function place(node: Node, path: Path, on: "key" | "value"): Place {
  return { path, on, start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 };
}

/** What could be typed at the cursor: a key of the map at `path`, or the value at `path`. */
export interface Gap {
  readonly path: Path;
  readonly kind: "key" | "value";
  /** Keys that the map already has, the one under the cursor not counted. */
  readonly siblings: readonly string[];
  /** Inside `{…}` or `[…]`, where no line may be broken. */
  readonly flow: boolean;
}

/** The word that a completion replaces. */
export interface Word {
  readonly start: number;
  readonly end: number;
}

const wordEnd = /[\s,[\]{}"'#]/;

export function wordAt(text: string, offset: number): Word {
  let start = offset;
  while (start > 0 && !wordEnd.test(text[start - 1] ?? " ") && !colonEnds(text, start - 1)) start--;
  let end = offset;
  while (end < text.length && !wordEnd.test(text[end] ?? " ") && !colonEnds(text, end)) end++;
  return { start, end };
}

/** True for the colon behind a key; one inside a model's id is part of the word. */
function colonEnds(text: string, at: number): boolean {
  return text[at] === ":" && /^(\s|$|[,\]}])/.test(text.slice(at + 1, at + 2));
}

const marker = "layoutLabCursor";

/**
 * What fits at the cursor, also while the line is half typed: a marker takes the word's place, once as a value and once as a key,
 * and the readings with the fewest errors are kept.
 */
export function gapsAt(text: string, word: Word): Gap[] {
  const before = text.slice(0, word.start);
  const after = text.slice(word.end);
  const lineBefore = before.slice(before.lastIndexOf("\n") + 1);
  if (/(^|\s)#/.test(lineBefore.replaceAll(/"[^"]*"|'[^']*'/g, ""))) return [];
  const readings = [`${before}${marker}${after}`];
  // A key that stands there already has its colon.
  if (!/^\s*:(\s|$)/.test(after)) readings.push(`${before}${marker}: ${after}`);
  const found: { readonly errors: number; readonly gap: Gap }[] = [];
  for (const reading of readings) {
    try {
      const document = parseDocument(reading, { prettyErrors: false });
      const gap = gapIn(document.contents, [], false, reading);
      if (gap !== undefined) found.push({ errors: document.errors.length, gap });
    } catch {
      // Nested beyond what the reader takes: nothing to offer.
    }
  }
  const fewest = Math.min(...found.map((each) => each.errors));
  return found.filter((each) => each.errors === fewest).map((each) => each.gap);
}

function gapIn(node: Node | null, path: Path, flow: boolean, reading: string): Gap | undefined {
  if (isMap(node)) {
    // `[a: b]` is a list of one map by the letter of YAML, and not what people mean to write.
    if (flow && node.range != null && reading[node.range[0]] !== "{") return undefined;
    const inFlow = flow || node.flow === true;
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      if (isScalar(key) && key.value === marker) {
        const siblings = node.items
          .filter((each) => each !== pair && isScalar(each.key))
          .map((each) => String((each.key as { value: unknown }).value));
        return { path, kind: "key", siblings, flow: inFlow };
      }
      const inner = gapIn(
        (pair.value as Node | null) ?? null,
        [...path, isScalar(key) ? String(key.value) : ""],
        inFlow,
        reading,
      );
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (isSeq(node)) {
    const inFlow = flow || node.flow === true;
    for (const [index, item] of node.items.entries()) {
      const inner = gapIn((item as Node | null) ?? null, [...path, index], inFlow, reading);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return isScalar(node) && node.value === marker ? { path, kind: "value", siblings: [], flow } : undefined;
}
